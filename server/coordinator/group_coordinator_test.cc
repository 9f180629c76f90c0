// SPDX-License-Identifier: Apache-2.0

// The coordinator in a whole broker, with clients on several threads and several event loops.
#include "server/coordinator/group_coordinator.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/leave_group.h"
#include "server/testing/group_calls.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;

// A member of "shared" that joins, syncs, commits and leaves, over and over.
class BusyMember {
 public:
  BusyMember(const testing::InProcessBroker& broker, int number)
      : client_(broker.Connect()), partition_(number) {}

  // Returns how often it has held the group's whole assignment.
  int Run(int rounds) {
    int synced = 0;
    for (int i = 0; i < rounds; ++i) {
      const auto joined = testing::Enter(client_, testing::NewJoin("shared"));
      if (joined.error_code != 0) continue;  // given up meanwhile: as a client would, again
      if (testing::Sync(client_, "shared", joined).error_code == 0) {
        ++synced;
        Commit(joined, i);
      }
      Leave(joined);
      testing::Commit(client_, "own" + std::to_string(partition_), "orders", partition_, i);
    }
    return synced;
  }

 private:
  void Commit(const protocol::JoinGroupResponse& joined, std::int64_t offset) {
    protocol::OffsetCommitRequest request;
    request.group_id = "shared";
    request.member_id = joined.member_id;
    request.generation_id_or_member_epoch = joined.generation_id;
    request.topics.emplace_back().name = "orders";
    request.topics[0].partitions = {{.partition_index = partition_, .committed_offset = offset}};
    client_.Call<protocol::OffsetCommitRequest, protocol::OffsetCommitResponse>(request, 9);
  }
  void Leave(const protocol::JoinGroupResponse& joined) {
    protocol::LeaveGroupRequest request;
    request.group_id = "shared";
    request.members.emplace_back().member_id = joined.member_id;
    client_.Call<protocol::LeaveGroupRequest, protocol::LeaveGroupResponse>(request, 5);
  }

  testing::RawClient client_;
  const std::int32_t partition_;
};

TEST(GroupCoordinatorTest, MembersOnManyThreadsComeAndGo) {
  constexpr int kMembers = 6;
  constexpr int kRounds = 15;
  testing::InProcessBroker broker({.properties = {}, .event_loops = 3});
  testing::RawClient client = broker.Connect();
  testing::CreateTopic(client, "orders", kMembers);
  testing::FindGroup(client);
  std::atomic<int> synced = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kMembers; ++i) {
    threads.emplace_back([&broker, &synced, i] { synced += BusyMember(broker, i).Run(kRounds); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(synced, 0);
  for (int i = 0; i < kMembers; ++i) {
    EXPECT_EQ(testing::Committed(client, "own" + std::to_string(i), "orders", i), kRounds - 1);
  }
  broker.Restart();
  testing::RawClient after = broker.Connect();
  for (int i = 0; i < kMembers; ++i) {
    const std::string group = "own" + std::to_string(i);
    testing::WaitForGroups(after, {group});
    EXPECT_EQ(testing::Committed(after, group, "orders", i), kRounds - 1);
  }
}

// Topics come and go under groups that commit to them: no offset outlives its topic.
TEST(GroupCoordinatorTest, TopicsAreDeletedWhileGroupsCommit) {
  testing::InProcessBroker broker({.properties = {}, .event_loops = 2});
  testing::RawClient client = broker.Connect();
  testing::CreateTopic(client, "kept", 1);
  testing::FindGroup(client);
  std::atomic<bool> done = false;
  std::thread committer([&broker, &done] {
    testing::RawClient other = broker.Connect();
    for (int i = 0; !done; ++i) {
      const std::string group = "g" + std::to_string(i % 7);
      testing::Commit(other, group, "fleeting", 0, i);
      testing::Commit(other, group, "kept", 0, i);
    }
  });
  for (int i = 0; i < 10; ++i) {
    testing::CreateTopic(client, "fleeting", 1);
    while (testing::Committed(client, "g3", "fleeting", 0) < 0) {
    }
    protocol::DeleteTopicsRequest request;
    request.topic_names = {"fleeting"};
    request.timeout_ms = 10'000;
    client.Call<protocol::DeleteTopicsRequest, protocol::DeleteTopicsResponse>(request, 5);
  }
  done = true;
  committer.join();
  testing::CreateTopic(client, "fleeting", 1);
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(testing::Committed(client, "g" + std::to_string(i), "fleeting", 0), -1);
  }
  EXPECT_GE(testing::Committed(client, "g3", "kept", 0), 0);
}

}  // namespace
}  // namespace gneiss::server
