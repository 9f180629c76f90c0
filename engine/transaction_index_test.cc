// SPDX-License-Identifier: Apache-2.0
#include "engine/transaction_index.h"

#include <gtest/gtest.h>

namespace gneiss::engine {
namespace {

constexpr ProducerId kProducer{7};

std::vector<std::int64_t> FirstOffsets(const std::vector<format::AbortedTxn>& txns) {
  std::vector<std::int64_t> offsets;
  for (const format::AbortedTxn& txn : txns) offsets.push_back(txn.first_offset.value());
  return offsets;
}

TEST(TransactionIndexTest, TheOldestOpenTransactionBoundsTheStablePart) {
  TransactionIndex index;
  EXPECT_EQ(index.LastStable(Offset(5)), Offset(5));
  index.Open(Offset(5));
  index.Open(Offset(8));
  EXPECT_EQ(index.LastStable(Offset(10)), Offset(5));
  index.Commit(Offset(5), Offset(10));
  EXPECT_EQ(index.LastStable(Offset(11)), Offset(8));
  index.Commit(Offset(8), Offset(11));
  EXPECT_EQ(index.LastStable(Offset(12)), Offset(12));
}

// A marker that a leader change may still take back has not ended anything.
TEST(TransactionIndexTest, AMarkerAboveTheHighWatermarkDoesNotCountYet) {
  TransactionIndex index;
  index.Open(Offset(5));
  index.Commit(Offset(5), Offset(10));
  EXPECT_EQ(index.LastStable(Offset(10)), Offset(5));
  EXPECT_EQ(index.LastStable(Offset(11)), Offset(11));
}

TEST(TransactionIndexTest, AbortedTransactionsAreFoundByOverlap) {
  TransactionIndex index;
  index.Open(Offset(0));
  index.Open(Offset(2));
  const format::AbortedTxn second = index.Abort(kProducer, Offset(2), Offset(4));
  EXPECT_EQ(second.last_stable_offset, Offset(0));  // the first is still open
  const format::AbortedTxn first = index.Abort(kProducer, Offset(0), Offset(6));
  EXPECT_EQ(first.last_stable_offset, Offset(7));
  index.Open(Offset(10));
  index.Abort(kProducer, Offset(10), Offset(12));

  EXPECT_EQ(FirstOffsets(index.AbortedIn(Offset(0), Offset(20))),
            (std::vector<std::int64_t>{0, 2, 10}));
  EXPECT_EQ(FirstOffsets(index.AbortedIn(Offset(5), Offset(10))), std::vector<std::int64_t>{0});
  EXPECT_EQ(FirstOffsets(index.AbortedIn(Offset(0), Offset(2))), std::vector<std::int64_t>{0});
  EXPECT_TRUE(index.AbortedIn(Offset(7), Offset(10)).empty());
  EXPECT_TRUE(index.AbortedIn(Offset(13), Offset(20)).empty());
}

TEST(TransactionIndexTest, WhatLiesBelowTheLogStartIsForgotten) {
  TransactionIndex index;
  for (const std::int64_t first : {0, 5}) {
    index.Open(Offset(first));
    index.Abort(kProducer, Offset(first), Offset(first + 2));
  }
  EXPECT_TRUE(index.TruncateBelow(Offset(2)).empty());  // its marker is at 2
  EXPECT_EQ(FirstOffsets(index.TruncateBelow(Offset(3))), std::vector<std::int64_t>{0});
  EXPECT_EQ(FirstOffsets(index.AbortedIn(Offset(0), Offset(20))), std::vector<std::int64_t>{5});
}

TEST(TransactionIndexTest, WhatCompactionHasLeftNothingOfIsForgotten) {
  TransactionIndex index;
  index.Open(Offset(0));
  const format::AbortedTxn first = index.Abort(ProducerId(1), Offset(0), Offset(5));
  index.Open(Offset(6));
  const format::AbortedTxn second = index.Abort(ProducerId(1), Offset(6), Offset(9));
  index.Forget({first});
  EXPECT_EQ(index.AbortedIn(Offset(0), Offset(20)), std::vector{second});
  index.Forget({});
  EXPECT_EQ(index.AbortedIn(Offset(0), Offset(20)).size(), 1U);
}

}  // namespace
}  // namespace gneiss::engine
