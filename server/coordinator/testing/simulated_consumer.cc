// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/testing/simulated_consumer.h"

#include <algorithm>

namespace gneiss::server {
namespace {

using Ms = std::chrono::milliseconds;
constexpr Ms kBeatInterval{1'000};
constexpr Ms kPatience{1'500};  // with an answer; less than a message may take
constexpr Ms kBackoff{300};

}  // namespace

PartitionsByTopic ByTopic(const SimulatedConsumer::Partitions& partitions) {
  PartitionsByTopic result;
  for (const auto& [topic, partition] : partitions) result[topic].push_back(partition);
  return result;
}

// --- SimulatedLink ---

void SimulatedLink::Send(const ConsumerHeartbeatRequest& request, Answer answer) {
  if (Chance(15)) return;
  auto reply = [this, answer = std::move(answer)](const ConsumerHeartbeatResult& result) {
    if (Chance(15)) return;
    const int times = Chance(20) ? 2 : 1;
    for (int i = 0; i < times; ++i) {
      timeline_.After(Delay(), [answer, result] { answer(result); });
    }
  };
  const bool is_repeated = request.is_full() && Chance(10);
  last_arrival_ = std::max(last_arrival_, timeline_.now() + Delay());
  if (is_repeated) {
    timeline_.At(last_arrival_, [this, request] { coordinator_(request, [](const auto&) {}); });
    last_arrival_ += Delay();
  }
  timeline_.At(last_arrival_,
               [this, request, reply = std::move(reply)] { coordinator_(request, reply); });
}

Ms SimulatedLink::Delay() {
  if (reliable_) return Ms(random_() % 5);
  return Ms(random_() % (Chance(10) ? 2'000 : 50));
}

// --- SimulatedConsumer ---

SimulatedConsumer::SimulatedConsumer(World world, SimulatedLink link, std::string name,
                                     Topics topics, bool is_static)
    : world_(std::move(world)),
      link_(std::move(link)),
      name_(std::move(name)),
      topics_(std::move(topics)) {
  if (is_static) identity_.instance_id = "instance-" + name_;
}

void SimulatedConsumer::Start() {
  stopped_ = false;
  identity_.member_id = name_ + "." + std::to_string(++process_);
  Rejoin(Ms(0));
}

void SimulatedConsumer::Stop() {
  stopped_ = true;
  ++move_;
  ++beat_;
  Hold({});
}

void SimulatedConsumer::Leave(std::int32_t epoch) {
  if (stopped_) return;
  Stop();
  ConsumerHeartbeatRequest request;
  request.identity = identity_;
  request.member_epoch = epoch;
  link_.Send(request, [](const auto&) {});
}

void SimulatedConsumer::Restart() {
  Stop();
  Start();
}

void SimulatedConsumer::Pause(Ms duration) { paused_until_ = world_.timeline.now() + duration; }

void SimulatedConsumer::set_reliable() {
  reliable_ = true;
  link_.set_reliable();
}

// Drops everything, and joins.
void SimulatedConsumer::Rejoin(Ms delay) {
  ++move_;
  is_moving_ = false;
  target_.clear();
  epoch_ = kJoinEpoch;
  says_all_ = true;
  Hold({});
  Schedule(delay);
}

void SimulatedConsumer::Schedule(Ms delay) {
  world_.timeline.After(delay, [self = shared_from_this(), beat = ++beat_] {
    if (self->beat_ == beat) self->Beat();
  });
}

void SimulatedConsumer::Beat() {
  const TimePoint now = world_.timeline.now();
  if (now < paused_until_) {
    Schedule(std::chrono::duration_cast<Ms>(paused_until_ - now));
    return;
  }
  auto self = shared_from_this();
  const int beat = ++beat_;
  link_.Send(NextRequest(), [self, beat](const ConsumerHeartbeatResult& result) {
    if (self->beat_ == beat) self->Handle(result);
  });
  world_.timeline.After(kPatience, [self, beat] {
    if (self->beat_ != beat) return;
    self->says_all_ = true;
    self->Beat();
  });
}

ConsumerHeartbeatRequest SimulatedConsumer::NextRequest() {
  ConsumerHeartbeatRequest request;
  request.identity = identity_;
  request.member_epoch = epoch_;
  request.client_id = name_;
  if (says_all_) {
    request.rebalance_timeout = kRebalanceTimeout;
    said_holds_.reset();
    said_topics_.reset();
  }
  if (said_topics_ != topics_) request.topic_names = topics_;
  if (said_holds_ != holds_) request.owned = ByTopic(holds_);
  said_topics_ = topics_;
  said_holds_ = holds_;
  says_all_ = false;
  return request;
}

void SimulatedConsumer::Handle(const ConsumerHeartbeatResult& result) {
  switch (result.error) {
    case ErrorCode::kNone:
      epoch_ = result.member_epoch;
      if (result.assignment) {
        Partitions target;
        for (const auto& [topic, partitions] : *result.assignment) {
          for (const std::int32_t partition : partitions) target.emplace(topic, partition);
        }
        MoveTo(std::move(target));
      }
      // What it holds now it says at once, as the real ones do.
      Schedule(said_holds_ == holds_ ? kBeatInterval : Ms(0));
      return;
    case ErrorCode::kFencedMemberEpoch:
    case ErrorCode::kUnknownMemberId:
      Rejoin(Ms(0));
      return;
    case ErrorCode::kFencedInstanceId:
      Stop();
      return;
    default:  // the coordinator cannot answer now, or the instance id is not free yet
      says_all_ = true;
      Schedule(kBackoff);
  }
}

void SimulatedConsumer::MoveTo(Partitions target) {
  target_ = std::move(target);
  if (is_moving_ || target_ == holds_) return;
  if (std::ranges::includes(target_, holds_)) {
    Hold(target_);
    return;
  }
  is_moving_ = true;
  const bool is_slow = !reliable_ && world_.random() % 12 == 0;
  const Ms delay(world_.random() % (is_slow ? 2 * kRebalanceTimeout.count() : 500));
  world_.timeline.After(delay, [self = shared_from_this(), move = ++move_, aim = target_] {
    if (self->move_ == move) self->FinishMove(aim);
  });
}

void SimulatedConsumer::FinishMove(const Partitions& target) {
  const TimePoint now = world_.timeline.now();
  if (now < paused_until_) {
    world_.timeline.At(paused_until_, [self = shared_from_this(), move = move_, target] {
      if (self->move_ == move) self->FinishMove(target);
    });
    return;
  }
  is_moving_ = false;
  Hold(target);
  MoveTo(target_);
}

void SimulatedConsumer::Hold(Partitions partitions) {
  if (holds_ == partitions) return;
  holds_ = std::move(partitions);
  world_.on_change();
}

}  // namespace gneiss::server
