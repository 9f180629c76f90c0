// SPDX-License-Identifier: Apache-2.0
#include "protocol/base/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace gneiss {

std::uint32_t Crc32c(std::span<const std::byte> bytes, std::uint32_t crc) {
  // ISA-L works on the inverted register, takes an int length and a pointer that is not const.
  constexpr std::size_t kChunk = std::size_t{1} << 30;
  std::uint32_t state = ~crc;
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), kChunk);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
    state = crc32_iscsi(data, static_cast<int>(n), state);
    bytes = bytes.subspan(n);
  }
  return ~state;
}

}  // namespace gneiss
