// SPDX-License-Identifier: Apache-2.0
#include "engine/commit_burst.h"

#include "engine/committer.h"

namespace gneiss::engine {
namespace {

thread_local CommitBurst* current = nullptr;

}  // namespace

CommitBurst::CommitBurst() : outermost_(current == nullptr) {
  if (outermost_) current = this;
}

CommitBurst::~CommitBurst() {
  if (!outermost_) return;
  current = nullptr;
  for (std::size_t i = 0; i < count_; ++i) committers_[i]->Signal();
}

// A committer asks once for each time it falls asleep, so the list has no twins to speak of.
bool CommitBurst::TakeOver(Committer& committer) {
  if (current == nullptr || current->count_ == kCommittersMax) return false;
  current->committers_[current->count_++] = &committer;
  return true;
}

}  // namespace gneiss::engine
