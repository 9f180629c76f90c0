// SPDX-License-Identifier: Apache-2.0
// GetTelemetrySubscriptions and PushTelemetry over a socket. Their rules are tested in
// server/telemetry.

#include <cstdint>
#include <span>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "protocol/messages/get_telemetry_subscriptions.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/push_telemetry.h"
#include "protocol/records/compression.h"
#include "server/broker.h"
#include "server/telemetry/client_telemetry.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/otlp_bytes.h"
#include "server/testing/raw_client.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::GetTelemetrySubscriptionsRequest;
using protocol::GetTelemetrySubscriptionsResponse;
using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;
using protocol::PushTelemetryRequest;
using protocol::PushTelemetryResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class TelemetryTest : public ::testing::Test {
 protected:
  void Subscribe(const std::string& name, const std::string& key, const std::string& value) {
    IncrementalAlterConfigsRequest request;
    auto& altered = request.resources.emplace_back();
    altered.resource_type = 16;
    altered.resource_name = name;
    altered.configs.push_back({key, 0, value});
    const auto response =
        client_.Call<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(request, 1);
    ASSERT_EQ(response.responses.at(0).error_code, 0);
  }
  GetTelemetrySubscriptionsResponse Get(const Uuid& id = {}) {
    GetTelemetrySubscriptionsRequest request;
    request.client_instance_id = id;
    return client_.Call<GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse>(
        request, 0);
  }
  ErrorCode Push(const GetTelemetrySubscriptionsResponse& grant, const std::string& metrics,
                 records::Codec codec = records::Codec::kNone) {
    const auto packed = records::Compress(codec, -1, std::as_bytes(std::span(metrics)));
    return PushRaw(grant, *packed, static_cast<std::int8_t>(codec));
  }
  ErrorCode PushRaw(const GetTelemetrySubscriptionsResponse& grant, const std::string& metrics,
                    std::int8_t codec) {
    PushTelemetryRequest request;
    request.client_instance_id = grant.client_instance_id;
    request.subscription_id = grant.subscription_id;
    request.compression_type = codec;
    request.terminating = true;  // which no interval holds back
    request.metrics = SharedBytes::CopyOf(std::as_bytes(std::span(metrics)));
    return protocol::ErrorCodeFromWire(
        client_.Call<PushTelemetryRequest, PushTelemetryResponse>(request, 0).error_code);
  }
  std::string Page() { return broker_.broker().telemetry().MetricsText(); }

  testing::InProcessBroker broker_{{.properties = {{"telemetry.max.bytes", "10000"}}}};
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(TelemetryTest, ASubscriptionReachesTheClientsThatItMatches) {
  const GetTelemetrySubscriptionsResponse none = Get();
  EXPECT_EQ(none.error_code, 0);
  EXPECT_FALSE(none.client_instance_id.IsZero());
  EXPECT_THAT(none.accepted_compression_types, ElementsAre(4, 3, 1, 2));
  EXPECT_EQ(none.push_interval_ms, 300'000);
  EXPECT_EQ(none.telemetry_max_bytes, 10'000);
  EXPECT_TRUE(none.delta_temporality);
  EXPECT_THAT(none.requested_metrics, IsEmpty());
  EXPECT_EQ(Get(none.client_instance_id).error_code, ToWire(ErrorCode::kThrottlingQuotaExceeded));

  Subscribe("all", "metrics", "org.apache.kafka.producer.");
  Subscribe("all", "match", "client_id=raw-.*,client_source_address=127.0.0.1");
  Subscribe("other", "metrics", "never");
  Subscribe("other", "match", "client_id=another");
  const GetTelemetrySubscriptionsResponse some = Get(none.client_instance_id);
  EXPECT_THAT(some.requested_metrics, ElementsAre("org.apache.kafka.producer."));
  EXPECT_NE(some.subscription_id, none.subscription_id);
  broker_.Restart();
  client_ = broker_.Connect();
  EXPECT_EQ(Get(none.client_instance_id).subscription_id, some.subscription_id);
}

TEST_F(TelemetryTest, MetricsPackedWithEachCodecComeToThePage) {
  for (const auto codec : {records::Codec::kNone, records::Codec::kGzip, records::Codec::kSnappy,
                           records::Codec::kLz4, records::Codec::kZstd}) {
    const GetTelemetrySubscriptionsResponse grant = Get();
    const std::string name = "metric." + std::to_string(static_cast<int>(codec));
    EXPECT_EQ(Push(grant, testing::OtlpGauge(name, 1.5), codec), ErrorCode::kNone);
    EXPECT_THAT(Page(), HasSubstr("gneiss_client_metric{metric=\"" + name +
                                  "\",client_id=\"raw-client\",client_instance_id=\"" +
                                  grant.client_instance_id.ToString() + "\"} 1.5"));
  }
}

TEST_F(TelemetryTest, WhatCannotBeReadIsRefused) {
  EXPECT_EQ(Push(Get(), "xyz"), ErrorCode::kInvalidRecord);
  EXPECT_EQ(PushRaw(Get(), "xyz", 1), ErrorCode::kInvalidRecord);
  EXPECT_EQ(PushRaw(Get(), "xyz", 9), ErrorCode::kUnsupportedCompressionType);
  EXPECT_EQ(PushRaw(Get(), std::string(10'001, 'x'), 0), ErrorCode::kTelemetryTooLarge);
  EXPECT_EQ(Push(Get(), ""), ErrorCode::kNone);
  EXPECT_THAT(Page(), Not(HasSubstr("gneiss_client_metric{")));
}

// 16 MB of zeros pack into a few kilobytes.
TEST_F(TelemetryTest, APushThatUnpacksToTooMuchIsRefused) {
  const GetTelemetrySubscriptionsResponse grant = Get();
  const std::string zeros((std::size_t{16} << 20) + 1, '\0');
  EXPECT_EQ(Push(grant, zeros, records::Codec::kZstd), ErrorCode::kInvalidRecord);
}

}  // namespace
}  // namespace gneiss::server
