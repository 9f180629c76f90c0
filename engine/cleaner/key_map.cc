// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/key_map.h"

#include <glog/logging.h>

#include <algorithm>

namespace gneiss::engine {

// calloc takes large blocks straight from the kernel, which hands out zeroed pages as they are
// used.
KeyMap::KeyMap(std::size_t slots)
    : slots_count_(slots),
      size_max_(slots - slots / 10 - (slots < 10 ? 1 : 0)),
      slots_(static_cast<Slot*>(std::calloc(slots, sizeof(Slot)))) {
  CHECK_GT(slots, 0U);
  CHECK(slots_ != nullptr) << "no memory for a key map of " << slots << " slots";
}

KeyMap::Slot& KeyMap::SlotOf(const KeyHash& hash) const {
  std::size_t at = hash.first % slots_count_;
  while (slots_[at].offset_plus_one != 0 && slots_[at].hash != hash) {
    if (++at == slots_count_) at = 0;
  }
  return slots_[at];
}

bool KeyMap::Put(std::string_view key, Offset offset) {
  const KeyHash hash = hasher_(key);
  Slot& slot = SlotOf(hash);
  if (slot.offset_plus_one == 0) {
    if (size_ >= size_max_) return false;
    ++size_;
    slot.hash = hash;
  }
  slot.offset_plus_one = std::max(slot.offset_plus_one, offset.value() + 1);
  return true;
}

std::optional<Offset> KeyMap::Find(std::string_view key) const {
  const Slot& slot = SlotOf(hasher_(key));
  if (slot.offset_plus_one == 0) return std::nullopt;
  return Offset(slot.offset_plus_one - 1);
}

}  // namespace gneiss::engine
