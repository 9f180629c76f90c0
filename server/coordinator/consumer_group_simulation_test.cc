// SPDX-License-Identifier: Apache-2.0

// Consumers of the new protocol that behave as Kafka's do, on links that lose, delay and repeat
// messages, with writes that fail, members that come, go, crash and fall asleep, topics that
// change, and coordinators that start again from their log; all of it decided by one seed. What
// must hold whatever happens:
//   - a partition is held by one member at a time, as the coordinator sees it and as the members
//     do; but one that was given up for dead and has not heard of it yet;
//   - what ConsumerGroupWatch looks for: epochs grow, and nothing moves without a cause;
//   - when the trouble ends, the group soon is stable with exactly the members that live, each
//     partition of their topics has an owner, in equal shares, and it all stays so.
//
// GNEISS_SIMULATION_SEEDS sets the number of runs, GNEISS_SIMULATION_SEED the first one's seed.

#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "protocol/records/batch_builder.h"
#include "protocol/records/record_batch.h"
#include "server/coordinator/consumer_group_writes.h"
#include "server/coordinator/group_replay.h"
#include "server/coordinator/testing/consumer_group_harness.h"
#include "server/coordinator/testing/consumer_group_watch.h"
#include "server/coordinator/testing/simulated_consumer.h"
#include "server/coordinator/testing/timeline.h"

namespace gneiss::server {
namespace {

using Ms = std::chrono::milliseconds;
using Answer = SimulatedLink::Answer;

constexpr int kTopics = 3;
constexpr std::size_t kMembersMax = 6;
const std::string kGroup = "g";
#ifdef NDEBUG
constexpr std::uint32_t kRuns = 2'000;
#else
constexpr std::uint32_t kRuns = 300;  // which take as long
#endif

// The log of one group as __consumer_offsets keeps it.
class SimulatedLog {
 public:
  void Append(const std::vector<CoordinatorRecord>& records) {
    records_.insert(records_.end(), records.begin(), records.end());
  }
  // Leaves the last record of each key, in order, as the cleaner does.
  void Compact() {
    std::set<std::string> later;
    std::vector<CoordinatorRecord> kept;
    for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
      if (later.insert(record->key).second) kept.push_back(*record);
    }
    records_.assign(kept.rbegin(), kept.rend());
  }
  std::optional<ConsumerGroupSnapshot> Read() const {
    if (records_.empty()) return std::nullopt;
    records::BatchBuilder builder;
    for (const CoordinatorRecord& record : records_) builder.Add(record.key, record.value);
    const std::string bytes = builder.Build().value();
    GroupReplay replay;
    EXPECT_TRUE(
        replay.Add(records::RecordBatchView::Parse(std::as_bytes(std::span(bytes))).value()));
    ReplayedGroups groups = replay.Take();
    return groups.empty() ? std::nullopt : std::move(groups.begin()->second.consumer);
  }

 private:
  std::vector<CoordinatorRecord> records_;
};

// The coordinator of the group: writes end in order, some time later, and sometimes badly; answers
// wait for them, as in group_shard.h.
class SimulatedCoordinator {
 public:
  SimulatedCoordinator(Timeline& timeline, std::mt19937& random, ConsumerGroupSettings settings)
      : timeline_(timeline), random_(random), settings_(std::move(settings)) {}

  void Beat(const ConsumerHeartbeatRequest& request, Answer answer) {
    ConsumerHeartbeatOutcome outcome = group_.Heartbeat(request, Context());
    if (!outcome.actions.changes.empty()) watch_.Look(group_, topics_);
    Write(outcome.actions.changes,
          [answer = std::move(answer), result = std::move(outcome.result)](bool is_durable) {
            ConsumerHeartbeatResult refusal;
            refusal.error = ErrorCode::kCoordinatorNotAvailable;
            answer(is_durable ? result : refusal);
          });
  }
  void Tick() {
    const ConsumerGroupActions actions = group_.Tick(Context());
    watch_.Look(group_, topics_);
    Write(actions.changes, [](bool) {});
  }
  // What is not in the log is lost, and with it whatever clients wait for.
  void Restart() {
    ++incarnation_;
    last_write_.reset();
    if (random_() % 2 == 0) log_.Compact();
    wall_skew_ = Ms(random_() % 2'000) - Ms(1'000);
    const std::optional<ConsumerGroupSnapshot> stored = log_.Read();
    group_ = stored ? ConsumerGroupState::Restore(*stored, Context()) : ConsumerGroupState();
    watch_.Forget();
    watch_.Look(group_, topics_);
  }
  // The log says what the group is.
  bool IsStored() const {
    const std::optional<ConsumerGroupSnapshot> stored = log_.Read();
    if (!stored) return false;
    const ConsumerGroupDescription from_log =
        ConsumerGroupState::Restore(*stored, Context()).Describe(settings_);
    return from_log == group_.Describe(settings_);
  }
  void set_writes_fail(bool fail) { writes_fail_ = fail; }

  FakeTopics& topics() { return topics_; }
  const ConsumerGroupState& group() const { return group_; }

 private:
  struct PendingWrite {
    ConsumerGroupKeys changes;
    std::vector<std::function<void(bool)>> waiting;
    bool ended = false;
  };

  ConsumerGroupContext Context() const {
    const auto wall = timeline_.now().time_since_epoch() + wall_skew_;
    return {kGroup, settings_, topics_,
            Instant{timeline_.now(), std::chrono::duration_cast<Ms>(wall).count()}};
  }

  // A write takes along what is on its way: no later one may be durable without it.
  void Write(ConsumerGroupKeys changes, std::function<void(bool)> done) {
    const bool in_flight = last_write_ != nullptr && !last_write_->ended;
    if (changes.empty()) {
      if (in_flight) {
        last_write_->waiting.push_back(std::move(done));
      } else {
        done(true);
      }
      return;
    }
    if (in_flight) changes.insert(last_write_->changes.begin(), last_write_->changes.end());
    auto write = std::make_shared<PendingWrite>();
    write->waiting.push_back(std::move(done));
    write->changes = std::move(changes);
    last_write_ = write;
    const bool fails = writes_fail_ && random_() % 10 == 0;
    write_end_ = std::max(write_end_, timeline_.now() + Ms(random_() % 50));
    timeline_.At(write_end_, [this, write, fails, incarnation = incarnation_,
                              records = EncodeChanges(kGroup, group_, write->changes).value()] {
      if (incarnation != incarnation_) return;  // the crash came first
      write->ended = true;
      if (fails) {
        group_.MarkUnwritten(write->changes);
      } else {
        log_.Append(records);
      }
      for (const auto& answer : write->waiting) answer(!fails);
    });
  }

  Timeline& timeline_;
  std::mt19937& random_;
  const ConsumerGroupSettings settings_;
  FakeTopics topics_;
  ConsumerGroupState group_;
  ConsumerGroupWatch watch_;
  SimulatedLog log_;
  std::shared_ptr<PendingWrite> last_write_;
  TimePoint write_end_{};
  Ms wall_skew_{0};
  int incarnation_ = 0;
  bool writes_fail_ = false;
};

class Simulation {
 public:
  explicit Simulation(std::uint32_t seed) : random_(seed) {
    coordinator_.set_writes_fail(Chance(2));
    for (int topic = 0; topic < kTopics; ++topic) {
      if (Chance(2)) MakeTopic(topic);
    }
    MakeTopic(0);
  }

  void Run() {
    for (int i = 0; i < 3; ++i) AddMember();
    RunFor(std::chrono::seconds(60), [this] { Disturb(); });
    EndTrouble();
    RunFor(kWakeTime, [] {});
    for (Ms waited{0}; waited < kSettleTime && !IsSettled(); waited += kGlance) {
      RunFor(kGlance, [] {});
    }
    ExpectSettled();
    const ConsumerGroupDescription settled = Describe();
    RunFor(kSession, [] {});
    ExpectSettled();
    EXPECT_EQ(Describe(), settled) << "a stable group did not stay so";
  }

 private:
  // A member that lives on as a zombie, a static one that does not come back, and one who has to
  // revoke: a session each and a revocation, and what the heartbeats add.
  static constexpr Ms kSettleTime{45'000};
  static constexpr Ms kGlance{3'000};
  static constexpr Ms kSession{6'000};
  static constexpr Ms kWakeTime = 2 * kSession + Ms(4'000);  // everybody has beaten once more

  // What this run has trouble with; few kinds at once reach deeper than all of them.
  struct Trouble {
    bool restarts, statics, subscriptions, topics, sleep;
  };

  bool Chance(unsigned one_in) { return random_() % one_in == 0; }
  ConsumerGroupSettings Settings() {
    ConsumerGroupSettings settings;
    settings.session_timeout = kSession;
    settings.heartbeat_interval = Ms(1'000);
    settings.assignment_interval = Ms(std::array{0, 500, 1'000}[random_() % 3]);
    settings.assignors = {FindAssignor("uniform"), FindAssignor("range")};
    if (Chance(4)) std::swap(settings.assignors[0], settings.assignors[1]);
    return settings;
  }

  static std::string TopicName(int topic) { return "t" + std::to_string(topic); }
  void MakeTopic(int topic) {
    coordinator_.topics().Set(TopicName(topic), ++topic_ids_, 1 + Roll(6));
  }
  void ChangeTopic() {
    const int topic = Roll(kTopics);
    FakeTopics& topics = coordinator_.topics();
    const std::optional<GroupTopic> found = topics.Find(TopicName(topic));
    if (!found) {
      MakeTopic(topic);
    } else if (Chance(2) && found->partition_count < 8) {
      topics.Set(found->name, found->id.bytes[15], found->partition_count + 1 + Roll(2));
    } else if (Chance(2)) {
      topics.Erase(found->name);
    }
  }
  int Roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }

  SimulatedConsumer::Topics AllTopics() const {
    SimulatedConsumer::Topics topics;
    for (int topic = 0; topic < kTopics; ++topic) topics.push_back(TopicName(topic));
    return topics;
  }
  SimulatedConsumer::Topics SomeTopics() {
    SimulatedConsumer::Topics topics = AllTopics();
    std::erase_if(topics, [this](const std::string&) { return Chance(3); });
    if (topics.empty()) topics.push_back(TopicName(Roll(kTopics)));
    return topics;
  }

  void AddMember() {
    const std::string name = "c" + std::to_string(members_.size());
    SimulatedLink link(timeline_, random_, [this](const auto& request, Answer answer) {
      coordinator_.Beat(request, std::move(answer));
    });
    members_.push_back(std::make_shared<SimulatedConsumer>(
        SimulatedConsumer::World{timeline_, random_, [this] { ExpectOneHolder(); }},
        std::move(link), name, trouble_.subscriptions ? SomeTopics() : AllTopics(),
        trouble_.statics && Chance(2)));
    members_.back()->Start();
  }

  void Disturb() {
    SimulatedConsumer& member = *members_[random_() % members_.size()];
    const bool may_go = Living().size() > 1 && !member.is_stopped();
    switch (Roll(12)) {
      case 0:
      case 1:
        if (Living().size() < kMembersMax) AddMember();
        break;
      case 2:
        if (may_go) member.Crash();
        break;
      case 3:
        if (may_go) member.Leave(kLeaveEpoch);
        break;
      case 4:
        if (member.is_static()) member.Leave(kStaticLeaveEpoch);
        break;
      case 5:
        if (member.is_static() || !member.is_stopped()) member.Restart();
        break;
      case 6:
        if (trouble_.sleep) member.Pause(Ms(Roll(2 * static_cast<int>(kSession.count()))));
        break;
      case 7:
        if (trouble_.subscriptions) member.Subscribe(SomeTopics());
        break;
      case 8:
        if (trouble_.topics) ChangeTopic();
        break;
      case 9:
        if (trouble_.restarts) Restart();
        break;
      default:
        break;
    }
  }
  void Restart() {
    coordinator_.Restart();
    ExpectOneHolder();
  }
  void EndTrouble() {
    coordinator_.set_writes_fail(false);
    for (const auto& member : members_) member->set_reliable();
    if (Chance(2)) {
      for (const auto& member : members_) member->Subscribe(AllTopics());
    }
    if (Living().empty()) AddMember();
  }

  // Runs everything that is due within `duration`; `now_and_then` comes in between.
  void RunFor(Ms duration, const std::function<void()>& now_and_then) {
    const TimePoint end = timeline_.now() + duration;
    TimePoint next_disturbance = timeline_.now();
    while (!::testing::Test::HasFailure()) {
      TimePoint next = std::min(end, next_disturbance);
      const std::optional<TimePoint> deadline = coordinator_.group().next_deadline();
      if (deadline) next = std::min(next, *deadline);
      if (timeline_.Step(next)) continue;
      timeline_.MoveTo(next);
      if (deadline && *deadline <= timeline_.now()) {
        coordinator_.Tick();
      } else if (next >= end) {
        return;
      } else {
        now_and_then();
        next_disturbance = timeline_.now() + Ms(Roll(4'000));
      }
    }
  }

  std::vector<std::shared_ptr<SimulatedConsumer>> Living() const {
    std::vector<std::shared_ptr<SimulatedConsumer>> living;
    for (const auto& member : members_) {
      if (!member->is_stopped()) living.push_back(member);
    }
    return living;
  }

  // Whoever is not in the group any more may not have heard of it.
  void ExpectOneHolder() const {
    std::map<SimulatedConsumer::Partition, std::string> holders;
    for (const auto& member : members_) {
      if (coordinator_.group().members().Find(member->member_id()) == nullptr) continue;
      for (const SimulatedConsumer::Partition& partition : member->holds()) {
        const auto [holder, is_free] = holders.emplace(partition, member->member_id());
        EXPECT_TRUE(is_free) << holder->second << " and " << member->member_id()
                             << " both read partition " << partition.second;
      }
    }
  }

  ConsumerGroupDescription Describe() { return coordinator_.group().Describe(settings_); }

  bool IsSettled() {
    const ConsumerGroupState& group = coordinator_.group();
    return group.state_name() == "Stable" && group.members().size() == Living().size();
  }
  void ExpectSettled() {
    const ConsumerGroupDescription group = Describe();
    EXPECT_TRUE(coordinator_.IsStored());
    EXPECT_EQ(group.state, "Stable");
    EXPECT_EQ(group.members.size(), Living().size());
    std::map<std::string, PartitionsByTopic> targets;
    for (const DescribedConsumerMember& member : group.members) {
      targets[member.identity.member_id] = member.target;
    }
    SimulatedConsumer::Partitions owned;
    std::set<std::string> subscribed;
    for (const auto& member : Living()) {
      EXPECT_EQ(member->epoch(), group.target_epoch) << member->member_id();
      EXPECT_EQ(ByTopic(member->holds()), targets[member->member_id()]) << member->member_id();
      owned.insert(member->holds().begin(), member->holds().end());
      subscribed.insert(member->topics().begin(), member->topics().end());
    }
    std::size_t expected = 0;
    for (const std::string& name : subscribed) {
      const std::optional<GroupTopic> topic = coordinator_.topics().Find(name);
      if (topic) expected += static_cast<std::size_t>(topic->partition_count);
    }
    EXPECT_EQ(owned.size(), expected) << "partitions without an owner";
    ExpectEvenShares();
  }
  // The range assignor is even by topic only, and so is nobody who may not read everything.
  void ExpectEvenShares() const {
    std::set<SimulatedConsumer::Topics> subscriptions;
    std::set<std::size_t> shares;
    for (const auto& member : Living()) {
      subscriptions.insert(member->topics());
      shares.insert(member->holds().size());
    }
    if (subscriptions.size() > 1 || settings_.assignors.front()->name() == "range") return;
    EXPECT_LE(*shares.rbegin() - *shares.begin(), 1U) << "uneven shares";
  }
  std::mt19937 random_;
  Timeline timeline_;
  const Trouble trouble_{.restarts = Chance(2),
                         .statics = Chance(2),
                         .subscriptions = Chance(2),
                         .topics = Chance(2),
                         .sleep = Chance(2)};
  const ConsumerGroupSettings settings_ = Settings();
  SimulatedCoordinator coordinator_{timeline_, random_, settings_};
  std::vector<std::shared_ptr<SimulatedConsumer>> members_;
  std::uint8_t topic_ids_ = 0;
};

std::uint32_t FromEnvironment(const char* name, std::uint32_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : static_cast<std::uint32_t>(std::stoul(value));
}

TEST(ConsumerGroupSimulationTest, HoldsItsPromisesForEverySeed) {
  const std::uint32_t first = FromEnvironment("GNEISS_SIMULATION_SEED", 1);
  const std::uint32_t runs = FromEnvironment("GNEISS_SIMULATION_SEEDS", kRuns);
  for (std::uint32_t seed = first; seed - first < runs; ++seed) {
    SCOPED_TRACE("GNEISS_SIMULATION_SEED=" + std::to_string(seed));
    Simulation(seed).Run();
    if (::testing::Test::HasFailure()) return;  // the first seed that fails is the one to look at
  }
}

}  // namespace
}  // namespace gneiss::server
