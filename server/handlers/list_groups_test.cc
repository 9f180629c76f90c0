// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/list_groups.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ListGroupsRequest;
using protocol::ListGroupsResponse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ListGroupsTest : public ::testing::Test {
 protected:
  ListGroupsTest() {
    testing::CreateTopic(client_, "orders");
    testing::FindGroup(client_);
    testing::MakeStableGroup(client_, "stable");
    testing::Commit(client_, "offsets-only", "orders", 0, 5);
  }
  ListGroupsResponse List(const ListGroupsRequest& request, std::int16_t version) {
    return client_.Call<ListGroupsRequest, ListGroupsResponse>(request, version);
  }
  // The names of the groups that pass the filters, in alphabetical order.
  std::vector<std::string> Names(std::vector<std::string> states, std::vector<std::string> types) {
    ListGroupsRequest request;
    request.states_filter = std::move(states);
    request.types_filter = std::move(types);
    std::vector<std::string> names;
    for (const auto& group : List(request, 5).groups) names.push_back(group.group_id);
    std::ranges::sort(names);
    return names;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(ListGroupsTest, EveryVersionListsAllGroups) {
  for (std::int16_t version = 0; version <= 5; ++version) {
    SCOPED_TRACE(version);
    auto response = List({}, version);
    EXPECT_EQ(response.error_code, 0);
    std::ranges::sort(response.groups, {}, &ListGroupsResponse::ListedGroup::group_id);
    ASSERT_EQ(response.groups.size(), 2U);
    EXPECT_EQ(response.groups[0].group_id, "offsets-only");
    EXPECT_EQ(response.groups[0].protocol_type, "");
    EXPECT_EQ(response.groups[1].group_id, "stable");
    EXPECT_EQ(response.groups[1].protocol_type, "consumer");
    EXPECT_EQ(response.groups[0].group_state, version >= 4 ? "Empty" : "");
    EXPECT_EQ(response.groups[1].group_state, version >= 4 ? "Stable" : "");
    EXPECT_EQ(response.groups[1].group_type, version >= 5 ? "classic" : "");
  }
}

TEST_F(ListGroupsTest, FiltersByStateAndTypeWithoutMindingCase) {
  EXPECT_THAT(Names({"sTaBlE"}, {}), ElementsAre("stable"));
  EXPECT_THAT(Names({"Stable", "empty"}, {"CLASSIC"}), ElementsAre("offsets-only", "stable"));
  EXPECT_THAT(Names({"Dead"}, {}), IsEmpty());
  EXPECT_THAT(Names({"no such state"}, {}), IsEmpty());
  EXPECT_THAT(Names({}, {"consumer"}), IsEmpty());
  EXPECT_THAT(Names({}, {"no such type", "Classic"}), ElementsAre("offsets-only", "stable"));
}

TEST(ListGroupsOfANewBrokerTest, ThereAreNone) {
  testing::InProcessBroker broker;
  testing::RawClient client = broker.Connect();
  const auto response = client.Call<ListGroupsRequest, ListGroupsResponse>({}, 5);
  EXPECT_EQ(response.error_code, 0);
  EXPECT_THAT(response.groups, IsEmpty());
}

}  // namespace
}  // namespace gneiss::server
