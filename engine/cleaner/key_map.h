// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/cleaner/key_hash.h"
#include "protocol/base/ids.h"

namespace gneiss::engine {

// KeyMap holds the newest offset of each record key in 24 bytes per slot, whatever the keys'
// length: a 128-bit hash stands for the key. Its memory is taken once; untouched pages cost
// nothing. Threads: one at a time while it is filled, then any for Find.
class KeyMap {
 public:
  static constexpr std::size_t kSlotBytes = 24;

  // REQUIRES: slots > 0.
  explicit KeyMap(std::size_t slots);

  // How many slots suffice for `keys` keys.
  static std::size_t SlotsFor(std::size_t keys) { return keys + keys / 3 + 1; }

  // The greatest offset of a key counts. False, and nothing is changed, for a new key when the map
  // is full: at nine tenths of its slots, for beyond that searches grow long.
  bool Put(std::string_view key, Offset offset);

  // Nothing for a key that was not put.
  std::optional<Offset> Find(std::string_view key) const;

  std::size_t size() const { return size_; }

 private:
  struct Slot {
    KeyHash hash;
    std::int64_t offset_plus_one;  // 0: free
  };
  static_assert(sizeof(Slot) == kSlotBytes);
  struct Free {
    void operator()(Slot* slots) const { std::free(slots); }
  };

  // The slot of the key, or the free one where it belongs.
  Slot& SlotOf(const KeyHash& hash) const;

  const KeyHasher hasher_;
  const std::size_t slots_count_;
  const std::size_t size_max_;
  std::size_t size_ = 0;
  std::unique_ptr<Slot[], Free> slots_;
};

}  // namespace gneiss::engine
