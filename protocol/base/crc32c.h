// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gneiss {

// CRC-32C (Castagnoli) by instruction, through ISA-L. `crc` is the value so far: 0 to begin with.
std::uint32_t Crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0);

}  // namespace gneiss
