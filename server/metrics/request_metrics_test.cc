// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/request_metrics.h"

#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "server/metrics/loop_lag.h"

namespace gneiss::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr ServedApi kApis[] = {{.key = ApiKey::kProduce, .name = "Produce"},
                               {.key = ApiKey::kFetch, .name = "Fetch"},
                               {.key = ApiKey::kMetadata, .name = "Metadata"}};

class RequestMetricsTest : public ::testing::Test {
 protected:
  std::string Text() {
    MetricFamilies families;
    const LoopMetrics* const loops[] = {&first_, &second_};
    AddRequestMetrics(loops, families);
    return families.Text();
  }

  LoopMetrics first_{kApis};
  LoopMetrics second_{kApis};
};

TEST_F(RequestMetricsTest, LoopsAreAddedUp) {
  first_.of(kApis[0]).requests.Add(3);
  first_.of(kApis[0]).answered.Add(3);
  second_.of(kApis[0]).requests.Add(2);
  second_.of(kApis[0]).request_bytes.Add(100);
  second_.parked_fetches.Add();
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("gneiss_requests_total{api=\"Produce\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_requests_in_flight{api=\"Produce\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_request_bytes_total{api=\"Produce\"} 100\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_parked_fetches 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("Metadata"))) << "nobody has asked for it";
}

TEST_F(RequestMetricsTest, OnlyErrorsThatOccurredAreShownByKafkasNames) {
  first_.of(kApis[1]).requests.Add();
  first_.of(kApis[1]).CountError(1);
  second_.of(kApis[1]).CountError(1);
  second_.of(kApis[1]).CountError(0);
  second_.of(kApis[1]).CountError(kErrorCodeMax);
  second_.of(kApis[1]).CountError(30'000);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("{api=\"Fetch\",error=\"OFFSET_OUT_OF_RANGE\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("{api=\"Fetch\",error=\"SHARE_SESSION_LIMIT_REACHED\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{api=\"Fetch\",error=\"UNKNOWN_SERVER_ERROR\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("error=\"NONE\"")));
}

TEST_F(RequestMetricsTest, DurationsAreCountedUpToTheirBounds) {
  ApiMetrics& produce = first_.of(kApis[0]);
  produce.requests.Add();
  produce.total.Observe(milliseconds(1));  // a bound belongs to its bucket
  produce.total.Observe(milliseconds(1) + nanoseconds(1));
  produce.total.Observe(std::chrono::hours(1));
  const std::string text = Text();
  const std::string name = "gneiss_request_duration_seconds";
  EXPECT_THAT(text, HasSubstr(name + "_bucket{api=\"Produce\",le=\"0.0005\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{api=\"Produce\",le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{api=\"Produce\",le=\"0.0025\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{api=\"Produce\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_count{api=\"Produce\"} 3\n"));
}

TEST_F(RequestMetricsTest, ConnectionsAreOpenUntilTheyAreClosedForAReason) {
  first_.connections_opened.Add(3);
  second_.connections_opened.Add();
  first_.connections_closed[static_cast<std::size_t>(CloseReason::kIdle)].Add();
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("gneiss_connections{loop=\"0\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_connections{loop=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_connections_accepted_total 4\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_connections_closed_total{reason=\"idle\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gneiss_connections_closed_total{reason=\"peer\"} 0\n"));
}

TEST(LoopLagTest, ALoopThatDoesNotRunLagsByAllTheTimeThereWas) {
  boost::asio::io_context stuck;
  const boost::asio::any_io_executor loops[] = {stuck.get_executor()};
  EXPECT_THAT(MeasureLoopLag(loops, milliseconds(1)), ElementsAre(nanoseconds(milliseconds(1))));
  stuck.run();  // what comes late harms nobody
}

}  // namespace
}  // namespace gneiss::server
