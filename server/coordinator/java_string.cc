// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/java_string.h"

#include <limits>

namespace gneiss::server {
namespace {

constexpr std::uint32_t kReplacement = 0xfffd;

// Takes one code point from the front of `text`. REQUIRES: not empty.
std::uint32_t TakeCodePoint(std::string_view& text) {
  const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  std::uint32_t point = lead < 0x80 ? lead : lead & (0xffU >> (length + 1));
  bool valid = lead < 0x80 || (lead >= 0xc2 && lead <= 0xf4 && length <= text.size());
  for (std::size_t i = 1; valid && i < length; ++i) {
    valid = (byte(i) & 0xc0) == 0x80;
    point = (point << 6) | (byte(i) & 0x3fU);
  }
  text.remove_prefix(valid ? length : 1);
  return valid ? point : kReplacement;
}

// Calls `unit(uint16_t)` for each UTF-16 code unit.
template <class Unit>
void ForEachCodeUnit(std::string_view text, Unit unit) {
  while (!text.empty()) {
    const std::uint32_t point = TakeCodePoint(text);
    if (point < 0x10000) {
      unit(static_cast<std::uint16_t>(point));
    } else {  // a surrogate pair
      unit(static_cast<std::uint16_t>(0xd800 + ((point - 0x10000) >> 10)));
      unit(static_cast<std::uint16_t>(0xdc00 + ((point - 0x10000) & 0x3ff)));
    }
  }
}

}  // namespace

std::int32_t JavaHashCode(std::string_view utf8) {
  std::uint32_t hash = 0;
  ForEachCodeUnit(utf8, [&hash](std::uint16_t unit) { hash = hash * 31 + unit; });
  return static_cast<std::int32_t>(hash);
}

std::size_t JavaLength(std::string_view utf8) {
  std::size_t length = 0;
  ForEachCodeUnit(utf8, [&length](std::uint16_t) { ++length; });
  return length;
}

std::int32_t CoordinatorPartition(std::string_view key, std::int32_t partition_count) {
  const std::int64_t hash = JavaHashCode(key);
  if (hash == std::numeric_limits<std::int32_t>::min()) return 0;  // has no absolute value in Java
  return static_cast<std::int32_t>((hash < 0 ? -hash : hash) % partition_count);
}

}  // namespace gneiss::server
