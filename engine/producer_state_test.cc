// SPDX-License-Identifier: Apache-2.0
#include "engine/producer_state.h"

#include <gtest/gtest.h>

#include <limits>

namespace gneiss::engine {
namespace {

constexpr std::int32_t kLastSequence = std::numeric_limits<std::int32_t>::max();

// One producer and the log's end; Append says what became of the batch.
class ProducerStateTest : public ::testing::Test {
 protected:
  enum class Outcome { kAppended, kDuplicate, kOutOfOrder, kFenced };

  static records::BatchHeader Batch(std::int16_t epoch, std::int32_t sequence, std::int32_t count) {
    records::BatchHeader header;
    header.producer_id = ProducerId(7);
    header.producer_epoch = epoch;
    header.base_sequence = sequence;
    header.last_offset_delta = count - 1;
    header.record_count = count;
    header.max_timestamp = 500;
    return header;
  }

  Outcome Append(std::int16_t epoch, std::int32_t sequence, std::int32_t count = 1) {
    return Append(Batch(epoch, sequence, count));
  }

  Outcome Append(records::BatchHeader batch) {
    const auto verdict = state_.Check(batch);
    if (!verdict) {
      return verdict.error().code == Errc::kFencedProducer ? Outcome::kFenced
                                                           : Outcome::kOutOfOrder;
    }
    if (*verdict) {
      duplicate_of_ = (*verdict)->base_offset;
      return Outcome::kDuplicate;
    }
    batch.base_offset = end_;
    end_ = batch.next_offset();
    state_.Append(batch, now_);
    return Outcome::kAppended;
  }

  void EndTransaction(std::int16_t epoch) {
    records::BatchHeader marker = Batch(epoch, -1, 1);
    marker.attributes = records::kControlBit | records::kTransactionalBit;
    marker.base_offset = end_;
    ++end_;
    state_.EndTransaction(marker, 3, now_);
  }

  Offset end_{100};
  TimestampMs now_ = 1000;
  Offset duplicate_of_ = kNoOffset;
  ProducerState state_;
};

TEST_F(ProducerStateTest, AnUnknownProducerMayBeginAnywhere) {
  EXPECT_EQ(Append(0, 42), Outcome::kAppended);
  EXPECT_EQ(Append(0, 43), Outcome::kAppended);
}

TEST_F(ProducerStateTest, SequencesFollowWithoutAGap) {
  EXPECT_EQ(Append(0, 0, 3), Outcome::kAppended);
  EXPECT_EQ(Append(0, 4), Outcome::kOutOfOrder);
  EXPECT_EQ(Append(0, 2), Outcome::kOutOfOrder);
  EXPECT_EQ(Append(0, 3), Outcome::kAppended);
}

TEST_F(ProducerStateTest, SequencesWrapToZero) {
  EXPECT_EQ(Append(0, kLastSequence - 1, 2), Outcome::kAppended);
  EXPECT_EQ(Append(0, 0), Outcome::kAppended);
  EXPECT_EQ(Append(0, 1), Outcome::kAppended);
}

TEST_F(ProducerStateTest, ABatchAcrossTheWrapIsRecognisedAgain) {
  EXPECT_EQ(Append(0, kLastSequence - 1, 4), Outcome::kAppended);  // ..., max, 0, 1
  EXPECT_EQ(Append(0, kLastSequence - 1, 4), Outcome::kDuplicate);
  EXPECT_EQ(duplicate_of_, Offset(100));
  EXPECT_EQ(Append(0, 2), Outcome::kAppended);
}

TEST_F(ProducerStateTest, TheLastFiveBatchesAreRecognised) {
  for (std::int32_t i = 0; i < 6; ++i) EXPECT_EQ(Append(0, i), Outcome::kAppended);
  for (std::int32_t i = 1; i < 6; ++i) {
    EXPECT_EQ(Append(0, i), Outcome::kDuplicate);
    EXPECT_EQ(duplicate_of_, Offset(100 + i));
  }
  EXPECT_EQ(Append(0, 0), Outcome::kOutOfOrder);  // too old to be told from a gap
}

TEST_F(ProducerStateTest, AnOverlapWithOtherBoundsIsNoDuplicate) {
  EXPECT_EQ(Append(0, 0, 4), Outcome::kAppended);
  EXPECT_EQ(Append(0, 0, 3), Outcome::kOutOfOrder);
  EXPECT_EQ(Append(0, 1, 3), Outcome::kOutOfOrder);
  EXPECT_EQ(Append(0, 0, 4), Outcome::kDuplicate);
}

TEST_F(ProducerStateTest, ANewEpochBeginsAtZeroAndForgetsTheOld) {
  EXPECT_EQ(Append(3, 0, 2), Outcome::kAppended);
  EXPECT_EQ(Append(4, 2), Outcome::kOutOfOrder);
  EXPECT_EQ(Append(9, 0), Outcome::kAppended);  // epochs may skip
  EXPECT_EQ(Append(9, 0), Outcome::kDuplicate);
  EXPECT_EQ(Append(9, 2), Outcome::kOutOfOrder);
}

TEST_F(ProducerStateTest, AnOldEpochIsFencedEvenForADuplicate) {
  EXPECT_EQ(Append(3, 0), Outcome::kAppended);
  EXPECT_EQ(Append(4, 0), Outcome::kAppended);
  EXPECT_EQ(Append(3, 0), Outcome::kFenced);
  EXPECT_EQ(Append(3, 1), Outcome::kFenced);
}

TEST_F(ProducerStateTest, AMarkerOfTheSameEpochKeepsTheSequence) {
  EXPECT_EQ(Append(0, 0, 2), Outcome::kAppended);
  EndTransaction(0);
  EXPECT_EQ(Append(0, 2), Outcome::kAppended);
}

// Transactions of version 2: the marker carries the next epoch, which begins at 0.
TEST_F(ProducerStateTest, AMarkerOfTheNextEpochStartsTheSequenceAgain) {
  EXPECT_EQ(Append(0, 0, 2), Outcome::kAppended);
  EndTransaction(1);
  EXPECT_EQ(Append(0, 2), Outcome::kFenced);
  EXPECT_EQ(Append(1, 2), Outcome::kOutOfOrder);
  EXPECT_EQ(Append(1, 0), Outcome::kAppended);
}

TEST_F(ProducerStateTest, ATransactionBeginsWithItsFirstBatchAndEndsWithTheMarker) {
  records::BatchHeader batch = Batch(0, 0, 2);
  batch.attributes = records::kTransactionalBit;
  EXPECT_EQ(Append(batch), Outcome::kAppended);
  batch.base_sequence = 2;
  EXPECT_EQ(Append(batch), Outcome::kAppended);
  EXPECT_EQ(state_.Find(ProducerId(7))->txn_first_offset, Offset(100));
  EndTransaction(0);
  EXPECT_EQ(state_.Find(ProducerId(7))->txn_first_offset, kNoOffset);
  EXPECT_EQ(state_.Find(ProducerId(7))->coordinator_epoch, 3);
}

TEST_F(ProducerStateTest, IdleProducersAreForgottenUnlessATransactionIsOpen) {
  Append(0, 0);
  records::BatchHeader open = Batch(0, 0, 1);
  open.producer_id = ProducerId(8);
  open.attributes = records::kTransactionalBit;
  Append(open);
  EXPECT_TRUE(state_.ForgetIdleSince(999).empty());
  EXPECT_EQ(state_.ForgetIdleSince(1000), std::vector{ProducerId(7)});
  EXPECT_EQ(Append(0, 17), Outcome::kAppended);
  EXPECT_NE(state_.Find(ProducerId(8)), nullptr);
}

}  // namespace
}  // namespace gneiss::engine
