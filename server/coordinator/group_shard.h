// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"
#include "server/config/broker_config.h"
#include "server/coordinator/consumer_group_state.h"
#include "server/coordinator/group_api.h"
#include "server/coordinator/group_figures.h"
#include "server/coordinator/group_journal.h"
#include "server/coordinator/group_replay.h"
#include "server/coordinator/group_state.h"
#include "server/coordinator/group_topics.h"
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
  GroupSettings group;  // of the classic protocol
  GroupMigrationPolicy migration = GroupMigrationPolicy::kBidirectional;
  std::chrono::milliseconds offsets_retention{std::chrono::hours(24 * 7)};
  std::int32_t offset_metadata_max = 4096;  // in Java's characters
};

// What groups of the new protocol (KIP-848) look at, as of now. Any thread may call them.
struct ConsumerGroupSources {
  std::function<std::shared_ptr<const GroupTopics>()> topics;  // never null
  std::function<ConsumerGroupSettings(const std::string& group)> settings;
  // Runs `work`, which takes its time, soon and elsewhere.
  std::function<void(std::function<void()> work)> post;
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
// A failed write needs no reading back. Classic groups become stable and offsets show only once
// their records are durable, so memory never has what the log has not, except for what the members'
// sessions bring about again (see GroupState). Groups of the new protocol run ahead of the log, and
// nobody is told before the log has caught up (see ConsumerGroupState).
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
             ConsumerGroupSources consumer, Clock& clock);

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
  void ConsumerHeartbeat(const std::string& group, const ConsumerHeartbeatRequest& request,
                         Answer<ConsumerHeartbeatResult> answer) EXCLUDES(mutex_);

  GroupDescription Describe(const std::string& group) const EXCLUDES(mutex_);
  ConsumerGroupDescription DescribeConsumerGroup(const std::string& group) const EXCLUDES(mutex_);
  GroupList List() const EXCLUDES(mutex_);

  // Answered with one code per item, in order.
  void Commit(const std::string& group, CommitRequest request,
              Answer<std::vector<ErrorCode>> answer) EXCLUDES(mutex_);
  FetchedOffsets Fetch(const std::string& group, const std::vector<TopicPartition>& wanted,
                       const OffsetReader& reader) const EXCLUDES(mutex_);
  FetchedOffsets FetchAll(const std::string& group, const OffsetReader& reader) const
      EXCLUDES(mutex_);
  void DeleteOffsets(const std::string& group, const std::vector<TopicPartition>& partitions,
                     Answer<OffsetDeleteResult> answer) EXCLUDES(mutex_);
  void DeleteGroup(const std::string& group, Answer<ErrorCode> answer) EXCLUDES(mutex_);

  // The topic is deleted: so are its offsets.
  void ForgetTopic(const std::string& topic) EXCLUDES(mutex_);
  // Removes offsets that are old enough, and groups of which nothing is left.
  void ExpireOffsets() EXCLUDES(mutex_);
  // group_figures.cc: for people and metrics; not for event loops.
  bool IsLoading() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return mode_ == Mode::kLoading;
  }
  void AddFigures(CoordinatorFigures& out) const EXCLUDES(mutex_);
  // The first by topic and partition.
  std::vector<GroupPosition> Positions(const std::string& group, std::size_t positions_max) const
      EXCLUDES(mutex_);

  // Acts on the deadlines that have passed.
  void Tick() EXCLUDES(mutex_);

 private:
  enum class Mode { kLoading, kServing, kClosed };

  // A write of a classic group.
  struct GroupWrite {
    std::string name;
    std::uint64_t incarnation;
    std::uint64_t life;
    PersistReason reason;
    std::vector<CoordinatorRecord> owed;
  };
  // A write of a group of the new protocol, and who waits for it.
  struct PendingWrite {
    std::uint64_t life = 0;
    ConsumerGroupKeys changes;
    std::vector<CoordinatorRecord> owed;
    std::vector<Answer<ErrorCode>> waiting;
    bool ended = false;
  };
  struct Group {
    std::variant<GroupState, ConsumerGroupState> state;
    OffsetStore offsets{};
    std::uint64_t incarnation = 0;    // tells a group from a later one of the same name
    std::uint64_t life = 0;           // grows when the group becomes one of the other kind
    std::optional<TimePoint> wake{};  // its entry in deadlines_
    std::shared_ptr<PendingWrite> last_write{};
    // What has to go ahead of the next write: the tombstones of the group of the other kind that
    // this one was before.
    std::vector<CoordinatorRecord> owed{};

    GroupState* classic() { return std::get_if<GroupState>(&state); }
    const GroupState* classic() const { return std::get_if<GroupState>(&state); }
    ConsumerGroupState* consumer() { return std::get_if<ConsumerGroupState>(&state); }
    const ConsumerGroupState* consumer() const { return std::get_if<ConsumerGroupState>(&state); }
    bool is_empty() const;  // has no members
    std::optional<TimePoint> next_deadline() const;
  };
  using Groups = std::unordered_map<std::string, Group>;
  // What surrounds an event of a group of the new protocol, while this lives.
  class EventContext {
   public:
    EventContext(const ConsumerGroupSources& sources, const std::string& group, Instant now)
        : topics_(sources.topics()),
          settings_(sources.settings(group)),
          context_{group, settings_, *topics_, now} {}
    EventContext(const EventContext&) = delete;
    EventContext& operator=(const EventContext&) = delete;
    const ConsumerGroupContext& context() const { return context_; }

   private:
    const std::shared_ptr<const GroupTopics> topics_;
    const ConsumerGroupSettings settings_;
    const ConsumerGroupContext context_;
  };
  // What is to be run without the mutex.
  using Deliveries = std::vector<std::move_only_function<void()>>;

  Instant Now() const;
  ErrorCode CheckServing() const REQUIRES(mutex_);
  Group* Find(const std::string& group) REQUIRES(mutex_);
  const Group* Find(const std::string& group) const REQUIRES(mutex_);
  Group* Find(const std::string& group, std::uint64_t incarnation) REQUIRES(mutex_);
  template <class State>
  Group& Create(const std::string& group, State state) REQUIRES(mutex_) {
    return groups_
        .try_emplace(group, Group{.state = std::move(state), .incarnation = ++incarnations_})
        .first->second;
  }
  void Install(ReplayedGroups groups) REQUIRES(mutex_);

  // Carries out what a state machine asks for.
  void Apply(const std::string& name, Group& group, Actions actions, Deliveries& out)
      REQUIRES(mutex_);
  void Store(const std::string& name, Group& group, GroupPersist persist, Deliveries& out)
      REQUIRES(mutex_);
  void Stored(GroupWrite write, ErrorCode error) EXCLUDES(mutex_);
  void SetWake(const std::string& name, Group& group, std::optional<TimePoint> deadline)
      REQUIRES(mutex_);
  bool TickSome(Deliveries& out) REQUIRES(mutex_);
  void Deliver(Deliveries deliveries) EXCLUDES(mutex_);

  // group_shard_consumer.cc
  ConsumerHeartbeatOutcome Beat(const std::string& name, const ConsumerHeartbeatRequest& request,
                                Deliveries& out) REQUIRES(mutex_);
  void WriteChanges(const std::string& name, Group& group, ConsumerGroupActions actions,
                    Answer<ErrorCode> done, Deliveries& out) REQUIRES(mutex_);
  void EndChanges(const std::string& name, std::uint64_t incarnation, PendingWrite& write,
                  ErrorCode error) EXCLUDES(mutex_);
  // group_shard_mixed.cc: members of the classic protocol in groups of the new one.
  void JoinConsumer(const std::string& name, Group& group, const JoinRequest& request,
                    Answer<JoinResult> answer, Deliveries& out) REQUIRES(mutex_);
  void SyncConsumer(const std::string& name, Group& group, const SyncRequest& request,
                    Answer<SyncResult> answer, Deliveries& out) REQUIRES(mutex_);
  ErrorCode BeatConsumer(const std::string& name, Group& group, const GenerationIdentity& caller,
                         Deliveries& out) REQUIRES(mutex_);
  LeaveResult LeaveConsumer(const std::string& name, Group& group,
                            const std::vector<MemberIdentity>& members, Deliveries& out)
      REQUIRES(mutex_);
  // The group, or none, as one of the new protocol; else why it cannot become one.
  std::expected<ConsumerGroupState, std::string> ToConsumer(
      const std::string& name, const Group* group, const ConsumerGroupContext& context) const
      REQUIRES(mutex_);
  void MaybeDowngrade(const std::string& name, Group& group, const ConsumerGroupContext& context,
                      Deliveries& out) REQUIRES(mutex_);
  void Replace(const std::string& name, Group& group,
               std::variant<GroupState, ConsumerGroupState> state) REQUIRES(mutex_);
  void Resolve(const std::string& name, std::uint64_t incarnation, std::vector<std::string> regexes)
      REQUIRES(mutex_);
  void Resolved(const std::string& name, std::uint64_t incarnation, ResolvedRegexes regexes)
      EXCLUDES(mutex_);
  void TickGroup(const std::string& name, Group& group, Deliveries& out) REQUIRES(mutex_);

  // group_shard_offsets.cc
  struct CommitWrite;
  static ErrorCode CheckReader(const Group* group, const OffsetReader& reader);
  void BeginCommit(const std::string& name, const CommitRequest& request, CommitWrite& write)
      REQUIRES(mutex_);
  void EndCommit(CommitWrite write, ErrorCode error) EXCLUDES(mutex_);
  void WriteTombstones(const std::string& name, Group& group,
                       const std::vector<TopicPartition>& partitions, Answer<ErrorCode> done)
      REQUIRES(mutex_);
  void EndTombstones(const std::string& name, std::uint64_t incarnation,
                     const std::vector<TopicPartition>& partitions, ErrorCode error)
      EXCLUDES(mutex_);
  static std::vector<CoordinatorRecord> GroupTombstones(const std::string& name,
                                                        const Group& group);
  void Remove(const std::string& name, Answer<ErrorCode> done) REQUIRES(mutex_);
  void EndRemoval(const std::string& name, const std::shared_ptr<Group>& group) EXCLUDES(mutex_);
  void RemoveOrphans(const IsOrphan& is_orphan) EXCLUDES(mutex_);
  void ExpireOffsetsOf(const std::string& name) REQUIRES(mutex_);
  std::vector<std::string> GroupNames() const EXCLUDES(mutex_);

  const ShardSettings settings_;
  const ConsumerGroupSources consumer_;
  Clock& clock_;
  GroupJournal journal_;
  std::unique_ptr<ShardAlarm> alarm_;

  mutable Mutex mutex_;
  Mode mode_ GUARDED_BY(mutex_) = Mode::kLoading;
  ErrorCode closed_error_ GUARDED_BY(mutex_) = ErrorCode::kNotCoordinator;
  Groups groups_ GUARDED_BY(mutex_);
  GroupCounters counters_ GUARDED_BY(mutex_);
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
