// SPDX-License-Identifier: Apache-2.0

// Clients that behave as Kafka's do, on a network that loses and delays messages, with writes that
// fail, members that come and go, and brokers that restart; all of it decided by one seed. What
// must hold whatever happens:
//   - in a generation each partition has one owner, restarts or not;
//   - generations only grow while the broker runs;
//   - each request is answered once;
//   - when the trouble ends, the group becomes stable with exactly the members that live, no
//     request stays parked, and the group then stays stable.

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "server/coordinator/group_state.h"
#include "server/coordinator/testing/timeline.h"

namespace gneiss::server {
namespace {

using Ms = std::chrono::milliseconds;
constexpr int kPartitions = 12;
constexpr GroupSettings kSettings{.initial_rebalance_delay = Ms(3000)};

// Who was told to own a partition in a generation.
class Ledger {
 public:
  void Own(std::int32_t generation, int partition, const std::string& client) {
    const auto [owner, is_new] = owners_.emplace(std::pair(generation, partition), client);
    EXPECT_EQ(owner->second, client)
        << "two owners of partition " << partition << " in generation " << generation;
  }
  int OwnedIn(std::int32_t generation) const {
    int owned = 0;
    for (const auto& [key, client] : owners_) owned += key.first == generation ? 1 : 0;
    return owned;
  }

 private:
  std::map<std::pair<std::int32_t, int>, std::string> owners_;
};

// The broker: the group, its log, and the requests that are parked.
class SimulatedBroker {
 public:
  using Answer = std::function<void(const std::variant<JoinResult, SyncResult>&)>;

  SimulatedBroker(Timeline& timeline, std::mt19937& random)
      : timeline_(timeline), random_(random), group_(kSettings, now()) {}

  void Join(JoinRequest request, Answer answer) {
    request.fresh_id.bytes[14] = static_cast<std::uint8_t>(++ids_ >> 8);
    request.fresh_id.bytes[15] = static_cast<std::uint8_t>(ids_);
    Do(group_.Join(std::move(request), Park(std::move(answer)), now()));
  }
  void Sync(const SyncRequest& request, Answer answer) {
    Do(group_.Sync(request, Park(std::move(answer)), now()));
  }
  ErrorCode Heartbeat(const GenerationIdentity& caller) { return group_.Heartbeat(caller, now()); }
  void Leave(const MemberIdentity& member) { Do(group_.Leave({member}, now()).actions); }
  void Tick() { Do(group_.Tick(now())); }

  // Everything that is not in the log is lost, and with it whatever clients wait for.
  void Restart() {
    ++incarnation_;
    parked_.clear();
    group_ =
        stored_ ? GroupState::Restore(kSettings, *stored_, now()) : GroupState(kSettings, now());
    generation_ = group_.generation();
  }
  void set_reliable() { reliable_ = true; }

  const GroupState& group() const { return group_; }
  std::size_t parked() const { return parked_.size(); }

 private:
  Instant now() const {
    return {timeline_.now(),
            std::chrono::duration_cast<Ms>(timeline_.now().time_since_epoch()).count()};
  }
  WaiterId Park(Answer answer) {
    const WaiterId waiter(++waiters_);
    parked_.emplace(waiter, std::move(answer));
    return waiter;
  }
  void Do(Actions actions) {
    EXPECT_GE(group_.generation(), generation_) << "a generation went back";
    generation_ = group_.generation();
    for (const GroupReply& reply : actions.replies) {
      const auto waiter = parked_.find(reply.to);
      ASSERT_NE(waiter, parked_.end()) << "answered twice, or never asked";
      const Answer answer = std::move(waiter->second);
      parked_.erase(waiter);
      answer(reply.result);
    }
    for (GroupPersist& write : actions.persists) Write(std::move(write));
  }
  // Writes end in order, some time later, and sometimes badly.
  void Write(GroupPersist write) {
    const bool fails = !reliable_ && random_() % 20 == 0;
    write_end_ = std::max(write_end_, timeline_.now() + Ms(reliable_ ? 0 : random_() % 200));
    auto finish = [this, write = std::move(write), fails, incarnation = incarnation_] {
      if (incarnation != incarnation_) return;  // the crash came first
      if (!fails) stored_ = write.snapshot;
      const ErrorCode error = fails ? ErrorCode::kCoordinatorNotAvailable : ErrorCode::kNone;
      Do(group_.Persisted(write.reason, error, now()));
    };
    timeline_.At(write_end_, std::move(finish));
  }

  Timeline& timeline_;
  std::mt19937& random_;
  GroupState group_;
  std::int32_t generation_ = 0;
  std::optional<GroupSnapshot> stored_;
  std::map<WaiterId, Answer> parked_;
  std::uint64_t waiters_ = 0;
  std::uint32_t ids_ = 0;
  int incarnation_ = 0;
  bool reliable_ = false;
  TimePoint write_end_{};
};

// The network between one client and the broker.
class Network {
 public:
  Network(Timeline& timeline, std::mt19937& random) : timeline_(timeline), random_(random) {}
  void Deliver(std::function<void()> message) {
    if (!reliable_ && random_() % 12 == 0) return;
    timeline_.After(Ms(random_() % (reliable_ ? 5 : 400)), std::move(message));
  }
  void set_reliable() { reliable_ = true; }

 private:
  Timeline& timeline_;
  std::mt19937& random_;
  bool reliable_ = false;
};

// A consumer: joins, assigns if it leads, syncs, beats, and starts again when it is told to.
class SimulatedClient : public std::enable_shared_from_this<SimulatedClient> {
 public:
  struct World {
    Timeline& timeline;
    SimulatedBroker& broker;
    Network& network;
    Ledger& ledger;
  };
  SimulatedClient(World world, std::string name, bool is_static)
      : world_(world), name_(std::move(name)) {
    if (is_static) identity_.instance_id = "instance-" + name_;
  }

  void Start() { SendJoin(); }
  // A crash: nothing more is heard of it.
  void Stop() {
    Abandon();
    stopped_ = true;
  }
  void Leave() {
    Abandon();
    stopped_ = true;
    auto self = shared_from_this();
    world_.network.Deliver([self] { self->world_.broker.Leave(self->identity_); });
  }
  // A process that is started again knows its instance id only.
  void Restart() {
    Abandon();
    identity_.member_id.clear();
    SendJoin();
  }
  bool stopped() const { return stopped_; }
  bool is_static() const { return identity_.instance_id.has_value(); }
  bool is_stable() const { return stable_; }
  std::int32_t generation() const { return generation_; }

 private:
  // Answers to what was asked before are not listened to any more.
  void Abandon() {
    ++conversation_;
    stable_ = false;
  }

  // Sends a request whose answer must come within `patience`, else the client starts again.
  template <class Send>
  void Ask(Ms patience, Send send) {
    Abandon();
    auto self = shared_from_this();
    const int conversation = conversation_;
    auto answer = [self, conversation](const auto& result) {
      self->world_.network.Deliver([self, conversation, result] {
        if (self->conversation_ == conversation) self->Handle(result);
      });
    };
    world_.network.Deliver([send = std::move(send), answer] { send(answer); });
    world_.timeline.After(patience, [self, conversation] {
      if (self->conversation_ == conversation && !self->stable_) self->SendJoin();
    });
  }

  void SendJoin() {
    if (stopped_) return;
    JoinRequest request;
    request.identity = identity_;
    request.client_id = name_;
    request.session_timeout = Ms(10'000);
    request.rebalance_timeout = Ms(20'000);
    request.protocol_type = "consumer";
    request.protocols = {{"range", SharedBytes::CopyOf("of " + name_)}};
    SimulatedBroker& broker = world_.broker;
    Ask(Ms(25'000), [&broker, request](const SimulatedBroker::Answer& answer) {
      broker.Join(request, answer);
    });
  }

  void Handle(const std::variant<JoinResult, SyncResult>& result) {
    if (const auto* join = std::get_if<JoinResult>(&result)) {
      HandleJoin(*join);
    } else {
      HandleSync(std::get<SyncResult>(result));
    }
  }

  void HandleJoin(const JoinResult& result) {
    if (result.error == ErrorCode::kMemberIdRequired) {
      identity_.member_id = result.member_id;
      SendJoin();
    } else if (result.error != ErrorCode::kNone) {
      Recover(result.error);
    } else {
      identity_.member_id = result.member_id;
      generation_ = result.generation;
      SendSync(result);
    }
  }

  void SendSync(const JoinResult& joined) {
    SyncRequest request;
    request.caller = {identity_, generation_};
    if (joined.leader == joined.member_id && !joined.skip_assignment) {
      std::vector<std::string> parts(joined.members.size());
      for (std::size_t p = 0; p < kPartitions; ++p) {
        parts[p % parts.size()].push_back(static_cast<char>(p));
      }
      for (std::size_t i = 0; i < parts.size(); ++i) {
        request.assignments.push_back(
            {joined.members[i].identity.member_id, SharedBytes::CopyOf(parts[i])});
      }
    }
    SimulatedBroker& broker = world_.broker;
    Ask(Ms(25'000), [&broker, request](const SimulatedBroker::Answer& answer) {
      broker.Sync(request, answer);
    });
  }

  void HandleSync(const SyncResult& result) {
    if (result.error != ErrorCode::kNone) {
      Recover(result.error);
      return;
    }
    for (const char partition : result.assignment.text()) {
      world_.ledger.Own(generation_, partition, name_);
    }
    Abandon();
    stable_ = true;
    Beat(conversation_);
  }

  void Beat(int conversation) {
    if (conversation_ != conversation || stopped_) return;
    auto self = shared_from_this();
    world_.network.Deliver(
        [self, conversation, caller = GenerationIdentity{identity_, generation_}] {
          const ErrorCode error = self->world_.broker.Heartbeat(caller);
          self->world_.network.Deliver([self, conversation, error] {
            if (self->conversation_ != conversation || error == ErrorCode::kNone) return;
            self->Recover(error);
          });
        });
    world_.timeline.After(Ms(3000), [self, conversation] { self->Beat(conversation); });
  }

  void Recover(ErrorCode error) {
    Abandon();
    const bool forget = error == ErrorCode::kUnknownMemberId ||
                        error == ErrorCode::kIllegalGeneration ||
                        error == ErrorCode::kFencedInstanceId;
    if (forget) identity_.member_id.clear();
    auto self = shared_from_this();
    const int conversation = conversation_;
    world_.timeline.After(Ms(100), [self, conversation] {
      if (self->conversation_ == conversation) self->SendJoin();
    });
  }

  World world_;
  std::string name_;
  MemberIdentity identity_;
  std::int32_t generation_ = -1;
  int conversation_ = 0;
  bool stable_ = false;
  bool stopped_ = false;
};

class Simulation {
 public:
  explicit Simulation(std::uint32_t seed) : random_(seed) {}

  void Run() {
    for (int i = 0; i < 4; ++i) AddClient();
    RunFor(std::chrono::minutes(4), [this] { Disturb(); });
    broker_.set_reliable();
    network_.set_reliable();
    // Sessions and parked requests of those who are gone run out, and everybody settles.
    RunFor(std::chrono::minutes(8), [] {});
    ExpectStable();
    const std::int32_t generation = broker_.group().generation();
    RunFor(std::chrono::minutes(10), [] {});
    EXPECT_EQ(broker_.group().generation(), generation) << "a stable group did not stay so";
    ExpectStable();
  }

 private:
  void AddClient() {
    const std::string name = "c" + std::to_string(clients_.size());
    clients_.push_back(std::make_shared<SimulatedClient>(
        SimulatedClient::World{timeline_, broker_, network_, ledger_}, name, random_() % 3 == 0));
    clients_.back()->Start();
  }

  void Disturb() {
    const auto client = clients_[random_() % clients_.size()];
    switch (random_() % 10) {
      case 0:
        if (Living().size() < 8) AddClient();
        break;
      case 1:
        if (Living().size() > 2 && !client->stopped()) client->Stop();
        break;
      case 2:
        if (Living().size() > 2 && !client->stopped()) client->Leave();
        break;
      case 3:
        if (!client->stopped()) client->Restart();
        break;
      case 4:
        if (random_() % 4 == 0) broker_.Restart();
        break;
      default:
        break;
    }
  }

  // Runs everything that is due within `duration`; `each_few_seconds` comes in between.
  void RunFor(Ms duration, const std::function<void()>& each_few_seconds) {
    const TimePoint end = timeline_.now() + duration;
    TimePoint next_disturbance = timeline_.now();
    while (true) {
      TimePoint next = std::min(end, next_disturbance);
      const std::optional<TimePoint> deadline = broker_.group().next_deadline();
      if (deadline) next = std::min(next, *deadline);
      if (timeline_.Step(next)) continue;
      timeline_.MoveTo(next);
      if (deadline && *deadline <= timeline_.now()) {
        broker_.Tick();
      } else if (next >= end) {
        return;
      } else {
        each_few_seconds();
        next_disturbance = timeline_.now() + Ms(1000 + random_() % 5000);
      }
    }
  }

  std::vector<std::shared_ptr<SimulatedClient>> Living() const {
    std::vector<std::shared_ptr<SimulatedClient>> living;
    for (const auto& client : clients_) {
      if (!client->stopped()) living.push_back(client);
    }
    return living;
  }

  void ExpectStable() {
    const GroupState& group = broker_.group();
    EXPECT_EQ(ToString(group.phase()), "Stable");
    EXPECT_EQ(group.membership().size(), Living().size());
    EXPECT_FALSE(group.membership().has_pending());
    EXPECT_EQ(broker_.parked(), 0U) << "a request was forgotten";
    EXPECT_EQ(ledger_.OwnedIn(group.generation()), kPartitions);
    for (const auto& client : Living()) {
      EXPECT_TRUE(client->is_stable());
      EXPECT_EQ(client->generation(), group.generation());
    }
  }

  std::mt19937 random_;
  Timeline timeline_;
  SimulatedBroker broker_{timeline_, random_};
  Network network_{timeline_, random_};
  Ledger ledger_;
  std::vector<std::shared_ptr<SimulatedClient>> clients_;
};

TEST(GroupSimulationTest, HoldsItsPromisesForEverySeed) {
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed).Run();
    if (::testing::Test::HasFailure()) return;  // the first seed that fails is the one to look at
  }
}

}  // namespace
}  // namespace gneiss::server
