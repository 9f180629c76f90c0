// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/key_hash.h"

#include <bit>
#include <cstddef>
#include <cstring>
#include <random>

namespace gneiss::engine {
namespace {

// The state of SipHash, with the names of its paper.
struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void Rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }

  void Take(std::uint64_t word) {
    v3 ^= word;
    Rounds(2);
    v0 ^= word;
  }

  std::uint64_t Result() const { return v0 ^ v1 ^ v2 ^ v3; }
};

static_assert(std::endian::native == std::endian::little, "words are loaded as they lie");

std::uint64_t LoadWord(const char* bytes, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

std::uint64_t RandomWord() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

KeyHasher::KeyHasher() : KeyHasher(RandomWord(), RandomWord()) {}

KeyHash KeyHasher::operator()(std::string_view key) const {
  SipState state{.v0 = k0_ ^ 0x736f6d6570736575U,
                 .v1 = k1_ ^ 0x646f72616e646f6dU ^ 0xee,
                 .v2 = k0_ ^ 0x6c7967656e657261U,
                 .v3 = k1_ ^ 0x7465646279746573U};
  std::size_t at = 0;
  for (; at + 8 <= key.size(); at += 8) state.Take(LoadWord(key.data() + at, 8));
  // The last word holds what is left, and the length in its top byte.
  state.Take(LoadWord(key.data() + at, key.size() - at) | (std::uint64_t{key.size()} << 56));
  state.v2 ^= 0xee;
  state.Rounds(4);
  const std::uint64_t first = state.Result();
  state.v1 ^= 0xdd;
  state.Rounds(4);
  return {first, state.Result()};
}

}  // namespace gneiss::engine
