// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/coordinator/consumer_group_api.h"
#include "server/coordinator/testing/timeline.h"

namespace gneiss::server {

// SimulatedLink is one client's connection to its coordinator. It delays what it carries, loses
// some of it, and brings some requests twice. As over TCP, requests arrive in the order in which
// they were sent. Only full ones come twice, and the second answer is the one that is heard: a
// client that has missed an answer sends everything again.
class SimulatedLink {
 public:
  using Answer = std::function<void(const ConsumerHeartbeatResult&)>;
  using Coordinator = std::function<void(const ConsumerHeartbeatRequest&, Answer)>;

  SimulatedLink(Timeline& timeline, std::mt19937& random, Coordinator coordinator)
      : timeline_(timeline), random_(random), coordinator_(std::move(coordinator)) {}

  // `answer` may run once, twice or never.
  void Send(const ConsumerHeartbeatRequest& request, Answer answer);
  void set_reliable() { reliable_ = true; }

 private:
  bool Chance(unsigned one_in) { return !reliable_ && random_() % one_in == 0; }
  std::chrono::milliseconds Delay();

  Timeline& timeline_;
  std::mt19937& random_;
  Coordinator coordinator_;
  TimePoint last_arrival_{};
  bool reliable_ = false;
};

// SimulatedConsumer is a client with group.protocol=consumer, as Kafka's and librdkafka's behave:
// one heartbeat at a time, a full one after an answer that did not come; what it is to give up it
// holds until its application has let go of it, and then says what it holds. Whoever is fenced, or
// is not known, drops everything and joins again.
// Threads: one.
class SimulatedConsumer : public std::enable_shared_from_this<SimulatedConsumer> {
 public:
  using Partition = std::pair<Uuid, std::int32_t>;
  using Partitions = std::set<Partition>;
  using Topics = std::vector<std::string>;
  struct World {
    Timeline& timeline;
    std::mt19937& random;
    std::function<void()> on_change;  // somebody holds something else than before
  };
  static constexpr std::chrono::milliseconds kRebalanceTimeout{8'000};

  SimulatedConsumer(World world, SimulatedLink link, std::string name, Topics topics,
                    bool is_static);

  void Start();
  // Nothing more is heard of it.
  void Crash() { Stop(); }
  // Gives up everything and says so; a static member may say that it comes back.
  void Leave(std::int32_t epoch);
  // The process is started again: only the instance id is the same.
  void Restart();
  // Does nothing for a while, and then goes on as if nothing had happened.
  void Pause(std::chrono::milliseconds duration);
  void Subscribe(Topics topics) { topics_ = std::move(topics); }
  void set_reliable();

  const std::string& member_id() const { return identity_.member_id; }
  const Partitions& holds() const { return holds_; }
  const Topics& topics() const { return topics_; }
  std::int32_t epoch() const { return epoch_; }
  bool is_stopped() const { return stopped_; }
  bool is_static() const { return identity_.instance_id.has_value(); }

 private:
  void Stop();
  void Schedule(std::chrono::milliseconds delay);
  void Beat();
  ConsumerHeartbeatRequest NextRequest();
  void Handle(const ConsumerHeartbeatResult& result);
  void Rejoin(std::chrono::milliseconds delay);
  void MoveTo(Partitions target);
  void FinishMove(const Partitions& target);
  void Hold(Partitions partitions);

  World world_;
  SimulatedLink link_;
  std::string name_;
  MemberIdentity identity_;
  Topics topics_;
  int process_ = 0;
  std::int32_t epoch_ = kJoinEpoch;
  Partitions holds_;
  Partitions target_;       // what it was last told to hold
  bool is_moving_ = false;  // the application lets go of what is not in the target
  int move_ = 0;            // changes when the move under way is of no interest any more
  int beat_ = 0;            // the beat that is to come, or whose answer is waited for
  bool says_all_ = true;    // the next heartbeat
  std::optional<Partitions> said_holds_;
  std::optional<Topics> said_topics_;
  TimePoint paused_until_{};
  bool reliable_ = false;
  bool stopped_ = false;
};

PartitionsByTopic ByTopic(const SimulatedConsumer::Partitions& partitions);

}  // namespace gneiss::server
