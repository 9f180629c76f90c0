// SPDX-License-Identifier: Apache-2.0
#include "engine/clone/pending_clones.h"

#include <future>
#include <memory>
#include <utility>

#include "engine/fault_point.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {

Status CommitAndWait(Committer& committer, Commit commit) {
  GNEISS_ASSIGN_OR_RETURN(commit.admission, committer.Admit(0));
  std::promise<Status> written;
  commit.done = [&written](const Status& status) { written.set_value(status); };
  committer.Enqueue(std::move(commit));
  return written.get_future().get();
}

Status PendingClones::Load(const Family& state) {
  const std::string prefix = format::PendingClonesBegin();
  const std::unique_ptr<rocksdb::Iterator> it(
      state.db().NewIterator(rocksdb::ReadOptions(), state.handle()));
  MutexLock lock(mutex_);
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    GNEISS_ASSIGN_OR_RETURN(const format::PartitionRef ref,
                            format::DecodePendingCloneKey(ToText(it->key())));
    GNEISS_ASSIGN_OR_RETURN(std::string name, format::DecodePendingClone(ToText(it->value())));
    pending_.emplace(ref, std::move(name));
  }
  return FromRocks(it->status(), "read the pending clones");
}

Status PendingClones::Begin(const format::PartitionRef& ref, const std::string& family_name,
                            Committer& committer) {
  {
    MutexLock lock(mutex_);
    pending_.emplace(ref, family_name);
  }
  Commit commit;
  commit.facts.push_back({format::PendingCloneKey(ref), format::EncodePendingClone(family_name)});
  commit.sync = true;
  return CommitAndWait(committer, std::move(commit));
}

void PendingClones::End(const format::PartitionRef& ref, Committer& committer) {
  {
    MutexLock lock(mutex_);
    if (pending_.erase(ref) == 0) return;
  }
  GNEISS_FAULT_POINT("clone.before_end");
  Result<Admission> admission = committer.Admit(0);
  if (!admission) return;  // then the next start ends it
  Commit commit;
  commit.admission = *admission;
  commit.facts.push_back({format::PendingCloneKey(ref), std::nullopt});
  commit.done = [](const Status&) { GNEISS_FAULT_POINT("clone.ended"); };
  committer.Enqueue(std::move(commit));
}

bool PendingClones::HasFamily(const std::string& family_name) const {
  MutexLock lock(mutex_);
  for (const auto& [ref, name] : pending_) {
    if (name == family_name) return true;
  }
  return false;
}

std::vector<format::PartitionRef> PendingClones::List() const {
  std::vector<format::PartitionRef> refs;
  MutexLock lock(mutex_);
  for (const auto& [ref, name] : pending_) refs.push_back(ref);
  return refs;
}

}  // namespace gneiss::engine
