// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gneiss::records {

// Zigzag varints as records use them: 7 bits per byte, lowest first; at most 5 bytes for an int32,
// 10 for an int64.

inline constexpr std::size_t kVarint32BytesMax = 5;
inline constexpr std::size_t kVarint64BytesMax = 10;

constexpr std::int64_t ZigzagDecode(std::uint64_t raw) {
  return static_cast<std::int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
}
constexpr std::uint64_t ZigzagEncode(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

// The general case of ReadVarint below; `bytes_max` is 5 or 10. Bits above the 64th are dropped.
inline const std::byte* ReadRawVarint(const std::byte* at, const std::byte* end,
                                      std::size_t bytes_max, std::uint64_t& raw) {
  raw = 0;
  unsigned shift = 0;
  for (std::size_t i = 0; i < bytes_max && at != end; ++i, ++at, shift += 7) {
    const auto bits = std::to_integer<std::uint64_t>(*at);
    raw |= (bits & 0x7f) << shift;
    if (bits < 0x80) return at + 1;
  }
  return nullptr;
}

// Reads one varint from [at, end) into `value`. Returns the byte behind it, or nullptr if it is cut
// short or too long.
inline const std::byte* ReadVarint(const std::byte* at, const std::byte* end, std::int32_t& value) {
  std::uint64_t raw;
  if (at != end && std::to_integer<unsigned>(*at) < 0x80) {  // nearly all varints of a record
    raw = std::to_integer<std::uint64_t>(*at++);
  } else {
    at = ReadRawVarint(at, end, kVarint32BytesMax, raw);
  }
  value = static_cast<std::int32_t>(ZigzagDecode(raw & 0xffff'ffff));
  return at;
}

inline const std::byte* ReadVarlong(const std::byte* at, const std::byte* end,
                                    std::int64_t& value) {
  std::uint64_t raw;
  at = ReadRawVarint(at, end, kVarint64BytesMax, raw);
  value = ZigzagDecode(raw);
  return at;
}

// Bytes that AppendVarint writes for `value`. An int32 takes the same bytes as a varint or varlong.
constexpr std::size_t VarintSize(std::int64_t value) {
  std::size_t size = 1;
  for (std::uint64_t raw = ZigzagEncode(value); raw >= 0x80; raw >>= 7) ++size;
  return size;
}

inline void AppendVarint(std::string& out, std::int64_t value) {
  std::uint64_t raw = ZigzagEncode(value);
  for (; raw >= 0x80; raw >>= 7) out.push_back(static_cast<char>((raw & 0x7f) | 0x80));
  out.push_back(static_cast<char>(raw));
}

// Timestamps and their deltas are the client's, so their sum may leave the range: it wraps, as
// Java's does.
constexpr std::int64_t AddWrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
constexpr std::int64_t SubtractWrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace gneiss::records
