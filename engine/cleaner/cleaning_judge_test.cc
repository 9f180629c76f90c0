// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/cleaning_judge.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cleaner/transaction_scan.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/records/batch_builder.h"
#include "protocol/records/control_record.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine {
namespace {

using records::BatchBuilder;
using records::BatchHeader;
using records::BatchOptions;
using records::Codec;
using Verdict = BatchCleaner::Verdict;

constexpr Offset kFar{1'000'000};

// A judge over a whole log in which `newest` are the newest offsets of keys.
class CleaningJudgeTest : public testing::Test {
 protected:
  CleaningJudgeTest() : rules_(new CleaningRules{.keys = KeyMap(100), .end = kFar}) {
    rules_->now = 10'000;
    rules_->delete_retention_ms = 500;
  }

  Verdict Judge(const std::string& batch, std::vector<Offset> spent_markers = {}) {
    const CleaningJudge judge(
        rules_, {.from = Offset(0), .to = kFar, .spent_markers = std::move(spent_markers)});
    rewritten_.clear();
    const Verdict verdict = judge.Judge(AsBytes(batch), &rewritten_);
    EXPECT_EQ(judge.unjudged(), 0);
    return verdict;
  }

  BatchHeader Rewritten() const {
    const auto batch = records::RecordBatchView::Parse(AsBytes(rewritten_));
    EXPECT_TRUE(batch.has_value());
    EXPECT_TRUE(batch->VerifyCrc().has_value());
    return batch->header();
  }

  // "offset:timestamp:key=value" of each record, headers behind it.
  std::vector<std::string> RewrittenRecords() const {
    std::vector<std::string> texts;
    auto records =
        records::RecordIterator::Open(*records::RecordBatchView::Parse(AsBytes(rewritten_)));
    while (const auto record = records->Next().value()) {
      std::string text = std::to_string(record->offset.value()) + ":" +
                         std::to_string(record->timestamp) + ":" +
                         std::string(record->key.value_or("null")) + "=" +
                         std::string(record->value.value_or("null"));
      for (const auto& header : record->headers) text += " " + std::string(header.key);
      texts.push_back(std::move(text));
    }
    return texts;
  }

  std::shared_ptr<CleaningRules> rules_;
  std::string rewritten_;
};

std::string BatchOf(std::vector<std::pair<std::string, std::optional<std::string>>> records,
                    BatchOptions options = {}) {
  BatchBuilder builder(options);
  TimestampMs timestamp = 100;
  for (const auto& [key, value] : records) builder.Add(key, value, timestamp++);
  return builder.Build().value();
}

TEST_F(CleaningJudgeTest, ABatchOfNewestRecordsIsLeftAsItIs) {
  rules_->keys.Put("a", Offset(0));
  EXPECT_EQ(Judge(BatchOf({{"a", "1"}, {"unknown", "2"}})), Verdict::kKeep);
}

TEST_F(CleaningJudgeTest, ABatchOfOldRecordsGoes) {
  rules_->keys.Put("a", Offset(7));
  EXPECT_EQ(Judge(BatchOf({{"a", "1"}, {"a", "2"}})), Verdict::kRemove);
}

TEST_F(CleaningJudgeTest, ABatchThatLosesRecordsKeepsEverythingElse) {
  rules_->keys.Put("a", Offset(7));
  const std::array<records::HeaderView, 2> headers{records::HeaderView{"h", "1"},
                                                   records::HeaderView{"i", std::nullopt}};
  for (const Codec codec :
       {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    BatchBuilder builder({.base_offset = Offset(4),
                          .leader_epoch = LeaderEpoch(3),
                          .codec = codec,
                          .producer_id = ProducerId(8),
                          .producer_epoch = 2,
                          .base_sequence = 40,
                          .is_transactional = true});
    builder.Add("a", "old", 50);
    builder.Add({.timestamp = 30, .key = "b", .value = "new", .headers = headers});
    builder.Add("a", "old", 60);
    const std::string batch = builder.Build().value();
    ASSERT_EQ(Judge(batch), Verdict::kRewrite);
    const BatchHeader before = records::BatchHeader::Parse(AsBytes(batch)).value();
    const BatchHeader header = Rewritten();
    EXPECT_EQ(header.base_offset, Offset(4));
    EXPECT_EQ(header.last_offset(), Offset(6));
    EXPECT_EQ(header.leader_epoch, LeaderEpoch(3));
    EXPECT_EQ(header.attributes, before.attributes);
    EXPECT_EQ(header.producer_id, ProducerId(8));
    EXPECT_EQ(header.producer_epoch, 2);
    EXPECT_EQ(header.base_sequence, 40);
    EXPECT_EQ(header.max_timestamp, 30) << "of the records that are left";
    EXPECT_EQ(RewrittenRecords(), std::vector<std::string>{"5:30:b=new h i"});
  }
}

TEST_F(CleaningJudgeTest, LogAppendTimeStays) {
  rules_->keys.Put("a", Offset(7));
  const std::string batch =
      BatchOf({{"a", "1"}, {"b", "2"}},
              {.timestamp_type = records::TimestampType::kLogAppendTime, .log_append_time = 999});
  ASSERT_EQ(Judge(batch), Verdict::kRewrite);
  EXPECT_EQ(Rewritten().max_timestamp, 999);
  EXPECT_EQ(RewrittenRecords(), std::vector<std::string>{"1:999:b=2"});
}

TEST_F(CleaningJudgeTest, RecordsWithoutAKeyGo) {
  BatchBuilder builder;
  builder.Add(std::nullopt, "v", 1);
  EXPECT_EQ(Judge(builder.Build().value()), Verdict::kRemove);
}

TEST_F(CleaningJudgeTest, RecordsAtOrAboveTheEndStay) {
  rules_->end = Offset(1);
  rules_->keys.Put("a", Offset(9));
  ASSERT_EQ(Judge(BatchOf({{"a", "1"}, {"a", std::nullopt}})), Verdict::kRewrite);
  EXPECT_EQ(RewrittenRecords(), std::vector<std::string>{"1:101:a=null"});
  EXPECT_FALSE(Rewritten().has_delete_horizon()) << "no clean has passed over the tombstone yet";
}

TEST_F(CleaningJudgeTest, ATombstoneGetsAHorizonAndGoesAfterIt) {
  rules_->keys.Put("a", Offset(0));
  ASSERT_EQ(Judge(BatchOf({{"a", std::nullopt}, {"b", "v"}})), Verdict::kRewrite);
  EXPECT_TRUE(Rewritten().has_delete_horizon());
  EXPECT_EQ(Rewritten().base_timestamp, 10'500);
  EXPECT_EQ(RewrittenRecords(), (std::vector<std::string>{"0:100:a=null", "1:101:b=v"}));

  const std::string with_horizon = rewritten_;
  rules_->now = 10'499;
  EXPECT_EQ(Judge(with_horizon), Verdict::kKeep);
  rules_->now = 10'500;
  ASSERT_EQ(Judge(with_horizon), Verdict::kRewrite);
  EXPECT_EQ(RewrittenRecords(), std::vector<std::string>{"1:101:b=v"});
  EXPECT_EQ(Rewritten().base_timestamp, 10'500) << "stays until the batch goes";
}

TEST_F(CleaningJudgeTest, AHorizonBeyondTimeIsTheEndOfTime) {
  rules_->delete_retention_ms = std::numeric_limits<std::int64_t>::max();
  ASSERT_EQ(Judge(BatchOf({{"a", std::nullopt}})), Verdict::kRewrite);
  EXPECT_EQ(Rewritten().base_timestamp, std::numeric_limits<std::int64_t>::max());
}

TEST_F(CleaningJudgeTest, TheLastBatchStaysThoughEmpty) {
  rules_->keys.Put("a", Offset(7));
  rules_->last_batch = Offset(1);
  ASSERT_EQ(Judge(BatchOf({{"a", "1"}, {"a", "2"}})), Verdict::kRewrite);
  EXPECT_EQ(Rewritten().record_count, 0);
  EXPECT_EQ(Rewritten().last_offset(), Offset(1));
  EXPECT_EQ(Rewritten().max_timestamp, 101);

  const std::string emptied = rewritten_;
  EXPECT_EQ(Judge(emptied), Verdict::kKeep);
  rules_->last_batch = Offset(20);
  EXPECT_EQ(Judge(emptied), Verdict::kRemove);
}

TEST_F(CleaningJudgeTest, OnlyWhatWasAbortedGoes) {
  rules_->aborted[ProducerId(8)] = {{Offset(2), Offset(4)}, {Offset(10), Offset(12)}};
  const auto of = [](std::int64_t base, std::int64_t producer, bool transactional) {
    return BatchOf({{"k" + std::to_string(base), "v"}}, {.base_offset = Offset(base),
                                                         .producer_id = ProducerId(producer),
                                                         .producer_epoch = 0,
                                                         .base_sequence = 0,
                                                         .is_transactional = transactional});
  };
  EXPECT_EQ(Judge(of(2, 8, true)), Verdict::kRemove);
  EXPECT_EQ(Judge(of(3, 8, true)), Verdict::kRemove);
  EXPECT_EQ(Judge(of(3, 9, true)), Verdict::kKeep) << "of another producer";
  EXPECT_EQ(Judge(of(3, 8, false)), Verdict::kKeep) << "outside of any transaction";
  EXPECT_EQ(Judge(of(5, 8, true)), Verdict::kKeep) << "committed between the two";
  EXPECT_EQ(Judge(of(11, 8, true)), Verdict::kRemove);
  EXPECT_EQ(Judge(of(13, 8, true)), Verdict::kKeep);
}

TEST_F(CleaningJudgeTest, ASpentMarkerGetsAHorizonAndGoesAfterIt) {
  const std::string marker = records::BuildMarkerBatch(
      {.type = records::ControlType::kCommit, .coordinator_epoch = 5}, ProducerId(8), 2, 100);
  EXPECT_EQ(Judge(marker), Verdict::kKeep);
  ASSERT_EQ(Judge(marker, {Offset(0)}), Verdict::kRewrite);
  EXPECT_EQ(Rewritten().base_timestamp, 10'500);
  EXPECT_TRUE(Rewritten().is_control());
  EXPECT_EQ(Rewritten().producer_epoch, 2);

  const std::string with_horizon = rewritten_;
  EXPECT_EQ(Judge(with_horizon, {Offset(0)}), Verdict::kKeep);
  rules_->now = 20'000;
  EXPECT_EQ(Judge(with_horizon), Verdict::kKeep);
  EXPECT_EQ(Judge(with_horizon, {Offset(0)}), Verdict::kRemove);
}

TEST_F(CleaningJudgeTest, DamageIsKeptAndCounted) {
  rules_->keys.Put("a", Offset(7));
  std::string batch = BatchOf({{"a", "1"}});
  batch.back() ^= 1;
  const CleaningJudge judge(rules_, {.from = Offset(0), .to = kFar});
  EXPECT_EQ(judge.Judge(AsBytes(batch), &rewritten_), Verdict::kKeep);
  EXPECT_EQ(judge.unjudged(), 1);
}

TEST_F(CleaningJudgeTest, WhatLiesOutsideThePieceStays) {
  rules_->keys.Put("a", Offset(70));
  const CleaningJudge judge(rules_, {.from = Offset(10), .to = Offset(20)});
  for (const auto& [base, verdict] : {std::pair(9, Verdict::kKeep),
                                      {10, Verdict::kRemove},
                                      {19, Verdict::kRemove},
                                      {20, Verdict::kKeep}}) {
    const std::string batch = BatchOf({{"a", "1"}}, {.base_offset = Offset(base)});
    EXPECT_EQ(judge.Judge(AsBytes(batch), &rewritten_), verdict) << base;
  }
}

TEST(TransactionScanTest, AMarkerIsSpentWhenNothingOfItsTransactionIsLeft) {
  using records::ControlType;
  const auto data = [](std::int64_t producer) {
    return BatchHeader{.attributes = records::kTransactionalBit,
                       .producer_id = ProducerId(producer)};
  };
  const auto marker = [](std::int64_t producer) {
    return BatchHeader{.attributes = records::kTransactionalBit | records::kControlBit,
                       .producer_id = ProducerId(producer)};
  };
  TransactionScan scan;
  EXPECT_TRUE(scan.Pass(marker(1), ControlType::kCommit));
  EXPECT_FALSE(scan.Pass(data(1), std::nullopt));
  EXPECT_TRUE(scan.Pass(marker(2), ControlType::kAbort));
  EXPECT_FALSE(scan.Pass(marker(1), ControlType::kCommit));
  EXPECT_TRUE(scan.Pass(marker(1), ControlType::kAbort)) << "of the next transaction";
  EXPECT_TRUE(scan.Pass(marker(1), std::nullopt)) << "one that was emptied";
  EXPECT_FALSE(scan.Pass(marker(1), ControlType::kLeaderChange));
}

}  // namespace
}  // namespace gneiss::engine
