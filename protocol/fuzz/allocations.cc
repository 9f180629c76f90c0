// SPDX-License-Identifier: Apache-2.0
#include "protocol/fuzz/allocations.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace gneiss::fuzz {
namespace {

std::atomic<std::size_t> allocated{0};

}  // namespace

std::size_t AllocatedBytes() { return allocated.load(std::memory_order_relaxed); }

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

void Count(std::size_t size) { allocated.fetch_add(size, std::memory_order_relaxed); }

}  // namespace gneiss::fuzz

void* operator new(std::size_t size) {
  gneiss::fuzz::Count(size);
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
// A sanitizer's own version would not go through the one above, yet its memory would come here.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
