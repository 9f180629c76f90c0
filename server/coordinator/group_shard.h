// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"
#include "server/coordinator/group_api.h"
#include "server/coordinator/group_journal.h"
#include "server/coordinator/group_replay.h"
#include "server/coordinator/group_state.h"
#include "server/coordinator/offset_store.h"

namespace gneiss::server {

// Calls back at a moment; a new one replaces the one that was set.
class ShardAlarm {
 public:
  virtual ~ShardAlarm() = default;
  virtual void WakeAt(TimePoint time) = 0;  // must not call back before it returns
  virtual void Cancel() = 0;
};

struct ShardSettings {
  GroupSettings group;
  std::chrono::milliseconds offsets_retention{std::chrono::hours(24 * 7)};
  std::int32_t offset_metadata_max = 4096;  // in Java's characters
};

struct FetchedOffset {
  TopicPartition tp;
  std::optional<CommittedOffset> offset;
};
struct FetchedOffsets {
  ErrorCode error = ErrorCode::kNone;
  std::vector<FetchedOffset> offsets;
};

struct OffsetDeleteResult {
  ErrorCode error = ErrorCode::kNone;
  std::vector<ErrorCode> partitions;  // as asked for, in order; empty if there is an `error`
};

struct GroupList {
  ErrorCode error = ErrorCode::kNone;
  std::vector<ListedGroup> groups;
};

// GroupShard serves the groups of one partition of __consumer_offsets: it runs their state machines
// and offset stores, writes what they want kept, and answers when it is durable.
//
// A failed write needs no reading back: groups become stable and offsets show only once their
// records are durable, so memory never has what the log has not, except for what the members'
// sessions bring about again (see GroupState).
// Threads: any. One mutex guards everything; it is never held across an append, a read or an
// answer. Lock order: the shard's mutex, then the journal's.
class GroupShard : public std::enable_shared_from_this<GroupShard> {
 public:
  // Answers run once, on any thread, never under the mutex.
  template <class T>
  using Answer = std::move_only_function<void(T)>;
  // What is stored in the partition; blocks. Empty for a partition without data.
  using ReadGroups = std::function<Result<ReplayedGroups>()>;
  // True if the offset belongs to a topic that was deleted, perhaps made anew since.
  using IsOrphan = std::function<bool(const TopicPartition&, const CommittedOffset&)>;

  GroupShard(const ShardSettings& settings, GroupJournal::FindPartition find_partition,
             Clock& clock);

  // `alarm` has Tick() called. Before everything else.
  void set_alarm(std::unique_ptr<ShardAlarm> alarm);

  // Until one of these has run, every call is answered with kCoordinatorLoadInProgress.
  void StartEmpty() EXCLUDES(mutex_);
  // Blocks. Offsets of deleted topics are left out, and removed from the log.
  void Load(const ReadGroups& read, const IsOrphan& is_orphan) EXCLUDES(mutex_);
  // Answers everybody who is parked, and every later call, with `error`.
  void Close(ErrorCode error) EXCLUDES(mutex_);

  void Join(const std::string& group, JoinRequest request, Answer<JoinResult> answer)
      EXCLUDES(mutex_);
  void Sync(const std::string& group, const SyncRequest& request, Answer<SyncResult> answer)
      EXCLUDES(mutex_);
  ErrorCode Heartbeat(const std::string& group, const GenerationIdentity& caller) EXCLUDES(mutex_);
  LeaveResult Leave(const std::string& group, const std::vector<MemberIdentity>& members)
      EXCLUDES(mutex_);
  GroupDescription Describe(const std::string& group) const EXCLUDES(mutex_);
  GroupList List() const EXCLUDES(mutex_);

  // Answered with one code per item, in order.
  void Commit(const std::string& group, CommitRequest request,
              Answer<std::vector<ErrorCode>> answer) EXCLUDES(mutex_);
  FetchedOffsets Fetch(const std::string& group, const std::vector<TopicPartition>& wanted) const
      EXCLUDES(mutex_);
  FetchedOffsets FetchAll(const std::string& group) const EXCLUDES(mutex_);
  void DeleteOffsets(const std::string& group, const std::vector<TopicPartition>& partitions,
                     Answer<OffsetDeleteResult> answer) EXCLUDES(mutex_);
  void DeleteGroup(const std::string& group, Answer<ErrorCode> answer) EXCLUDES(mutex_);

  // The topic is deleted: so are its offsets.
  void ForgetTopic(const std::string& topic) EXCLUDES(mutex_);
  // Removes offsets that are old enough, and groups of which nothing is left.
  void ExpireOffsets() EXCLUDES(mutex_);
  // Acts on the deadlines that have passed.
  void Tick() EXCLUDES(mutex_);

 private:
  enum class Mode { kLoading, kServing, kClosed };

  struct Group {
    GroupState state;
    OffsetStore offsets;
    std::uint64_t incarnation;      // tells a group from a later one of the same name
    std::optional<TimePoint> wake;  // its entry in deadlines_
  };
  using Groups = std::unordered_map<std::string, Group>;
  // What is to be run without the mutex.
  using Deliveries = std::vector<std::move_only_function<void()>>;

  Instant Now() const;
  ErrorCode CheckServing() const REQUIRES(mutex_);
  Group* Find(const std::string& group) REQUIRES(mutex_);
  const Group* Find(const std::string& group) const REQUIRES(mutex_);
  Group* Find(const std::string& group, std::uint64_t incarnation) REQUIRES(mutex_);
  Group& Create(const std::string& group) REQUIRES(mutex_);
  void Install(ReplayedGroups groups) REQUIRES(mutex_);

  // Carries out what a state machine asks for.
  void Apply(const std::string& name, Group& group, Actions actions, Deliveries& out)
      REQUIRES(mutex_);
  void Store(const std::string& name, Group& group, GroupPersist persist, Deliveries& out)
      REQUIRES(mutex_);
  void Stored(const std::string& name, std::uint64_t incarnation, const PersistReason& reason,
              ErrorCode error) EXCLUDES(mutex_);
  void SetWake(const std::string& name, Group& group, std::optional<TimePoint> deadline)
      REQUIRES(mutex_);
  bool TickSome(Deliveries& out) REQUIRES(mutex_);
  void Deliver(Deliveries deliveries) EXCLUDES(mutex_);

  // group_shard_offsets.cc
  struct CommitWrite;
  void BeginCommit(const std::string& name, const CommitRequest& request, CommitWrite& write)
      REQUIRES(mutex_);
  void EndCommit(CommitWrite write, ErrorCode error) EXCLUDES(mutex_);
  void WriteTombstones(const std::string& name, Group& group,
                       const std::vector<TopicPartition>& partitions, Answer<ErrorCode> done)
      REQUIRES(mutex_);
  void EndTombstones(const std::string& name, std::uint64_t incarnation,
                     const std::vector<TopicPartition>& partitions, ErrorCode error)
      EXCLUDES(mutex_);
  void Remove(const std::string& name, Answer<ErrorCode> done) REQUIRES(mutex_);
  void EndRemoval(const std::string& name, const std::shared_ptr<Group>& group) EXCLUDES(mutex_);
  void RemoveOrphans(const IsOrphan& is_orphan) EXCLUDES(mutex_);
  void ExpireOffsetsOf(const std::string& name) REQUIRES(mutex_);
  std::vector<std::string> GroupNames() const EXCLUDES(mutex_);

  const ShardSettings settings_;
  Clock& clock_;
  GroupJournal journal_;
  std::unique_ptr<ShardAlarm> alarm_;

  mutable Mutex mutex_;
  Mode mode_ GUARDED_BY(mutex_) = Mode::kLoading;
  ErrorCode closed_error_ GUARDED_BY(mutex_) = ErrorCode::kNotCoordinator;
  Groups groups_ GUARDED_BY(mutex_);
  std::uint64_t incarnations_ GUARDED_BY(mutex_) = 0;
  std::uint64_t waiters_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<WaiterId, Answer<JoinResult>> joins_ GUARDED_BY(mutex_);
  std::unordered_map<WaiterId, Answer<SyncResult>> syncs_ GUARDED_BY(mutex_);
  // When each group wants to be ticked, or earlier: a deadline that moved away (every heartbeat
  // moves one) stays until it comes.
  std::set<std::pair<TimePoint, std::string>> deadlines_ GUARDED_BY(mutex_);
  std::optional<TimePoint> alarm_time_ GUARDED_BY(mutex_);  // what the alarm is set to
};

}  // namespace gneiss::server
