// SPDX-License-Identifier: Apache-2.0
#include "engine/placement_table.h"

#include <glog/logging.h>

#include <string>

#include "engine/rocks_status.h"

namespace gneiss::engine {

Status PlacementTable::Load(
    const std::function<void(const format::PartitionRef&, const format::Placement&)>& found) const {
  const std::string begin = format::PlacementsBegin();
  const std::unique_ptr<rocksdb::Iterator> it(metadata_.db().NewIterator(rocksdb::ReadOptions()));
  for (it->Seek(begin); it->Valid() && it->key().starts_with(begin); it->Next()) {
    GNEISS_ASSIGN_OR_RETURN(const auto ref, format::DecodePlacementKey(ToText(it->key())));
    GNEISS_ASSIGN_OR_RETURN(const auto placement, format::DecodePlacement(ToText(it->value())));
    found(ref, placement);
  }
  return FromRocks(it->status(), "read the placements");
}

// The first that finds nobody writing writes for all that wait: the makers of many stores come here
// at the same time when many partitions are written to for the first time.
Status PlacementTable::Record(std::span<const format::PartitionRef> partitions,
                              const format::Placement& placement) {
  const std::string value = format::EncodePlacement(placement);
  std::shared_ptr<Group> group;
  {
    MutexLock lock(mutex_);
    if (next_ == nullptr) next_ = std::make_shared<Group>();
    group = next_;
    for (const format::PartitionRef& ref : partitions) {
      const rocksdb::Status put = group->batch.Put(format::PlacementKey(ref), value);
      CHECK(put.ok()) << put.ToString();  // only sizes beyond 4 GB fail
    }
    while (writing_ && !group->done) written_.Wait(mutex_);
    if (group->done) return group->result;
    writing_ = true;
    next_ = nullptr;
  }
  Status result = metadata_.Write(group->batch, "write placements");
  MutexLock lock(mutex_);
  group->result = result;
  group->done = true;
  writing_ = false;
  written_.NotifyAll();
  return result;
}

Status PlacementTable::Erase(const format::PartitionRef& partition) {
  rocksdb::WriteBatch batch;
  GNEISS_RETURN_IF_ERROR(
      FromRocks(batch.Delete(format::PlacementKey(partition)), "frame a placement"));
  return metadata_.Write(batch, "write placements", false);
}

}  // namespace gneiss::engine
