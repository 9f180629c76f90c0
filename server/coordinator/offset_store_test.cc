// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/offset_store.h"

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

using std::chrono::milliseconds;

const TopicPartition kOrders0{"orders", PartitionId(0)};
const TopicPartition kOrders1{"orders", PartitionId(1)};
const TopicPartition kLogs0{"logs", PartitionId(0)};

CommittedOffset At(std::int64_t offset, TimestampMs commit_time = 1000) {
  return {.offset = Offset(offset), .commit_time = commit_time};
}

TEST(OffsetStoreTest, FindsWhatWasSet) {
  OffsetStore store;
  EXPECT_EQ(store.Find("orders", PartitionId(0)), nullptr);
  store.Set(kOrders0, At(5));
  store.Set(kOrders0, At(6));
  ASSERT_NE(store.Find("orders", PartitionId(0)), nullptr);
  EXPECT_EQ(store.Find("orders", PartitionId(0))->offset, Offset(6));
  EXPECT_EQ(store.Find("orders", PartitionId(1)), nullptr);
  EXPECT_EQ(store.Find("logs", PartitionId(0)), nullptr);
}

TEST(OffsetStoreTest, ErasingTheLastOffsetLeavesNothing) {
  OffsetStore store;
  store.Set(kOrders0, At(5));
  store.Erase(kOrders0);
  EXPECT_TRUE(store.empty());
  store.Erase(kOrders0);  // was never there: as good
  EXPECT_TRUE(store.empty());
}

// A deletion must write a tombstone for a commit that is still on its way, or the commit would
// come back with a restart.
TEST(OffsetStoreTest, AWriteOnItsWayIsKnownButDoesNotShow) {
  OffsetStore store;
  store.BeginWrite(kOrders0);
  EXPECT_EQ(store.Find("orders", PartitionId(0)), nullptr);
  EXPECT_TRUE(store.Has(kOrders0));
  EXPECT_EQ(store.Partitions(), std::vector{kOrders0});
  EXPECT_FALSE(store.empty());
  store.EndWrite(kOrders0);
  EXPECT_TRUE(store.empty());
}

TEST(OffsetStoreTest, SeveralWritesOfOnePartitionAreCounted) {
  OffsetStore store;
  store.BeginWrite(kOrders0);
  store.BeginWrite(kOrders0);
  store.EndWrite(kOrders0);
  EXPECT_TRUE(store.Has(kOrders0));
  store.Set(kOrders0, At(7));
  store.EndWrite(kOrders0);
  EXPECT_EQ(store.Find("orders", PartitionId(0))->offset, Offset(7));
}

TEST(OffsetStoreTest, ListsThePartitionsOfATopic) {
  OffsetStore store;
  store.Set(kOrders1, At(1));
  store.BeginWrite(kOrders0);
  store.Set(kLogs0, At(2));
  EXPECT_EQ(store.PartitionsOf("orders"), (std::vector{kOrders0, kOrders1}));
  EXPECT_TRUE(store.PartitionsOf("other").empty());
}

TEST(OffsetStoreTest, OffsetsExpireByTheTimeOfTheirCommit) {
  OffsetStore store;
  store.Set(kOrders0, At(1, 1000));
  store.Set(kOrders1, At(1, 2000));
  const OffsetExpiryRule rule{.base = OffsetExpiryRule::Base::kCommitTime};
  EXPECT_TRUE(store.Expired(rule, milliseconds(500), 1499).empty());
  EXPECT_EQ(store.Expired(rule, milliseconds(500), 1500), std::vector{kOrders0});
  EXPECT_EQ(store.Expired(rule, milliseconds(500), 2500).size(), 2U);
}

TEST(OffsetStoreTest, OffsetsOfAnEmptyGroupExpireTogether) {
  OffsetStore store;
  store.Set(kOrders0, At(1, 1000));
  store.Set(kOrders1, At(1, 9000));
  const OffsetExpiryRule rule{.base = OffsetExpiryRule::Base::kEmptySince, .empty_since = 5000};
  EXPECT_TRUE(store.Expired(rule, milliseconds(500), 5499).empty());
  EXPECT_EQ(store.Expired(rule, milliseconds(500), 5500).size(), 2U);
}

TEST(OffsetStoreTest, SubscribedTopicsAreKept) {
  OffsetStore store;
  store.Set(kOrders0, At(1, 1000));
  store.Set(kLogs0, At(1, 1000));
  const OffsetExpiryRule rule{.base = OffsetExpiryRule::Base::kCommitTime,
                              .kept_topics = {"orders"}};
  EXPECT_EQ(store.Expired(rule, milliseconds(500), 9999), std::vector{kLogs0});
}

TEST(OffsetStoreTest, NothingExpiresWhileTheGroupRebalances) {
  OffsetStore store;
  store.Set(kOrders0, At(1, 1000));
  EXPECT_TRUE(store.Expired({}, milliseconds(500), 1'000'000).empty());
}

TEST(OffsetStoreTest, AClientsOwnExpiryTimeWins) {
  OffsetStore store;
  CommittedOffset offset = At(1, 1000);
  offset.expire_time = 8000;
  store.Set(kOrders0, offset);
  const OffsetExpiryRule rule{.base = OffsetExpiryRule::Base::kCommitTime};
  EXPECT_TRUE(store.Expired(rule, milliseconds(500), 7999).empty());
  EXPECT_EQ(store.Expired(rule, milliseconds(500), 8000), std::vector{kOrders0});
}

TEST(OffsetStoreTest, AnOffsetThatIsBeingWrittenDoesNotExpire) {
  OffsetStore store;
  store.Set(kOrders0, At(1, 1000));
  store.BeginWrite(kOrders0);
  const OffsetExpiryRule rule{.base = OffsetExpiryRule::Base::kCommitTime};
  EXPECT_TRUE(store.Expired(rule, milliseconds(500), 9999).empty());
}

}  // namespace
}  // namespace gneiss::server
