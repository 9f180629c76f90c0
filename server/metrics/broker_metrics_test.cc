// SPDX-License-Identifier: Apache-2.0

// The page of a whole broker, and what docs/operations.md says of it.

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/messages/incremental_alter_configs.h"
#include "server/broker.h"
#include "server/http/control_client.h"
#include "server/metrics/group_lag.h"
#include "server/testing/data_test.h"
#include "server/testing/group_calls.h"

namespace gneiss::server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BrokerMetricsTest : public DataTest {
 protected:
  std::string Page() {
    const auto answer = AskBroker(broker_.data_dir(), "GET", "/metrics");
    EXPECT_TRUE(answer);
    return answer ? answer->body : "";
  }
  GroupLag LagOf(const std::string& group, GroupLagLimits limits) {
    GroupFigures figures;
    figures.group = group;
    Broker& broker = broker_.broker();
    return ReadGroupLag(broker.groups(), broker.partitions(), broker.clock(), {&figures, 1},
                        limits);
  }
};

std::set<std::string> NamesIn(const std::string& text, const char* pattern) {
  std::set<std::string> names;
  const std::regex expression(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
    names.insert((*it)[1]);
  }
  return names;
}

TEST_F(BrokerMetricsTest, TheManualKnowsEachMetricAndNoOther) {
  std::ifstream in(OPERATIONS_PAGE);
  std::string manual(std::istreambuf_iterator<char>(in), {});
  manual = std::regex_replace(manual, std::regex("_(bucket|sum|count)\\b"), "");
  const auto described = NamesIn(manual, R"(\b((gneiss|process)_[a-z0-9_]+))");
  const auto printed = NamesIn(Page(), "# TYPE ([a-z0-9_]+) ");
  EXPECT_GT(printed.size(), 80u);
  EXPECT_THAT(described, ::testing::ContainerEq(printed));
}

TEST_F(BrokerMetricsTest, RequestsErrorsAndTrafficAreCounted) {
  CreateTopic("orders");
  Append("orders", {"a", "b"});
  Append("orders", {"c"});
  EXPECT_NE(Produce("nowhere", MakeBatch({"x"})).error_code, 0);
  EXPECT_EQ(Fetch("orders", 0).error_code, 0);
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr("gneiss_requests_total{api=\"Produce\"} 3\n"));
  EXPECT_THAT(page,
              HasSubstr("gneiss_request_errors_total{api=\"Produce\",error=\"UNKNOWN_TOPIC_OR_"
                        "PARTITION\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_request_duration_seconds_count{api=\"Produce\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_topic_produced_records_total{topic=\"orders\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_topic_produced_batches_total{topic=\"orders\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_topic_fetched_batches_total{topic=\"orders\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_connections{loop=\"0\"} 1\n"));
  EXPECT_THAT(page, Not(HasSubstr("nowhere"))) << "labels come from our tables only";
}

// Its config lives as long as the topic does, and so do its counters.
TEST_F(BrokerMetricsTest, ATopicGoesOnCountingWhenItsConfigChanges) {
  CreateTopic("orders");
  Append("orders", {"a"});
  protocol::IncrementalAlterConfigsRequest request;
  request.resources = {{.resource_type = 2,
                        .resource_name = "orders",
                        .configs = {{.name = "retention.ms", .value = "1000000"}}}};
  const auto answer = client_.Call<protocol::IncrementalAlterConfigsRequest,
                                   protocol::IncrementalAlterConfigsResponse>(request, 1);
  ASSERT_EQ(answer.responses.at(0).error_code, 0);
  Append("orders", {"b"});
  EXPECT_THAT(Page(), HasSubstr("gneiss_topic_produced_records_total{topic=\"orders\"} 2\n"));
}

TEST_F(BrokerMetricsTest, AGroupsLagIsToldInRecordsAndInSeconds) {
  CreateTopic("orders", 2);
  const TimestampMs now = broker_.broker().clock().WallMs();
  Append("orders", {"a", "b"}, 0, {.timestamp = now - 3'600'000});
  Append("orders", {"c"}, 0, {.timestamp = now - 60'000});
  Append("orders", {"d"}, 1);
  FindGroup(client_, "g");
  ASSERT_EQ(Commit(client_, "g", "orders", 0, 2), 0);
  ASSERT_EQ(Commit(client_, "g", "orders", 1, 1), 0);
  const GroupLag lag =
      LagOf("g", {.partitions_max = 10, .read_time_max = std::chrono::minutes(10)});
  ASSERT_EQ(lag.partitions.size(), 2u);
  EXPECT_EQ(lag.partitions[0].records, 1);
  EXPECT_GE(lag.partitions[0].seconds.value(), 60);
  EXPECT_LT(lag.partitions[0].seconds.value(), 3600);
  EXPECT_EQ(lag.partitions[1].records, 0);
  EXPECT_EQ(lag.partitions[1].seconds, 0);
  const std::string page = Page();
  const std::string where = "{group=\"g\",topic=\"orders\",partition=\"0\"}";
  EXPECT_THAT(page, HasSubstr("gneiss_group_lag_records" + where + " 1\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_group_committed_offset" + where + " 2\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_groups{protocol=\"classic\",state=\"Empty\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_group_partitions 2\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_offsets_committed_total 2\n"));
}

TEST_F(BrokerMetricsTest, LagIsBoundedInPartitionsAndInTime) {
  CreateTopic("orders", 3);
  FindGroup(client_, "g");
  for (int partition = 0; partition < 3; ++partition) {
    Append("orders", {"a"}, partition);
    ASSERT_EQ(Commit(client_, "g", "orders", partition, 0), 0);
  }
  const GroupLag lag = LagOf("g", {.partitions_max = 2, .read_time_max = {}});
  ASSERT_EQ(lag.partitions.size(), 2u);
  EXPECT_EQ(lag.partitions[0].records, 1);
  EXPECT_EQ(lag.partitions[0].seconds, std::nullopt);
  EXPECT_EQ(lag.unread, 2u);
}

TEST_F(BrokerMetricsTest, AStableGroupShowsItsMembersAndRebalances) {
  FindGroup(client_, "g");
  MakeStableGroup(client_, "g");
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr("gneiss_group_members{group=\"g\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_group_epoch{group=\"g\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("{group=\"g\",protocol=\"classic\",state=\"Stable\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("gneiss_group_rebalances_total 1\n"));
}

TEST_F(BrokerMetricsTest, ARunningBrokerIsReady) {
  const auto answer = AskBroker(broker_.data_dir(), "GET", "/readyz");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "ready\n");
}

}  // namespace
}  // namespace gneiss::server::testing
