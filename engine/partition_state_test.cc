// SPDX-License-Identifier: Apache-2.0
#include "engine/partition_state.h"

#include <gtest/gtest.h>

namespace gneiss::engine {
namespace {

const format::PartitionRef kRef{Uuid{}, PartitionId(3)};

records::BatchHeader Batch(std::int32_t count, std::int64_t producer_id = -1,
                           std::int32_t sequence = -1) {
  records::BatchHeader header;
  header.last_offset_delta = count - 1;
  header.record_count = count;
  header.producer_id = ProducerId(producer_id);
  header.producer_epoch = producer_id < 0 ? records::kNoProducerEpoch : std::int16_t{0};
  header.base_sequence = sequence;
  return header;
}

format::FactKind KindOf(const format::StateFact& fact) {
  const auto key = format::DecodeFactKey(fact.key);
  EXPECT_TRUE(key.has_value());
  return key->kind;
}

TEST(PartitionStateTest, APlainBatchHasNoFacts) {
  PartitionState state(kRef);
  records::BatchHeader batch = Batch(3);
  EXPECT_TRUE(state.Append(batch, std::nullopt, 0).empty());
  EXPECT_EQ(batch.base_offset, Offset(0));
  EXPECT_EQ(state.next_offset(), Offset(3));
}

// Becoming the leader of an empty partition must not cost a write.
TEST(PartitionStateTest, AnEpochIsWrittenWithItsFirstBatchOnly) {
  PartitionState state(kRef);
  state.BeginEpoch(LeaderEpoch(4));
  records::BatchHeader first = Batch(1), second = Batch(1);
  const StateFacts facts = state.Append(first, std::nullopt, 0);
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].key, format::LeaderEpochKey(kRef, LeaderEpoch(4)));
  EXPECT_EQ(first.leader_epoch, LeaderEpoch(4));
  EXPECT_TRUE(state.Append(second, std::nullopt, 0).empty());
}

TEST(PartitionStateTest, AProducersStateIsWrittenWithEachOfItsBatches) {
  PartitionState state(kRef);
  for (std::int32_t i = 0; i < 3; ++i) {
    records::BatchHeader batch = Batch(1, 7, i);
    const StateFacts facts = state.Append(batch, std::nullopt, 1000);
    ASSERT_EQ(facts.size(), 1u);
    EXPECT_EQ(facts[0].key, format::ProducerKey(kRef, ProducerId(7)));
    EXPECT_EQ(*format::DecodeProducer(*facts[0].value), *state.producers().Find(ProducerId(7)));
  }
}

TEST(PartitionStateTest, AnAbortIsRememberedAndACommitIsNot) {
  PartitionState state(kRef);
  for (const auto type : {records::ControlType::kAbort, records::ControlType::kCommit}) {
    records::BatchHeader data = Batch(1, 7, state.next_offset().value() == 0 ? 0 : 1);
    data.attributes = records::kTransactionalBit;
    state.Append(data, std::nullopt, 0);
    EXPECT_EQ(state.transactions().LastStable(state.next_offset()), data.base_offset);
    records::BatchHeader marker = Batch(1, 7, -1);
    marker.attributes = records::kTransactionalBit | records::kControlBit;
    const StateFacts facts =
        state.Append(marker, records::TransactionMarker{.type = type, .coordinator_epoch = 2}, 0);
    const bool aborted = type == records::ControlType::kAbort;
    ASSERT_EQ(facts.size(), aborted ? 2u : 1u);
    if (aborted) EXPECT_EQ(KindOf(facts[0]), format::FactKind::kAbortedTransaction);
    EXPECT_EQ(KindOf(facts.back()), format::FactKind::kProducer);
    EXPECT_EQ(state.transactions().LastStable(state.next_offset()), state.next_offset());
  }
}

TEST(PartitionStateTest, IdleProducersAreErased) {
  PartitionState state(kRef);
  records::BatchHeader batch = Batch(1, 7, 0);
  state.Append(batch, std::nullopt, 1000);
  StateFacts facts;
  state.ForgetIdleProducers(999, facts);
  EXPECT_TRUE(facts.empty());
  state.ForgetIdleProducers(1000, facts);
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].key, format::ProducerKey(kRef, ProducerId(7)));
  EXPECT_FALSE(facts[0].value.has_value());
}

TEST(PartitionStateTest, ALogStartTakesOldEpochsWithIt) {
  PartitionState state(kRef);
  for (const std::int32_t epoch : {1, 2}) {
    state.BeginEpoch(LeaderEpoch(epoch));
    records::BatchHeader batch = Batch(5);
    state.Append(batch, std::nullopt, 0);
  }
  const StateFacts facts = state.AdvanceLogStart({.offset = Offset(7)});
  ASSERT_EQ(facts.size(), 3u);
  EXPECT_EQ(format::DecodeLogStart(*facts[0].value)->offset, Offset(7));
  EXPECT_EQ(facts[1].key, format::LeaderEpochKey(kRef, LeaderEpoch(1)));
  EXPECT_FALSE(facts[1].value.has_value());
  EXPECT_EQ(facts[2].key, format::LeaderEpochKey(kRef, LeaderEpoch(2)));
}

}  // namespace
}  // namespace gneiss::engine
