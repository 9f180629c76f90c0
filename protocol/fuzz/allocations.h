// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace gneiss::fuzz {

// Bytes that operator new has handed out so far, in the whole process; frees do not count. Linking
// allocations.cc replaces operator new, so it belongs into fuzzers only.
std::size_t AllocatedBytes();

// Aborts unless `condition`; says `what` first.
void Require(bool condition, const char* what);

// AllocationLimit aborts at the end of its scope if more was allocated in it than allowed: a
// decoder must not allocate what its input does not justify.
class AllocationLimit {
 public:
  explicit AllocationLimit(std::size_t bytes_max)
      : before_(AllocatedBytes()), bytes_max_(bytes_max) {}
  ~AllocationLimit() {
    Require(AllocatedBytes() - before_ <= bytes_max_, "allocated more than the input justifies");
  }
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;

 private:
  std::size_t before_;
  std::size_t bytes_max_;
};

}  // namespace gneiss::fuzz
