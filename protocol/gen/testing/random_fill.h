// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "protocol/base/shared_bytes.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/form.h"
#include "protocol/wire/records.h"

namespace gneiss::protocol::testing {

// RandomFill makes up field values: mostly small ones, often the extremes and the defaults, now and
// then a text or byte field that needs a longer length prefix or goes by reference.
// The same seed gives the same values. Threads: one at a time.
class RandomFill {
 public:
  explicit RandomFill(std::uint64_t seed) : engine_(seed) {}

  // A number in [0, bound).
  std::size_t Below(std::size_t bound) { return engine_() % bound; }
  bool OneIn(std::size_t n) { return Below(n) == 0; }

  void Fill(bool& value) { value = OneIn(2); }
  void Fill(std::integral auto& value) {
    using Int = std::remove_reference_t<decltype(value)>;
    switch (Below(6)) {
      case 0:
        value = 0;
        break;
      case 1:
        value = static_cast<Int>(-1);
        break;
      case 2:
        value = std::numeric_limits<Int>::min();
        break;
      case 3:
        value = std::numeric_limits<Int>::max();
        break;
      case 4:
        value = static_cast<Int>(Below(100));
        break;
      default:
        value = static_cast<Int>(engine_());
    }
  }
  // Eighths, which are exact in binary and in a few decimals.
  void Fill(double& value) {
    value = OneIn(4) ? 0.0 : (static_cast<double>(Below(1U << 30)) - (1 << 29)) / 8;
  }
  void Fill(Uuid& value);
  void Fill(std::string& value);
  void Fill(SharedBytes& value);
  void Fill(wire::Records& value);

  template <class T>
  void FillNullable(wire::Null null, std::optional<T>& value) {
    value.reset();
    if (null == wire::Null::kForbidden || !OneIn(3)) Fill(value.emplace());
  }
  template <class T, class FillOne>
  void FillArray(std::vector<T>& value, FillOne fill_one) {
    value.clear();
    for (std::size_t left = ArrayCount(); left > 0; --left) fill_one(value.emplace_back());
  }
  template <class T, class FillOne>
  void FillNullableArray(wire::Null null, std::optional<std::vector<T>>& value, FillOne fill_one) {
    value.reset();
    if (null == wire::Null::kForbidden || !OneIn(4)) FillArray(value.emplace(), fill_one);
  }

 private:
  std::size_t ArrayCount() { return OneIn(40) ? 3 + Below(4) : Below(3); }
  std::size_t TextSize();
  std::string RandomBytes(std::size_t size);

  std::mt19937_64 engine_;
};

}  // namespace gneiss::protocol::testing
