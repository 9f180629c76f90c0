// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace gneiss::server::testing {

// Writes protobuf for tests, as a client's library would.
inline std::string Varint(std::uint64_t value) {
  std::string out;
  for (; value > 0x7f; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
inline std::string NumberField(int field, std::uint64_t value) {
  return Varint(static_cast<std::uint64_t>(field) << 3) + Varint(value);
}
inline std::string Fixed64Field(int field, std::uint64_t value) {
  std::string out = Varint(static_cast<std::uint64_t>(field) << 3 | 1);
  for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
inline std::string DoubleField(int field, double value) {
  return Fixed64Field(field, std::bit_cast<std::uint64_t>(value));
}
inline std::string BytesField(int field, std::string_view value) {
  return Varint(static_cast<std::uint64_t>(field) << 3 | 2) + Varint(value.size()) +
         std::string(value);
}

// A MetricsData of one metric; `body` is its gauge or sum.
inline std::string OtlpMetric(std::string_view name, std::string_view body) {
  const std::string metric = BytesField(1, name) + std::string(body);
  return BytesField(1, BytesField(1, "") + BytesField(2, BytesField(2, metric)));
}
inline std::string OtlpGauge(std::string_view name, double value) {
  return OtlpMetric(name, BytesField(5, BytesField(1, DoubleField(4, value))));
}

}  // namespace gneiss::server::testing
