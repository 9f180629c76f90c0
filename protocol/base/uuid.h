// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "protocol/base/result.h"

namespace gneiss {

// A 128-bit id as Kafka writes it: 16 bytes, text as base64url without padding, zero for "none".
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  bool IsZero() const { return *this == Uuid{}; }
  std::string ToString() const;

  // A random version 4 id from the operating system's generator, never one that Kafka reserves
  // (zero, ...0001) and never one whose text begins with '-', as Kafka avoids those too.
  static Uuid Random();
  static Result<Uuid> Parse(std::string_view text);

  friend std::ostream& operator<<(std::ostream& out, const Uuid& id) {
    return out << id.ToString();
  }
};

}  // namespace gneiss

template <>
struct std::hash<gneiss::Uuid> {
  std::size_t operator()(const gneiss::Uuid& id) const noexcept {
    std::uint64_t halves[2];
    std::memcpy(halves, id.bytes.data(), sizeof halves);
    return static_cast<std::size_t>(halves[0] ^ (halves[1] * 0x9e3779b97f4a7c15ULL));
  }
};
