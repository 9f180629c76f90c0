// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_cluster.h"

#include <cstdint>
#include <initializer_list>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"

namespace gneiss::server {
namespace {

using protocol::DescribeClusterRequest;
using protocol::DescribeClusterResponse;
using protocol::ErrorCode;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DescribeClusterTest : public ::testing::Test {
 protected:
  DescribeClusterResponse Call(const DescribeClusterRequest& request, std::int16_t version) {
    return client_.Call<DescribeClusterRequest, DescribeClusterResponse>(request, version);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(DescribeClusterTest, EveryVersionNamesTheClusterAndThisBroker) {
  for (std::int16_t version = 0; version <= 2; ++version) {
    SCOPED_TRACE(version);
    const DescribeClusterResponse response = Call({}, version);
    EXPECT_EQ(response.error_code, 0);
    EXPECT_EQ(response.cluster_id, broker_.broker().cluster_id());
    EXPECT_EQ(response.controller_id, 1);
    EXPECT_EQ(response.endpoint_type, 1);
    ASSERT_THAT(response.brokers, SizeIs(1));
    EXPECT_EQ(response.brokers[0].broker_id, 1);
    EXPECT_EQ(response.brokers[0].host, "127.0.0.1");
    EXPECT_EQ(response.brokers[0].port, broker_.port());
    EXPECT_FALSE(response.brokers[0].is_fenced);
    EXPECT_EQ(response.cluster_authorized_operations, std::numeric_limits<std::int32_t>::min());
  }
}

TEST_F(DescribeClusterTest, AuthorizedOperationsAreToldToThoseWhoAsk) {
  DescribeClusterRequest request;
  request.include_cluster_authorized_operations = true;
  for (std::int16_t version = 0; version <= 2; ++version) {
    EXPECT_EQ(Call(request, version).cluster_authorized_operations, 8096);
  }
}

TEST_F(DescribeClusterTest, ControllersAreNotFoundHereAndOtherTypesNowhere) {
  DescribeClusterRequest request;
  for (std::int16_t version = 1; version <= 2; ++version) {
    request.endpoint_type = 2;
    const DescribeClusterResponse mismatch = Call(request, version);
    EXPECT_EQ(mismatch.error_code, ToWire(ErrorCode::kMismatchedEndpointType));
    EXPECT_THAT(mismatch.brokers, IsEmpty());
    EXPECT_EQ(mismatch.controller_id, -1);
    for (const std::int8_t type : std::initializer_list<std::int8_t>{0, 3}) {
      request.endpoint_type = type;
      EXPECT_EQ(Call(request, version).error_code, ToWire(ErrorCode::kUnsupportedEndpointType));
    }
  }
}

}  // namespace
}  // namespace gneiss::server
