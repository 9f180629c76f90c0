// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/list_config_resources.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::ListConfigResourcesRequest;
using protocol::ListConfigResourcesResponse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class ListConfigResourcesTest : public ::testing::Test {
 protected:
  ListConfigResourcesResponse Call(std::vector<std::int8_t> types, std::int16_t version = 1) {
    ListConfigResourcesRequest request;
    request.resource_types = std::move(types);
    return client_.Call<ListConfigResourcesRequest, ListConfigResourcesResponse>(request, version);
  }
  std::vector<std::pair<int, std::string>> List(std::vector<std::int8_t> types) {
    std::vector<std::pair<int, std::string>> listed;
    for (auto& resource : Call(std::move(types)).config_resources) {
      listed.emplace_back(resource.resource_type, std::move(resource.resource_name));
    }
    return listed;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(ListConfigResourcesTest, AllTypesUnlessSomeAreAskedFor) {
  testing::CreateTopic(client_, "orders");
  EXPECT_THAT(List({}), UnorderedElementsAre(Pair(2, "orders"), Pair(4, "1"), Pair(8, "1")));
  EXPECT_THAT(List({2}), ElementsAre(Pair(2, "orders")));
  EXPECT_THAT(List({4, 4}), ElementsAre(Pair(4, "1")));
  EXPECT_THAT(List({16, 32}), IsEmpty());
}

TEST_F(ListConfigResourcesTest, VersionZeroListsClientMetricsOnly) {
  testing::CreateTopic(client_, "orders");
  const ListConfigResourcesResponse response = Call({}, 0);
  EXPECT_EQ(response.error_code, 0);
  EXPECT_THAT(response.config_resources, IsEmpty());
}

TEST_F(ListConfigResourcesTest, UnknownTypesAreRefused) {
  for (const std::int8_t type : {std::int8_t{0}, std::int8_t{7}, std::int8_t{-1}}) {
    const ListConfigResourcesResponse response = Call({2, type});
    EXPECT_EQ(response.error_code, ToWire(ErrorCode::kUnsupportedVersion));
    EXPECT_THAT(response.config_resources, IsEmpty());
  }
}

}  // namespace
}  // namespace gneiss::server
