// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace gneiss {

// Network byte order, unaligned. REQUIRES: sizeof(Int) bytes at `at`.
template <std::integral Int>
Int LoadBigEndian(const void* at) {
  Int value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (sizeof(Int) > 1 && std::endian::native == std::endian::little) {
    value = std::byteswap(value);
  }
  return value;
}

template <std::integral Int>
void StoreBigEndian(void* at, Int value) {
  if constexpr (sizeof(Int) > 1 && std::endian::native == std::endian::little) {
    value = std::byteswap(value);
  }
  std::memcpy(at, &value, sizeof value);
}

}  // namespace gneiss
