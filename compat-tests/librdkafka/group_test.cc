// SPDX-License-Identifier: Apache-2.0
// Groups: how members share partitions, and what becomes of offsets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "admin.h"
#include "member.h"

namespace compat {
namespace {

using testing::Contains;
using testing::Not;
using testing::UnorderedElementsAre;

class GroupTest : public testing::Test {
 protected:
  std::string NewTopic(int partitions) {
    const std::string name = Unique("topic");
    EXPECT_EQ(admin_.CreateTopic(name, partitions), RD_KAFKA_RESP_ERR_NO_ERROR);
    return name;
  }

  // True once the members own all partitions of the topic, none twice, in portions of `sizes`.
  static bool WaitForShare(const std::vector<Member*>& members, std::vector<size_t> sizes) {
    std::sort(sizes.begin(), sizes.end());
    return WaitUntil([&] {
      Member::Partitions together;
      std::vector<size_t> owned;
      for (const Member* member : members) {
        const Member::Partitions portion = member->Owned();
        owned.push_back(portion.size());
        together.insert(portion.begin(), portion.end());
      }
      std::sort(owned.begin(), owned.end());
      size_t total = 0;
      for (const size_t size : sizes) total += size;
      return owned == sizes && together.size() == total;
    });
  }

  static size_t ReceivedCount(const std::vector<Member*>& members) {
    size_t count = 0;
    for (const Member* member : members) {
      for (const auto& [partition, offsets] : member->Received()) count += offsets.size();
    }
    return count;
  }

  static void Send(const std::string& topic, std::int32_t partition, int count) {
    for (const Delivery& delivery : Producer({}).Produce(topic, partition, Numbered(count))) {
      ASSERT_EQ(delivery.error, RD_KAFKA_RESP_ERR_NO_ERROR);
    }
  }

  Admin admin_;
  const std::string group_ = Unique("group");
};

class StrategyTest : public GroupTest, public testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(AllStrategies, StrategyTest,
                         testing::Values("range", "roundrobin", "cooperative-sticky"),
                         [](const auto& info) {
                           return info.param == "cooperative-sticky" ? "cooperative" : info.param;
                         });

TEST_P(StrategyTest, MembersJoinAndLeaveAndEachRecordIsReceivedOnce) {
  const Settings strategy = {{"partition.assignment.strategy", GetParam()}};
  const std::string topic = NewTopic(6);
  Member first(group_, {topic}, strategy), second(group_, {topic}, strategy);
  ASSERT_TRUE(WaitForShare({&first, &second}, {3, 3}));
  {
    Member third(group_, {topic}, strategy);
    ASSERT_TRUE(WaitForShare({&first, &second, &third}, {2, 2, 2}));
    for (std::int32_t partition = 0; partition < 6; ++partition) Send(topic, partition, 30);
    ASSERT_TRUE(WaitUntil([&] { return ReceivedCount({&first, &second, &third}) >= 180; }));
    EXPECT_EQ(ReceivedCount({&first, &second, &third}), 180u);
  }
  ASSERT_TRUE(WaitForShare({&first, &second}, {3, 3}));
  const Admin::GroupDescription described = admin_.DescribeGroup(group_);
  EXPECT_EQ(described.assignor, GetParam());
  EXPECT_EQ(described.state, RD_KAFKA_CONSUMER_GROUP_STATE_STABLE);
  EXPECT_EQ(described.partitions, 6u);
  EXPECT_THAT(described.instance_ids, UnorderedElementsAre("", ""));
}

TEST_F(GroupTest, AStaticMemberComesBackWithoutARebalance) {
  const auto instance = [](const std::string& id) {
    return Settings{{"group.instance.id", id}, {"session.timeout.ms", "30000"}};
  };
  const std::string topic = NewTopic(4);
  Member stays(group_, {topic}, instance("stays"));
  Member leaves(group_, {topic}, instance("leaves"));
  ASSERT_TRUE(WaitForShare({&stays, &leaves}, {2, 2}));
  const int rebalances = stays.Rebalances();
  const Member::Partitions before = leaves.Owned();
  leaves.Close();
  Member returned(group_, {topic}, instance("leaves"));
  EXPECT_TRUE(WaitUntil([&] { return returned.Owned() == before; }));
  EXPECT_EQ(stays.Rebalances(), rebalances);
  EXPECT_THAT(admin_.DescribeGroup(group_).instance_ids, UnorderedElementsAre("stays", "leaves"));
}

TEST_F(GroupTest, MembersThatShareNoStrategyCannotMeet) {
  const std::string topic = NewTopic(2);
  Member first(group_, {topic}, {{"partition.assignment.strategy", "range"}});
  ASSERT_TRUE(WaitForShare({&first}, {2}));
  std::atomic<int> error = 0;
  const Handle other = NewHandle(
      RD_KAFKA_CONSUMER, {{"group.id", group_}, {"partition.assignment.strategy", "roundrobin"}},
      &error, [](rd_kafka_conf_t* conf) {
        rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int code, const char*, void* opaque) {
          *static_cast<std::atomic<int>*>(opaque) = code;
        });
      });
  rd_kafka_subscribe(other.get(), OnePartition(topic, RD_KAFKA_PARTITION_UA, 0).get());
  EXPECT_TRUE(WaitUntil([&] {
    const Message message(rd_kafka_consumer_poll(other.get(), 50));
    if (message) error = message->err;
    return error == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL;
  })) << rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error.load()));
  EXPECT_EQ(first.Owned().size(), 2u);
}

TEST_F(GroupTest, AGroupContinuesBehindItsLastCommit) {
  const std::string topic = NewTopic(1);
  Send(topic, 0, 30);
  {
    Member member(group_, {topic}, {{"enable.auto.commit", "false"}});
    ASSERT_TRUE(WaitUntil([&] { return ReceivedCount({&member}) == 30; }));
    EXPECT_EQ(member.Commit(topic, 21), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  Member member(group_, {topic});
  ASSERT_TRUE(WaitUntil([&] { return ReceivedCount({&member}) == 9; }));
  EXPECT_EQ(member.Received()[0].front(), 21);
}

TEST_F(GroupTest, OffsetsAreAlteredAndDeletedOnlyWhereNobodyReads) {
  const std::string topic = NewTopic(1);
  EXPECT_EQ(admin_.AlterOffset(group_, topic, 17), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(admin_.CommittedOffset(group_, topic), 17);
  {
    Member member(group_, {topic});
    ASSERT_TRUE(WaitForShare({&member}, {1}));
    EXPECT_EQ(admin_.AlterOffset(group_, topic, 3), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    EXPECT_EQ(admin_.DeleteOffset(group_, topic), RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC);
  }
  EXPECT_EQ(admin_.DeleteOffset(group_, topic), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(admin_.CommittedOffset(group_, topic), RD_KAFKA_OFFSET_INVALID);
}

TEST_F(GroupTest, GroupsAreListedAndDeleted) {
  const std::string topic = NewTopic(1);
  {
    Member member(group_, {topic});
    ASSERT_TRUE(WaitForShare({&member}, {1}));
    EXPECT_THAT(admin_.ListGroups(), Contains(group_));
    EXPECT_EQ(admin_.DeleteGroup(group_), RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP);
  }
  EXPECT_TRUE(WaitUntil(
      [&] { return admin_.DescribeGroup(group_).state == RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY; }));
  EXPECT_EQ(admin_.DeleteGroup(group_), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_THAT(admin_.ListGroups(), Not(Contains(group_)));
  EXPECT_EQ(admin_.DeleteGroup(group_), RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
}

}  // namespace
}  // namespace compat
