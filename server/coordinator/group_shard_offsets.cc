// SPDX-License-Identifier: Apache-2.0

// The offsets of a shard's groups: committed, fetched, deleted and expired.

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <glog/logging.h>

#include "server/coordinator/consumer_group_writes.h"
#include "server/coordinator/group_shard.h"
#include "server/coordinator/java_string.h"

namespace gneiss::server {
namespace {

// Tombstones of one group go out in batches of about this size, well below max.message.bytes.
constexpr std::size_t kTombstoneBatchBytes = std::size_t{256} << 10;

// A client may ask for any number of milliseconds.
TimestampMs ExpireTime(TimestampMs now, std::chrono::milliseconds retention) {
  constexpr TimestampMs kMax = std::numeric_limits<TimestampMs>::max();
  return retention.count() > kMax - now ? kMax : now + retention.count();
}

}  // namespace

// A commit on its way to the log.
struct GroupShard::CommitWrite {
  std::string group;
  std::uint64_t incarnation = 0;
  std::vector<ErrorCode> codes;  // one per item that was asked for
  // What is written: the index of the item, where, and what.
  struct Written {
    std::size_t index;
    TopicPartition tp;
    CommittedOffset offset;
  };
  std::vector<Written> offsets;
  std::vector<CoordinatorRecord> records;
  Answer<std::vector<ErrorCode>> answer;
};

void GroupShard::Commit(const std::string& group, CommitRequest request,
                        Answer<std::vector<ErrorCode>> answer) {
  CommitWrite write;
  write.group = group;
  write.codes.assign(request.items.size(), ErrorCode::kNone);
  write.answer = std::move(answer);
  bool nothing_to_write = false;
  {
    const MutexLock lock(mutex_);
    BeginCommit(group, request, write);
    nothing_to_write = write.records.empty();
    if (!nothing_to_write) {
      std::vector<CoordinatorRecord> records = std::move(write.records);
      journal_.Enqueue(std::move(records), [self = shared_from_this(), write = std::move(write)](
                                               gneiss::Status status) mutable {
        self->EndCommit(std::move(write), status.has_value()
                                              ? ErrorCode::kNone
                                              : OffsetWriteError(status.error().code));
      });
    }
  }
  if (nothing_to_write) {
    write.answer(std::move(write.codes));
  } else {
    journal_.Drain();
  }
}

// Fills `write` with the codes of what is refused and the records of the rest.
void GroupShard::BeginCommit(const std::string& name, const CommitRequest& request,
                             CommitWrite& write) {
  ErrorCode error = CheckServing();
  Group* group = error == ErrorCode::kNone ? Find(name) : nullptr;
  if (error == ErrorCode::kNone && group == nullptr) {
    // Without a generation it is a consumer that assigns itself: its group only keeps offsets.
    if (request.caller.generation < 0) {
      group = &Create(name, GroupState(settings_.group, Now()));
    } else {
      error = request.unknown_group;
    }
  }
  const Instant now = Now();
  if (group != nullptr) {
    GroupState* classic = group->classic();
    error = classic != nullptr ? classic->CheckCommit(request.caller, now)
                               : group->consumer()->CheckCommit(request);
  }
  if (error != ErrorCode::kNone) {
    std::ranges::fill(write.codes, error);
    return;
  }
  write.incarnation = group->incarnation;
  for (std::size_t i = 0; i < request.items.size(); ++i) {
    const CommitItem& item = request.items[i];
    if (JavaLength(item.metadata) > static_cast<std::size_t>(settings_.offset_metadata_max)) {
      write.codes[i] = ErrorCode::kOffsetMetadataTooLarge;
      continue;
    }
    CommittedOffset offset{.offset = item.offset,
                           .leader_epoch = item.leader_epoch,
                           .metadata = item.metadata,
                           .commit_time = now.wall_ms,
                           .expire_time = request.retention
                                              ? ExpireTime(now.wall_ms, *request.retention)
                                              : kNoTimestamp,
                           .topic_id = item.topic_id};
    Result<CoordinatorRecord> record = OffsetRecord(name, item.tp, offset);
    if (!record.has_value()) {
      write.codes[i] = OffsetWriteError(record.error().code);
      continue;
    }
    group->offsets.BeginWrite(item.tp);
    write.records.push_back(std::move(*record));
    write.offsets.push_back({i, item.tp, std::move(offset)});
  }
}

void GroupShard::EndCommit(CommitWrite write, ErrorCode error) {
  {
    const MutexLock lock(mutex_);
    if (error == ErrorCode::kNone) counters_.offsets_committed += write.offsets.size();
    // A group that was deleted meanwhile has tombstones behind this write.
    Group* group = Find(write.group, write.incarnation);
    for (CommitWrite::Written& written : write.offsets) {
      write.codes[written.index] = error;
      if (group == nullptr) continue;
      if (error == ErrorCode::kNone) group->offsets.Set(written.tp, std::move(written.offset));
      group->offsets.EndWrite(written.tp);
    }
  }
  write.answer(std::move(write.codes));
}

ErrorCode GroupShard::CheckReader(const Group* group, const OffsetReader& reader) {
  const bool is_consumer = group != nullptr && group->consumer() != nullptr;
  return is_consumer ? group->consumer()->CheckFetch(reader) : ErrorCode::kNone;
}

FetchedOffsets GroupShard::Fetch(const std::string& group,
                                 const std::vector<TopicPartition>& wanted,
                                 const OffsetReader& reader) const {
  FetchedOffsets fetched;
  const MutexLock lock(mutex_);
  fetched.error = CheckServing();
  if (fetched.error != ErrorCode::kNone) return fetched;
  const Group* found = Find(group);
  fetched.error = CheckReader(found, reader);
  if (fetched.error != ErrorCode::kNone) return fetched;
  for (const TopicPartition& tp : wanted) {
    FetchedOffset& one = fetched.offsets.emplace_back(FetchedOffset{tp, std::nullopt});
    if (found == nullptr) continue;
    const CommittedOffset* offset = found->offsets.Find(tp.topic, tp.partition);
    if (offset != nullptr) one.offset = *offset;
  }
  return fetched;
}

FetchedOffsets GroupShard::FetchAll(const std::string& group, const OffsetReader& reader) const {
  FetchedOffsets fetched;
  const MutexLock lock(mutex_);
  fetched.error = CheckServing();
  const Group* found = fetched.error == ErrorCode::kNone ? Find(group) : nullptr;
  if (found == nullptr) return fetched;
  fetched.error = CheckReader(found, reader);
  if (fetched.error != ErrorCode::kNone) return fetched;
  found->offsets.ForEach(
      [&fetched](const std::string& topic, PartitionId partition, const CommittedOffset& offset) {
        fetched.offsets.push_back({{topic, partition}, offset});
      });
  return fetched;
}

void GroupShard::DeleteOffsets(const std::string& group,
                               const std::vector<TopicPartition>& partitions,
                               Answer<OffsetDeleteResult> answer) {
  OffsetDeleteResult result;
  bool nothing_to_write = false;
  {
    const MutexLock lock(mutex_);
    result.error = CheckServing();
    Group* found = result.error == ErrorCode::kNone ? Find(group) : nullptr;
    if (found != nullptr) {
      const GroupState* classic = found->classic();
      if (classic != nullptr) result.error = classic->CheckOffsetDelete();
    } else if (result.error == ErrorCode::kNone) {
      result.error = ErrorCode::kGroupIdNotFound;
    }
    std::vector<TopicPartition> deleted;
    for (const TopicPartition& tp : partitions) {
      if (result.error != ErrorCode::kNone) break;
      const bool subscribed = std::visit(
          [&tp](const auto& state) { return state.IsSubscribedTo(tp.topic); }, found->state);
      result.partitions.push_back(subscribed ? ErrorCode::kGroupSubscribedToTopic
                                             : ErrorCode::kNone);
      if (!subscribed && found->offsets.Has(tp)) deleted.push_back(tp);
    }
    nothing_to_write = deleted.empty();
    if (!nothing_to_write) {
      WriteTombstones(
          group, *found, deleted,
          [result = std::move(result), answer = std::move(answer)](ErrorCode error) mutable {
            if (error != ErrorCode::kNone) result = {.error = error, .partitions = {}};
            answer(std::move(result));
          });
    }
  }
  if (nothing_to_write) {
    answer(std::move(result));
  } else {
    journal_.Drain();
  }
}

// Queues the tombstones in batches; `done` runs after the last, with the first error. Without
// partitions nothing is written and `done` does not run.
void GroupShard::WriteTombstones(const std::string& name, Group& group,
                                 const std::vector<TopicPartition>& partitions,
                                 Answer<ErrorCode> done) {
  auto first_error = std::make_shared<ErrorCode>(ErrorCode::kNone);
  std::vector<CoordinatorRecord> records;
  std::vector<TopicPartition> written;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    // What is in the store has been written once, so its key can be written.
    records.push_back(OffsetTombstone(name, partitions[i]).value());
    bytes += records.back().size();
    written.push_back(partitions[i]);
    group.offsets.BeginWrite(partitions[i]);
    const bool is_last = i + 1 == partitions.size();
    if (!is_last && bytes < kTombstoneBatchBytes) continue;
    journal_.Enqueue(
        std::exchange(records, {}),
        [self = shared_from_this(), name, incarnation = group.incarnation, first_error,
         written = std::exchange(written, {}),
         done = is_last ? std::move(done) : Answer<ErrorCode>()](gneiss::Status status) mutable {
          const ErrorCode error =
              status.has_value() ? ErrorCode::kNone : GroupWriteError(status.error().code);
          if (*first_error == ErrorCode::kNone) *first_error = error;
          self->EndTombstones(name, incarnation, written, error);
          if (done) done(*first_error);
        });
    bytes = 0;
  }
}

void GroupShard::EndTombstones(const std::string& name, std::uint64_t incarnation,
                               const std::vector<TopicPartition>& partitions, ErrorCode error) {
  const MutexLock lock(mutex_);
  Group* group = Find(name, incarnation);
  if (group == nullptr) return;
  for (const TopicPartition& tp : partitions) {
    if (error == ErrorCode::kNone) group->offsets.Erase(tp);
    group->offsets.EndWrite(tp);
  }
}

void GroupShard::DeleteGroup(const std::string& group, Answer<ErrorCode> answer) {
  ErrorCode error;
  {
    const MutexLock lock(mutex_);
    error = CheckServing();
    const Group* found = error == ErrorCode::kNone ? Find(group) : nullptr;
    if (found != nullptr) {
      error = std::visit([](const auto& state) { return state.CheckDelete(); }, found->state);
    } else if (error == ErrorCode::kNone) {
      error = ErrorCode::kGroupIdNotFound;
    }
    if (error == ErrorCode::kNone) Remove(group, std::move(answer));
  }
  if (error != ErrorCode::kNone) {
    answer(error);
  } else {
    journal_.Drain();
  }
}

// None for a name that no record can hold: the group was never written.
std::vector<CoordinatorRecord> GroupShard::GroupTombstones(const std::string& name,
                                                           const Group& group) {
  if (const ConsumerGroupState* consumer = group.consumer()) {
    return EncodeRemoval(name, *consumer);
  }
  Result<CoordinatorRecord> tombstone = GroupTombstone(name);
  if (!tombstone.has_value()) return {};
  return {std::move(*tombstone)};
}

// Takes the group away at once and writes its tombstones: whoever comes now makes a new one, whose
// records come behind them. If they cannot be written the group comes back.
void GroupShard::Remove(const std::string& name, Answer<ErrorCode> done) {
  Group& group = groups_.at(name);
  WriteTombstones(name, group, group.offsets.Partitions(), [](ErrorCode) {});
  if (group.wake) deadlines_.erase({*group.wake, name});
  group.wake.reset();
  auto removed = std::make_shared<Group>(std::move(group));
  groups_.erase(name);
  journal_.Enqueue(
      GroupTombstones(name, *removed), [self = shared_from_this(), name, removed,
                                        done = std::move(done)](gneiss::Status status) mutable {
        if (!status.has_value()) self->EndRemoval(name, removed);
        done(status.has_value() ? ErrorCode::kNone : GroupWriteError(status.error().code));
      });
}

void GroupShard::EndRemoval(const std::string& name, const std::shared_ptr<Group>& group) {
  const MutexLock lock(mutex_);
  if (mode_ != Mode::kServing || Find(name) != nullptr) return;
  Group& restored = groups_.try_emplace(name, std::move(*group)).first->second;
  restored.offsets.ForgetWrites();  // all that came before this one have ended, too
  SetWake(name, restored, restored.next_deadline());
}

// --- deleted topics ---

void GroupShard::ForgetTopic(const std::string& topic) {
  for (const std::string& name : GroupNames()) {
    const MutexLock lock(mutex_);
    Group* group = Find(name);
    if (group == nullptr) continue;
    const std::vector<TopicPartition> forgotten = group->offsets.PartitionsOf(topic);
    // At once: the topic is gone for whoever reads its deletion, and a new one of the same name
    // must not see them. Should the tombstones fail, the next load finds the orphans.
    for (const TopicPartition& tp : forgotten) group->offsets.Erase(tp);
    WriteTombstones(name, *group, forgotten, [](ErrorCode) {});
  }
  journal_.Drain();
}

// A topic may have been deleted while nobody could write tombstones: before a crash, or while this
// shard was loading.
void GroupShard::RemoveOrphans(const IsOrphan& is_orphan) {
  for (const std::string& name : GroupNames()) {
    const MutexLock lock(mutex_);
    Group* group = Find(name);
    if (group == nullptr) continue;
    std::vector<TopicPartition> orphans;
    group->offsets.ForEach(
        [&](const std::string& topic, PartitionId partition, const CommittedOffset& offset) {
          if (is_orphan({topic, partition}, offset)) orphans.push_back({topic, partition});
        });
    for (const TopicPartition& tp : orphans) group->offsets.Erase(tp);
    WriteTombstones(name, *group, orphans, [](ErrorCode) {});
  }
  journal_.Drain();
}

// --- expiry ---

void GroupShard::ExpireOffsets() {
  for (const std::string& name : GroupNames()) {
    const MutexLock lock(mutex_);
    if (mode_ != Mode::kServing) return;
    ExpireOffsetsOf(name);
  }
  journal_.Drain();
}

void GroupShard::ExpireOffsetsOf(const std::string& name) {
  Group* group = Find(name);
  if (group == nullptr) return;
  const OffsetExpiryRule rule =
      std::visit([](const auto& state) { return state.ExpiryRule(); }, group->state);
  const std::vector<TopicPartition> expired =
      group->offsets.Expired(rule, settings_.offsets_retention, clock_.WallMs());
  const GroupState* classic = group->classic();
  const bool somebody_comes = classic != nullptr && classic->membership().has_pending();
  const bool nothing_is_left =
      group->is_empty() && !somebody_comes && expired.size() == group->offsets.Partitions().size();
  counters_.offsets_expired += expired.size();
  if (nothing_is_left) {
    VLOG(1) << "group expired group=" << name;
    ++counters_.groups_expired;
    Remove(name, [](ErrorCode) {});
  } else {
    WriteTombstones(name, *group, expired, [](ErrorCode) {});
  }
}

}  // namespace gneiss::server
