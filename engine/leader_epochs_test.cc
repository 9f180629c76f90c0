// SPDX-License-Identifier: Apache-2.0
#include "engine/leader_epochs.h"

#include <gtest/gtest.h>

namespace gneiss::engine {
namespace {

// Epochs 2, 5 and 6 begin at 0, 10 and 20.
LeaderEpochs ThreeEpochs() {
  LeaderEpochs epochs;
  epochs.Begin(LeaderEpoch(2), Offset(0));
  epochs.Begin(LeaderEpoch(5), Offset(10));
  epochs.Begin(LeaderEpoch(6), Offset(20));
  return epochs;
}

std::pair<int, int> End(const LeaderEpochs& epochs, int epoch) {
  const EpochEnd end = epochs.EndOf(LeaderEpoch(epoch), Offset(30));
  return {end.leader_epoch.value(), static_cast<int>(end.end_offset.value())};
}

TEST(LeaderEpochsTest, AnEpochEndsWhereTheNextBegins) {
  const LeaderEpochs epochs = ThreeEpochs();
  EXPECT_EQ(End(epochs, 2), std::pair(2, 10));
  EXPECT_EQ(End(epochs, 3), std::pair(2, 10));  // nothing was written in it
  EXPECT_EQ(End(epochs, 5), std::pair(5, 20));
  EXPECT_EQ(End(epochs, 6), std::pair(6, 30));
}

TEST(LeaderEpochsTest, EpochsOutsideTheKnownOnesHaveNoEnd) {
  EXPECT_EQ(End(ThreeEpochs(), 1), std::pair(-1, -1));
  EXPECT_EQ(End(ThreeEpochs(), 7), std::pair(-1, -1));
  EXPECT_EQ(End(LeaderEpochs(), 0), std::pair(-1, -1));
}

TEST(LeaderEpochsTest, OffsetsHaveTheEpochTheyWereWrittenIn) {
  const LeaderEpochs epochs = ThreeEpochs();
  EXPECT_EQ(epochs.At(Offset(9)), LeaderEpoch(2));
  EXPECT_EQ(epochs.At(Offset(10)), LeaderEpoch(5));
  EXPECT_EQ(epochs.At(Offset(99)), LeaderEpoch(6));
  EXPECT_EQ(LeaderEpochs().At(Offset(0)), kNoLeaderEpoch);
}

TEST(LeaderEpochsTest, AnEpochWithoutRecordsIsReplacedByTheNext) {
  LeaderEpochs epochs = ThreeEpochs();
  epochs.Begin(LeaderEpoch(8), Offset(20));
  EXPECT_EQ(End(epochs, 6), std::pair(5, 20));
  EXPECT_EQ(End(epochs, 8), std::pair(8, 30));
}

TEST(LeaderEpochsTest, ChangesAreTakenOnce) {
  LeaderEpochs epochs = ThreeEpochs();
  EXPECT_EQ(epochs.TakeChanges().put.size(), 3u);
  EXPECT_TRUE(epochs.TakeChanges().put.empty());
  epochs.Begin(LeaderEpoch(8), Offset(20));
  const LeaderEpochs::Changes changes = epochs.TakeChanges();
  EXPECT_EQ(changes.put, (std::vector{format::EpochStart{LeaderEpoch(8), Offset(20)}}));
  EXPECT_EQ(changes.erase, std::vector{LeaderEpoch(6)});
}

TEST(LeaderEpochsTest, TheLogStartCutsOffOldEpochs) {
  LeaderEpochs epochs = ThreeEpochs();
  epochs.TakeChanges();
  epochs.TruncateBelow(Offset(15));
  EXPECT_EQ(End(epochs, 2), std::pair(-1, -1));
  EXPECT_EQ(epochs.At(Offset(15)), LeaderEpoch(5));
  const LeaderEpochs::Changes changes = epochs.TakeChanges();
  EXPECT_EQ(changes.put, (std::vector{format::EpochStart{LeaderEpoch(5), Offset(15)}}));
  EXPECT_EQ(changes.erase, std::vector{LeaderEpoch(2)});
}

}  // namespace
}  // namespace gneiss::engine
