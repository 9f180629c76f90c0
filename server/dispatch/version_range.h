// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace gneiss::server {

// The versions of one API that are served, both ends included.
struct VersionRange {
  std::int16_t min = 0;
  std::int16_t max = 0;

  constexpr bool Contains(std::int16_t version) const { return min <= version && version <= max; }
  constexpr bool operator==(const VersionRange&) const = default;
};

}  // namespace gneiss::server
