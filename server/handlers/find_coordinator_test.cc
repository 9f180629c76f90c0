// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/find_coordinator.h"

#include <string>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::FindCoordinatorRequest;
using protocol::FindCoordinatorResponse;

class FindCoordinatorTest : public ::testing::Test {
 protected:
  FindCoordinatorResponse Find(const std::string& key, std::int8_t type, std::int16_t version) {
    FindCoordinatorRequest request;
    request.key_type = type;
    if (version >= 4) {
      request.coordinator_keys = {key};
    } else {
      request.key = key;
    }
    return client_.Call<FindCoordinatorRequest, FindCoordinatorResponse>(request, version);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(FindCoordinatorTest, EveryVersionFindsTheGroupHere) {
  for (std::int16_t version = 0; version <= 6; ++version) {
    SCOPED_TRACE(version);
    const auto response = Find("g", 0, version);
    if (version < 4) {
      EXPECT_EQ(response.error_code, 0);
      EXPECT_EQ(response.node_id, 1);
      EXPECT_EQ(response.host, "127.0.0.1");
      EXPECT_EQ(response.port, broker_.port());
      continue;
    }
    ASSERT_EQ(response.coordinators.size(), 1U);
    EXPECT_EQ(response.coordinators[0].key, "g");
    EXPECT_EQ(response.coordinators[0].error_code, 0);
    EXPECT_EQ(response.coordinators[0].node_id, 1);
    EXPECT_EQ(response.coordinators[0].host, "127.0.0.1");
    EXPECT_EQ(response.coordinators[0].port, broker_.port());
  }
}

TEST_F(FindCoordinatorTest, SuccessHasAMessageBeforeTheListOfVersionFour) {
  for (std::int16_t version = 1; version <= 3; ++version) {
    EXPECT_EQ(Find("g", 0, version).error_message, "NONE") << version;
  }
  for (std::int16_t version = 4; version <= 6; ++version) {
    EXPECT_EQ(Find("g", 0, version).coordinators.at(0).error_message, "") << version;
  }
}

TEST_F(FindCoordinatorTest, TheFirstQuestionMakesTheOffsetsTopic) {
  EXPECT_EQ(Find("g", 0, 4).coordinators.at(0).error_code, 0);
  const auto metadata = testing::Metadata(client_, {testing::ByName("__consumer_offsets")});
  EXPECT_EQ(metadata.topics.at(0).error_code, 0);
  EXPECT_EQ(metadata.topics.at(0).partitions.size(), 50U);
  EXPECT_TRUE(metadata.topics.at(0).is_internal);
}

TEST_F(FindCoordinatorTest, SeveralKeysAreAnsweredInOrder) {
  FindCoordinatorRequest request;
  request.coordinator_keys = {"b", "", "a"};
  const auto response = client_.Call<FindCoordinatorRequest, FindCoordinatorResponse>(request, 6);
  ASSERT_EQ(response.coordinators.size(), 3U);
  EXPECT_EQ(response.coordinators[0].key, "b");
  EXPECT_EQ(response.coordinators[1].key, "");  // a group for offsets may be called so
  EXPECT_EQ(response.coordinators[2].key, "a");
  for (const auto& one : response.coordinators) EXPECT_EQ(one.error_code, 0);
}

TEST_F(FindCoordinatorTest, TransactionsAreSaidNotToBeServed) {
  for (const std::int16_t version : {std::int16_t{1}, std::int16_t{6}}) {
    const auto response = Find("my-transactions", 1, version);
    const std::int16_t code =
        version < 4 ? response.error_code : response.coordinators.at(0).error_code;
    const auto& message =
        version < 4 ? response.error_message : response.coordinators.at(0).error_message;
    EXPECT_EQ(code, ToWire(ErrorCode::kUnsupportedVersion));
    EXPECT_NE(message.value_or("").find("transactions"), std::string::npos);
  }
}

TEST_F(FindCoordinatorTest, OtherKeyTypesAreInvalid) {
  for (const std::int8_t type : {std::int8_t{2}, std::int8_t{7}, std::int8_t{-1}}) {
    const auto response = Find("k", type, 6);
    EXPECT_EQ(response.coordinators.at(0).error_code, ToWire(ErrorCode::kInvalidRequest));
    EXPECT_EQ(response.coordinators.at(0).node_id, -1);
    EXPECT_EQ(response.coordinators.at(0).port, -1);
  }
}

}  // namespace
}  // namespace gneiss::server
