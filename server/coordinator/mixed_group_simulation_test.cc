// SPDX-License-Identifier: Apache-2.0

// Members that behave as Kafka's consumers do, of both protocols, on a network that loses and
// delays messages, with topics that change, members that come and go, writes that fail and brokers
// that restart; all of it decided by one seed. What must hold whatever happens:
//   - a partition is held by one member at a time: from when a client is told that it has it until
//     the client has given it up or the coordinator has removed it;
//   - the group epoch only grows, and no member gets ahead of the target epoch;
//   - when the trouble ends, the group becomes stable with exactly the members that live, each
//     partition has an owner, every client holds what the group says, and the group then stays so.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/coordinator/testing/consumer_group_harness.h"
#include "server/coordinator/testing/timeline.h"

namespace gneiss::server {
namespace {

using Ms = std::chrono::milliseconds;
using Partition = std::pair<Uuid, std::int32_t>;

std::set<Partition> Flat(const PartitionsByTopic& partitions) {
  std::set<Partition> flat;
  for (const auto& [topic, ids] : partitions) {
    for (const std::int32_t id : ids) flat.insert({topic, id});
  }
  return flat;
}

PartitionsByTopic ByTopic(const std::set<Partition>& flat) {
  PartitionsByTopic partitions;
  for (const auto& [topic, id] : flat) partitions[topic].push_back(id);
  return partitions;
}

// The coordinator: one group, its log, and answers that wait for it.
class SimulatedCoordinator {
 public:
  SimulatedCoordinator(Timeline& timeline, std::mt19937& random)
      : timeline_(timeline), random_(random) {
    settings_.assignors = {FindAssignor("uniform"), FindAssignor("range")};
    topics_.Set("orders", 1, 6);
    topics_.Set("logs", 2, 3);
  }

  using Answer = std::function<void(const ConsumerHeartbeatResult&)>;
  void Heartbeat(const ConsumerHeartbeatRequest& request, const Answer& answer) {
    ConsumerHeartbeatOutcome outcome = group_.Heartbeat(request, context());
    Write(std::move(outcome.actions), [answer, result = outcome.result](bool ok) {
      ConsumerHeartbeatResult told = result;
      if (!ok) {
        told = {};
        told.error = ErrorCode::kCoordinatorNotAvailable;
      }
      answer(told);
    });
  }
  void Tick() {
    Write(group_.Tick(context()), [](bool) {});
  }
  // Everything that is not in the log is lost, and with it whatever clients wait for.
  void Restart() {
    ++incarnation_;
    group_ = ConsumerGroupState::Restore(stored_, context());
    epoch_ = 0;
  }
  void AddPartitions() { topics_.Set("orders", 1, ++partitions_); }
  void set_reliable() { reliable_ = true; }

  const ConsumerGroupState& group() const { return group_; }
  std::int32_t partition_count() const { return partitions_ + 3; }

 private:
  ConsumerGroupContext context() const {
    return {name_,
            settings_,
            topics_,
            {timeline_.now(),
             std::chrono::duration_cast<Ms>(timeline_.now().time_since_epoch()).count()}};
  }
  // Writes end in order, some time later, and sometimes badly.
  void Write(ConsumerGroupActions actions, std::function<void(bool)> done) {
    EXPECT_GE(group_.epoch().epoch, epoch_) << "the group epoch went back";
    epoch_ = group_.epoch().epoch;
    for (const auto& [id, member] : group_.members().all()) {
      EXPECT_LE(member.current.member_epoch, group_.target_epoch().epoch);
    }
    const bool fails = !reliable_ && !actions.changes.empty() && random_() % 30 == 0;
    write_end_ = std::max(write_end_, timeline_.now() + Ms(reliable_ ? 0 : random_() % 100));
    ConsumerGroupSnapshot snapshot;
    if (!actions.changes.empty()) snapshot = Snapshot();
    timeline_.At(write_end_,
                 [this, fails, changes = std::move(actions.changes), snapshot = std::move(snapshot),
                  done = std::move(done), incarnation = incarnation_] {
                   if (incarnation != incarnation_) return;  // the crash came first
                   for (const ConsumerGroupKey& key : changes) {
                     if (!fails) Store(key, snapshot);
                   }
                   if (fails) group_.MarkUnwritten(changes);
                   done(!fails);
                 });
  }
  ConsumerGroupSnapshot Snapshot() const {
    ConsumerGroupSnapshot snapshot;
    snapshot.epoch = group_.epoch();
    snapshot.target_epoch = group_.target_epoch();
    for (const auto& [id, member] : group_.members().all()) {
      snapshot.members[id] = member.about;
      snapshot.targets[id] = member.target;
      snapshot.assignments[id] = member.current;
    }
    return snapshot;
  }
  template <class Facts>
  static void Copy(const std::string& name, const Facts& from, Facts& to) {
    const auto found = from.find(name);
    if (found == from.end()) {
      to.erase(name);
    } else {
      to[name] = found->second;
    }
  }
  // Only what was to be written: a fact that was forgotten is missing after a restart.
  void Store(const ConsumerGroupKey& key, const ConsumerGroupSnapshot& now) {
    switch (key.kind) {
      case ConsumerGroupKey::Kind::kMember:
        return Copy(key.name, now.members, stored_.members);
      case ConsumerGroupKey::Kind::kTarget:
        return Copy(key.name, now.targets, stored_.targets);
      case ConsumerGroupKey::Kind::kAssignment:
        return Copy(key.name, now.assignments, stored_.assignments);
      case ConsumerGroupKey::Kind::kEpoch:
        stored_.epoch = now.epoch;
        return;
      case ConsumerGroupKey::Kind::kTargetEpoch:
        stored_.target_epoch = now.target_epoch;
        return;
      case ConsumerGroupKey::Kind::kRegex:
        return;
    }
  }

  Timeline& timeline_;
  std::mt19937& random_;
  const std::string name_ = "g";
  ConsumerGroupSettings settings_;
  FakeTopics topics_;
  std::int32_t partitions_ = 6;
  ConsumerGroupState group_;
  ConsumerGroupSnapshot stored_;
  std::int32_t epoch_ = 0;
  int incarnation_ = 0;
  bool reliable_ = false;
  TimePoint write_end_{};
};

// Who holds what, as the clients see it.
class Holders {
 public:
  void Take(const Partition& partition, const std::string& client) {
    const auto [holder, is_free] = holders_.try_emplace(partition, client);
    EXPECT_EQ(holder->second, client) << "partition " << partition.second << " has two holders";
  }
  void Release(const Partition& partition, const std::string& client) {
    const auto holder = holders_.find(partition);
    if (holder != holders_.end() && holder->second == client) holders_.erase(holder);
  }
  std::size_t size() const { return holders_.size(); }

 private:
  std::map<Partition, std::string> holders_;
};

// A consumer of the new protocol: one heartbeat on the way at a time, at once again when there is
// something to tell.
class SimulatedConsumer : public std::enable_shared_from_this<SimulatedConsumer> {
 public:
  struct World {
    Timeline& timeline;
    std::mt19937& random;
    SimulatedCoordinator& coordinator;
    Holders& holders;
    bool& reliable;
  };
  SimulatedConsumer(World world, std::string id, std::optional<std::string> instance)
      : world_(world), id_(std::move(id)), instance_(std::move(instance)) {}

  void Start() { SendHeartbeat(); }
  // Nothing more is heard of it; a real one stops reading when its session is over.
  void Crash() {
    GiveUpEverything();
    ++conversation_;
    stopped_ = true;
  }
  void Leave(std::int32_t epoch) {
    GiveUpEverything();
    ++conversation_;
    stopped_ = true;
    ConsumerHeartbeatRequest request = Request(epoch);
    auto self = shared_from_this();
    Deliver([self, request] {
      self->world_.coordinator.Heartbeat(request, [](const ConsumerHeartbeatResult&) {});
    });
  }
  bool stopped() const { return stopped_; }
  const std::string& id() const { return id_; }
  const std::optional<std::string>& instance() const { return instance_; }
  std::int32_t epoch() const { return epoch_; }
  const std::set<Partition>& owned() const { return owned_; }

 private:
  ConsumerHeartbeatRequest Request(std::int32_t epoch) const {
    ConsumerHeartbeatRequest request;
    request.identity = {id_, instance_};
    request.member_epoch = epoch;
    request.client_host = "/127.0.0.1";
    return request;
  }
  void Deliver(std::function<void()> message) {
    if (!world_.reliable && world_.random() % 12 == 0) return;
    world_.timeline.After(Ms(world_.random() % (world_.reliable ? 5 : 400)), std::move(message));
  }

  // A full request when it joins or its last heartbeat was not answered; else only what has
  // changed.
  void SendHeartbeat() {
    if (stopped_) return;
    ConsumerHeartbeatRequest request = Request(epoch_);
    if (epoch_ == kJoinEpoch || must_tell_all_) {
      request.rebalance_timeout = Ms(30'000);
      request.topic_names = {"logs", "orders"};
      request.owned = ByTopic(owned_);
    } else if (owned_ != told_) {
      request.owned = ByTopic(owned_);
    }
    told_ = owned_;
    auto self = shared_from_this();
    const int conversation = ++conversation_;
    Deliver([self, request, conversation] {
      self->world_.coordinator.Heartbeat(request, [self, conversation](const auto& result) {
        self->Deliver([self, conversation, result] {
          if (self->conversation_ == conversation) self->Handle(result);
        });
      });
    });
    world_.timeline.After(Ms(3'000), [self, conversation] {
      if (self->conversation_ != conversation) return;
      self->must_tell_all_ = true;
      self->SendHeartbeat();
    });
  }

  void Handle(const ConsumerHeartbeatResult& result) {
    ++conversation_;
    if (result.error == ErrorCode::kCoordinatorNotAvailable) {
      must_tell_all_ = true;
      return SendAfter(Ms(100));
    }
    if (result.error != ErrorCode::kNone) {
      GiveUpEverything();
      epoch_ = kJoinEpoch;
      return SendAfter(Ms(500));
    }
    must_tell_all_ = false;
    epoch_ = result.member_epoch;
    if (result.assignment) Adopt(Flat(*result.assignment));
    SendAfter(owned_ != told_ ? Ms(world_.random() % 500) : Ms(5'000));
  }
  void SendAfter(Ms delay) {
    auto self = shared_from_this();
    world_.timeline.After(delay, [self, conversation = conversation_] {
      if (self->conversation_ == conversation) self->SendHeartbeat();
    });
  }

  void Adopt(const std::set<Partition>& assigned) {
    for (const Partition& partition : owned_) {
      if (!assigned.contains(partition)) world_.holders.Release(partition, id_);
    }
    for (const Partition& partition : assigned) world_.holders.Take(partition, id_);
    owned_ = assigned;
  }
  void GiveUpEverything() { Adopt({}); }

  World world_;
  const std::string id_;
  const std::optional<std::string> instance_;
  std::int32_t epoch_ = kJoinEpoch;
  std::set<Partition> owned_;
  std::set<Partition> told_;
  bool must_tell_all_ = false;
  int conversation_ = 0;
  bool stopped_ = false;
};

class Simulation {
 public:
  explicit Simulation(std::uint32_t seed) : random_(seed) {}

  void Run() {
    for (int i = 0; i < 4; ++i) AddConsumer();
    RunFor(std::chrono::minutes(2), [this] { Disturb(); });
    coordinator_.set_reliable();
    reliable_ = true;
    // The sessions of those who are gone run out, and everybody settles.
    RunFor(std::chrono::minutes(3), [] {});
    ExpectStable();
    const std::int32_t epoch = coordinator_.group().epoch().epoch;
    RunFor(std::chrono::minutes(1), [] {});
    EXPECT_EQ(coordinator_.group().epoch().epoch, epoch) << "a stable group did not stay so";
    ExpectStable();
  }

 private:
  using ConsumerPtr = std::shared_ptr<SimulatedConsumer>;

  void AddConsumer(std::optional<std::string> instance = std::nullopt) {
    const std::string id = "m" + std::to_string(consumers_.size());
    if (!instance && random_() % 3 == 0) instance = "i" + id;
    consumers_.push_back(std::make_shared<SimulatedConsumer>(
        SimulatedConsumer::World{timeline_, random_, coordinator_, holders_, reliable_}, id,
        instance));
    consumers_.back()->Start();
  }

  void Disturb() {
    const ConsumerPtr consumer = consumers_[random_() % consumers_.size()];
    const bool may_go = !consumer->stopped() && Living().size() > 2;
    switch (random_() % 10) {
      case 0:
      case 1:
        if (Living().size() < 8) AddConsumer();
        break;
      case 2:
        if (may_go) consumer->Crash();
        break;
      case 3:
        if (may_go) consumer->Leave(kLeaveEpoch);
        break;
      case 4:
        if (may_go && consumer->instance()) Bounce(consumer);
        break;
      case 5:
        if (random_() % 3 == 0) coordinator_.Restart();
        break;
      case 6:
        if (random_() % 4 == 0) coordinator_.AddPartitions();
        break;
      default:
        break;
    }
  }
  // A static member is started again: it comes back under another id.
  void Bounce(const ConsumerPtr& consumer) {
    consumer->Leave(kStaticLeaveEpoch);
    AddConsumer(consumer->instance());
  }

  // Runs everything that is due within `duration`; `now_and_then` comes in between.
  void RunFor(Ms duration, const std::function<void()>& now_and_then) {
    const TimePoint end = timeline_.now() + duration;
    TimePoint next_disturbance = timeline_.now();
    while (true) {
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
        next_disturbance = timeline_.now() + Ms(1000 + random_() % 5000);
      }
    }
  }

  std::vector<ConsumerPtr> Living() const {
    std::vector<ConsumerPtr> living;
    std::ranges::copy_if(consumers_, std::back_inserter(living),
                         [](const ConsumerPtr& consumer) { return !consumer->stopped(); });
    return living;
  }

  void ExpectStable() {
    const ConsumerGroupState& group = coordinator_.group();
    EXPECT_EQ(group.state_name(), "Stable");
    EXPECT_EQ(group.members().size(), Living().size());
    EXPECT_EQ(holders_.size(), static_cast<std::size_t>(coordinator_.partition_count()));
    for (const ConsumerPtr& consumer : Living()) {
      const ConsumerGroupMember* member = group.members().Find(consumer->id());
      ASSERT_NE(member, nullptr) << consumer->id();
      EXPECT_EQ(consumer->epoch(), group.target_epoch().epoch);
      EXPECT_EQ(ByTopic(consumer->owned()), member->target);
    }
  }

  std::mt19937 random_;
  Timeline timeline_;
  SimulatedCoordinator coordinator_{timeline_, random_};
  Holders holders_;
  bool reliable_ = false;
  std::vector<ConsumerPtr> consumers_;
};

TEST(MixedGroupSimulationTest, HoldsItsPromisesForEverySeed) {
  const char* seeds = std::getenv("GNEISS_GROUP_SEEDS");
  const unsigned long last = seeds != nullptr ? std::strtoul(seeds, nullptr, 10) : 500;
  for (std::uint32_t seed = 1; seed <= last; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed).Run();
    if (::testing::Test::HasFailure()) return;  // the first seed that fails is the one to look at
  }
}

}  // namespace
}  // namespace gneiss::server
