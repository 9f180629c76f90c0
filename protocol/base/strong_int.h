// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <ostream>

namespace gneiss {

// StrongInt gives an integer a type of its own, so that an offset cannot be passed as an epoch.
// Arithmetic is with plain integers; the difference of two is a plain integer.
template <class Tag, class Int>
class StrongInt {
 public:
  using Value = Int;

  constexpr StrongInt() = default;
  constexpr explicit StrongInt(Int value) : value_(value) {}

  constexpr Int value() const { return value_; }

  constexpr auto operator<=>(const StrongInt&) const = default;
  constexpr StrongInt operator+(Int n) const { return StrongInt(static_cast<Int>(value_ + n)); }
  constexpr StrongInt operator-(Int n) const { return StrongInt(static_cast<Int>(value_ - n)); }
  constexpr Int operator-(StrongInt other) const { return static_cast<Int>(value_ - other.value_); }
  constexpr StrongInt& operator++() {
    ++value_;
    return *this;
  }
  constexpr StrongInt& operator+=(Int n) {
    value_ = static_cast<Int>(value_ + n);
    return *this;
  }

  friend std::ostream& operator<<(std::ostream& out, StrongInt x) { return out << x.value_; }

 private:
  Int value_ = 0;
};

}  // namespace gneiss

template <class Tag, class Int>
struct std::hash<gneiss::StrongInt<Tag, Int>> {
  std::size_t operator()(gneiss::StrongInt<Tag, Int> x) const noexcept {
    return std::hash<Int>()(x.value());
  }
};
