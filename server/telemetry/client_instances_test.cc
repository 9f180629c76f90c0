// SPDX-License-Identifier: Apache-2.0
// The order of the checks, and which refusal allows what afterwards, is that of Kafka 4.3.1, asked
// step by step.
#include "server/telemetry/client_instances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ClientInstancesTest : public ::testing::Test {
 protected:
  void Subscribe(const std::string& name, const ConfigMap& configs) {
    subscriptions_[name] = ResolveClientMetrics(configs);
    instances_.SetSubscriptions(subscriptions_);
  }
  TelemetryGrant Grant(const Uuid& id = {}) {
    const auto grant = instances_.Get(id, facts_, now_);
    EXPECT_TRUE(grant.has_value());
    return grant.value_or(TelemetryGrant{});
  }
  ErrorCode Get(const Uuid& id) {
    const auto grant = instances_.Get(id, facts_, now_);
    return grant ? ErrorCode::kNone : grant.error();
  }
  static TelemetryPush PushOf(const TelemetryGrant& grant) {
    return {.instance = grant.instance, .subscription_id = grant.subscription_id, .bytes = 10};
  }
  ErrorCode Push(const TelemetryPush& push) {
    const auto grant = instances_.Push(push, now_);
    return grant ? ErrorCode::kNone : grant.error();
  }
  void Wait(milliseconds time) { now_ += time; }

  ClientFacts facts_{{kClientId, "app-1"}, {kClientSoftwareName, "librdkafka"}};
  TimePoint now_{std::chrono::hours(1)};
  ClientInstances::Subscriptions subscriptions_;
  ClientInstances instances_{3, 100};
};

TEST_F(ClientInstancesTest, WithoutSubscriptionsThereIsNothingToPush) {
  const TelemetryGrant grant = Grant();
  EXPECT_FALSE(grant.instance.IsZero());
  EXPECT_EQ(grant.interval, milliseconds(300'000));
  EXPECT_THAT(grant.metrics, IsEmpty());
}

TEST_F(ClientInstancesTest, SubscriptionsThatMatchAreJoinedAtTheShortestInterval) {
  Subscribe("a", {{"interval.ms", "400"}, {"metrics", "c.d,a.b"}});
  Subscribe("b", {{"interval.ms", "200"}, {"metrics", "a.b"}, {"match", "client_id=app-.*"}});
  Subscribe("c", {{"interval.ms", "100"}, {"metrics", "x"}, {"match", "client_id=app"}});
  const TelemetryGrant grant = Grant();
  EXPECT_EQ(grant.interval, milliseconds(200));
  EXPECT_THAT(grant.metrics, ElementsAre("a.b", "c.d"));
  Subscribe("d", {{"metrics", "*"}, {"match", "client_software_name=librdkafka"}});
  EXPECT_THAT(Grant().metrics, ElementsAre("*"));
}

TEST_F(ClientInstancesTest, APatternMayNameTheInstance) {
  const Uuid id = Uuid::Random();
  Subscribe("one", {{"metrics", "a"}, {"match", "client_instance_id=" + id.ToString()}});
  EXPECT_THAT(Grant(id).metrics, ElementsAre("a"));
  EXPECT_THAT(Grant().metrics, IsEmpty());
}

TEST_F(ClientInstancesTest, AskingAgainBeforeTheIntervalIsOverIsRefused) {
  Subscribe("a", {{"interval.ms", "200"}});
  const TelemetryGrant grant = Grant();
  EXPECT_EQ(Get(grant.instance), ErrorCode::kThrottlingQuotaExceeded);
  Wait(milliseconds(200));
  EXPECT_EQ(Grant(grant.instance).subscription_id, grant.subscription_id);
}

TEST_F(ClientInstancesTest, OnePushMayFollowAnAnswerAtOnceThenOneEachInterval) {
  Subscribe("a", {{"interval.ms", "200"}});
  const TelemetryPush push = PushOf(Grant());
  EXPECT_EQ(Push(push), ErrorCode::kNone);
  EXPECT_EQ(Push(push), ErrorCode::kThrottlingQuotaExceeded);
  Wait(milliseconds(200));
  EXPECT_EQ(Push(push), ErrorCode::kNone);
}

TEST_F(ClientInstancesTest, RefusedPushesSayWhy) {
  Subscribe("a", {{"interval.ms", "200"}});
  const TelemetryGrant grant = Grant();
  TelemetryPush push = PushOf(grant);
  push.instance = Uuid();
  EXPECT_EQ(Push(push), ErrorCode::kInvalidRequest);
  push.instance = Uuid::Random();
  EXPECT_EQ(Push(push), ErrorCode::kUnknownSubscriptionId);
  push = PushOf(grant);
  ++push.subscription_id;
  EXPECT_EQ(Push(push), ErrorCode::kUnknownSubscriptionId);
  EXPECT_EQ(Get(grant.instance), ErrorCode::kNone);  // at once: this is what sets it right
  push = PushOf(grant);
  push.known_codec = false;
  EXPECT_EQ(Push(push), ErrorCode::kUnsupportedCompressionType);
  EXPECT_EQ(Get(grant.instance), ErrorCode::kNone);
  push = PushOf(grant);
  push.bytes = 101;
  EXPECT_EQ(Push(push), ErrorCode::kTelemetryTooLarge);
  EXPECT_EQ(Get(grant.instance), ErrorCode::kThrottlingQuotaExceeded);
}

TEST_F(ClientInstancesTest, TheLastPushMayComeAnyTimeAndNothingBehindIt) {
  Subscribe("a", {{"interval.ms", "200"}});
  const TelemetryGrant grant = Grant();
  TelemetryPush push = PushOf(grant);
  EXPECT_EQ(Push(push), ErrorCode::kNone);
  push.terminating = true;
  EXPECT_EQ(Push(push), ErrorCode::kNone);
  EXPECT_EQ(Push(push), ErrorCode::kInvalidRequest);
  push.terminating = false;
  EXPECT_EQ(Push(push), ErrorCode::kInvalidRequest);
  EXPECT_EQ(Get(grant.instance), ErrorCode::kThrottlingQuotaExceeded);
}

TEST_F(ClientInstancesTest, AChangeOfSubscriptionsMakesClientsAskAgain) {
  Subscribe("a", {{"metrics", "a"}});
  const TelemetryGrant before = Grant();
  Subscribe("a", {{"metrics", "b"}});
  EXPECT_EQ(Push(PushOf(before)), ErrorCode::kUnknownSubscriptionId);
  const TelemetryGrant after = Grant(before.instance);
  EXPECT_EQ(after.instance, before.instance);
  EXPECT_NE(after.subscription_id, before.subscription_id);
  EXPECT_EQ(Push(PushOf(after)), ErrorCode::kNone);
}

TEST_F(ClientInstancesTest, WhoWasSeenLongestAgoIsForgottenFirst) {
  const TelemetryGrant first = Grant();
  const TelemetryGrant second = Grant();
  Grant();
  EXPECT_EQ(Push(PushOf(first)), ErrorCode::kNone);
  Grant();
  EXPECT_EQ(instances_.size(), 3u);
  EXPECT_EQ(Push(PushOf(second)), ErrorCode::kUnknownSubscriptionId);
  EXPECT_EQ(Push(PushOf(first)), ErrorCode::kThrottlingQuotaExceeded);  // still known
}

}  // namespace
}  // namespace gneiss::server
