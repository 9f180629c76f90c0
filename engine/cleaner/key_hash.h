// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace gneiss::engine {

struct KeyHash {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  bool operator==(const KeyHash&) const = default;
};

// KeyHasher is SipHash-2-4 with 128 bits. Log compaction takes keys with equal hashes for equal and
// drops one of the records. With 128 bits that does not happen by chance, and since the hash has a
// secret of its own nobody can write keys that collide on purpose. Threads: any.
class KeyHasher {
 public:
  KeyHasher();  // with a random secret
  KeyHasher(std::uint64_t secret_first, std::uint64_t secret_second)
      : k0_(secret_first), k1_(secret_second) {}

  KeyHash operator()(std::string_view key) const;

 private:
  std::uint64_t k0_;
  std::uint64_t k1_;
};

}  // namespace gneiss::engine
