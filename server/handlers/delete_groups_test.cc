// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/delete_groups.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::DeleteGroupsRequest;
using protocol::DeleteGroupsResponse;
using protocol::ErrorCode;

class DeleteGroupsTest : public ::testing::Test {
 protected:
  DeleteGroupsTest() {
    testing::CreateTopic(client_, "orders");
    testing::FindGroup(client_);
  }
  DeleteGroupsResponse Delete(std::vector<std::string> groups, std::int16_t version = 2) {
    DeleteGroupsRequest request;
    request.groups_names = std::move(groups);
    return client_.Call<DeleteGroupsRequest, DeleteGroupsResponse>(request, version);
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(DeleteGroupsTest, EveryVersionDeletesAGroupAndItsOffsets) {
  for (std::int16_t version = 0; version <= 2; ++version) {
    SCOPED_TRACE(version);
    ASSERT_EQ(testing::Commit(client_, "g", "orders", 0, 5), 0);
    const auto response = Delete({"g"}, version);
    ASSERT_EQ(response.results.size(), 1U);
    EXPECT_EQ(response.results[0].group_id, "g");
    EXPECT_EQ(response.results[0].error_code, 0);
    EXPECT_EQ(testing::Committed(client_, "g", "orders", 0), -1);
  }
}

TEST_F(DeleteGroupsTest, EachGroupHasItsOwnErrorAndIsAnsweredOnce) {
  testing::MakeStableGroup(client_, "active");
  testing::Commit(client_, "offsets", "orders", 0, 5);
  const auto response = Delete({"active", "unknown", "offsets", "offsets", ""});
  ASSERT_EQ(response.results.size(), 4U);
  EXPECT_EQ(response.results[0].error_code, ToWire(ErrorCode::kNonEmptyGroup));
  EXPECT_EQ(response.results[1].error_code, ToWire(ErrorCode::kGroupIdNotFound));
  EXPECT_EQ(response.results[2].error_code, 0);
  EXPECT_EQ(response.results[3].group_id, "");
  EXPECT_EQ(response.results[3].error_code, ToWire(ErrorCode::kGroupIdNotFound));
}

TEST_F(DeleteGroupsTest, ADeletedGroupStaysDeletedAfterARestart) {
  testing::Commit(client_, "g", "orders", 0, 5);
  testing::Commit(client_, "kept", "orders", 0, 6);
  EXPECT_EQ(Delete({"g"}).results.at(0).error_code, 0);
  broker_.Restart();
  client_ = broker_.Connect();
  testing::WaitForGroups(client_, {"g", "kept"});
  EXPECT_EQ(testing::Committed(client_, "g", "orders", 0), -1);
  EXPECT_EQ(testing::Committed(client_, "kept", "orders", 0), 6);
}

}  // namespace
}  // namespace gneiss::server
