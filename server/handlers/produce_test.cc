// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/produce.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/records/record_batch.h"
#include "protocol/records/record_iterator.h"
#include "server/testing/data_test.h"

namespace gneiss::server::testing {
namespace {

constexpr std::size_t kBaseOffsetPosition = 0;
constexpr std::size_t kAttributesPosition = 21;
constexpr std::size_t kLastOffsetDeltaPosition = 23;
constexpr std::size_t kRecordCountPosition = 57;

class ProduceTest : public DataTest {
 protected:
  ProduceTest() : id_(CreateTopic("t", 3)) {}

  // The code that one batch gets, and that nothing was said which a refusal may not say.
  std::int16_t CodeOf(std::optional<std::string> records, std::int16_t version = 9,
                      const std::string& topic = "t") {
    refusal_ = Produce(topic, std::move(records), 0, version);
    if (refusal_.error_code != 0) EXPECT_EQ(refusal_.base_offset, -1);
    return refusal_.error_code;
  }
  static std::int16_t Code(ErrorCode code) { return ToWire(code); }
  records::BatchHeader StoredHeader(const std::string& topic, std::int64_t offset) {
    const Fetched fetched = Fetch(topic, offset);
    return records::BatchHeader::Parse(fetched.records.value().Contiguous().view()).value();
  }

  const Uuid id_;
  Answer refusal_;
};

TEST_F(ProduceTest, EveryVersionAppendsAndAnswersItsFields) {
  for (std::int16_t version = 3; version <= 13; ++version) {
    auto request = ProduceRequestFor("t", 0, MakeBatch({"a", "b"}));
    if (version >= 13) request.topic_data[0] = {"", id_, request.topic_data[0].partition_data};
    const auto response = Call(request, version);
    ASSERT_EQ(response.responses.size(), 1u);
    EXPECT_EQ(response.responses[0].name, version >= 13 ? "" : "t");
    EXPECT_EQ(response.responses[0].topic_id, version >= 13 ? id_ : Uuid());
    const Answer& answer = response.responses[0].partition_responses.at(0);
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.base_offset, 2 * (version - 3));
    EXPECT_EQ(answer.log_append_time_ms, -1);
    EXPECT_EQ(answer.log_start_offset, version >= 5 ? 0 : -1);
  }
}

TEST_F(ProduceTest, AVersionBelowThreeClosesTheConnection) {
  client_.SendRaw(std::string("\0\0\0\x0e\0\0\0\2\0\0\0\1\xff\xff\0\0\0\0", 18));
  EXPECT_TRUE(client_.ClosedByPeer());
}

TEST_F(ProduceTest, PartitionsAreAnsweredInTheOrderOfTheRequestEachWithItsOwnCode) {
  auto request = ProduceRequestFor("t", 2, MakeBatch({"a"}));
  request.topic_data[0].partition_data.push_back(
      {9, request.topic_data[0].partition_data[0].records});
  request.topic_data[0].partition_data.push_back(
      {0, request.topic_data[0].partition_data[0].records});
  request.topic_data.push_back(ProduceRequestFor("nope", 0, MakeBatch({"a"})).topic_data[0]);
  const auto response = Call(request);
  ASSERT_EQ(response.responses.size(), 2u);
  const auto& answers = response.responses[0].partition_responses;
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].index, 2);
  EXPECT_EQ(answers[0].error_code, 0);
  EXPECT_EQ(answers[1].index, 9);
  EXPECT_EQ(answers[1].error_code, Code(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(answers[2].index, 0);
  EXPECT_EQ(answers[2].error_code, 0);
  EXPECT_EQ(response.responses[1].partition_responses.at(0).error_code,
            Code(ErrorCode::kUnknownTopicOrPartition));
}

TEST_F(ProduceTest, UnknownTopicsAndIdsAreToldApart) {
  EXPECT_EQ(CodeOf(MakeBatch({"a"}), 9, "no such topic"),
            Code(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(refusal_.log_start_offset, -1);
  auto request = ProduceRequestFor("", 0, MakeBatch({"a"}));
  request.topic_data[0].topic_id.bytes[3] = 7;
  EXPECT_EQ(Call(request, 13).responses.at(0).partition_responses.at(0).error_code,
            Code(ErrorCode::kUnknownTopicId));
}

TEST_F(ProduceTest, WhatIsNotOneWholeBatchIsAnInvalidRecord) {
  const std::string batch = MakeBatch({"a"});
  for (const std::int16_t version : {std::int16_t{8}, std::int16_t{9}}) {
    EXPECT_EQ(CodeOf("", version), Code(ErrorCode::kInvalidRecord));
    EXPECT_EQ(CodeOf(std::nullopt, version), Code(ErrorCode::kInvalidRecord));
    EXPECT_EQ(CodeOf(batch.substr(0, batch.size() - 1), version), Code(ErrorCode::kInvalidRecord));
    EXPECT_EQ(CodeOf(batch + batch, version), Code(ErrorCode::kInvalidRecord));
    EXPECT_EQ(refusal_.log_start_offset, -1) << "refused before the log was asked";
    EXPECT_EQ(refusal_.error_message, std::nullopt);
  }
}

TEST_F(ProduceTest, BytesBehindTheBatchThatFormNoneAreDropped) {
  EXPECT_EQ(CodeOf(MakeBatch({"a"}) + "abc"), 0);
  EXPECT_EQ(Fetch("t", 0).records->size(), MakeBatch({"a"}).size());
}

TEST_F(ProduceTest, BatchesThatContradictThemselvesAreRefusedByTheLog) {
  const std::string batch = MakeBatch({"a"});
  Append("t", {"first"});
  EXPECT_EQ(CodeOf(WithField(batch, kBaseOffsetPosition, std::int64_t{5})),
            Code(ErrorCode::kInvalidRecord));
  EXPECT_EQ(refusal_.log_start_offset, 0);
  EXPECT_EQ(CodeOf(WithField(batch, kRecordCountPosition, std::int32_t{2})),
            Code(ErrorCode::kInvalidRecord));
  EXPECT_EQ(CodeOf(WithField(batch, kRecordCountPosition, std::int32_t{0})),
            Code(ErrorCode::kInvalidRecord));
  EXPECT_EQ(CodeOf(WithField(batch, kLastOffsetDeltaPosition, std::int32_t{3})),
            Code(ErrorCode::kInvalidRecord));
  EXPECT_EQ(CodeOf(WithField(batch, kAttributesPosition, records::kControlBit)),
            Code(ErrorCode::kInvalidRecord));
  EXPECT_EQ(CodeOf(MakeBatch({"a"}, {.producer_id = 5, .producer_epoch = 0})),
            Code(ErrorCode::kInvalidRecord))
      << "a producer id without a sequence";
  EXPECT_EQ(refusal_.log_start_offset, 0);
  std::string damaged = batch;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_EQ(CodeOf(damaged), Code(ErrorCode::kCorruptMessage));
  EXPECT_EQ(refusal_.log_start_offset, -1);
}

TEST_F(ProduceTest, OtherFormatsAreRefused) {
  std::string old = MakeBatch({"a"});
  old[records::kMagicPosition] = 1;
  EXPECT_EQ(CodeOf(old), Code(ErrorCode::kInvalidRecord));
  old[records::kMagicPosition] = 3;
  EXPECT_EQ(CodeOf(old), Code(ErrorCode::kCorruptMessage));
  EXPECT_TRUE(refusal_.error_message.has_value());
}

TEST_F(ProduceTest, ZstdNeedsVersionSeven) {
  const std::string batch = MakeBatch({"a"}, {.codec = records::Codec::kZstd});
  EXPECT_EQ(CodeOf(batch, 6), Code(ErrorCode::kUnsupportedCompressionType));
  EXPECT_EQ(CodeOf(batch, 7), 0);
}

TEST_F(ProduceTest, AcksMustBeOneOfThree) {
  auto request = ProduceRequestFor("t", 0, MakeBatch({"a"}));
  request.acks = 5;
  EXPECT_EQ(Call(request).responses.at(0).partition_responses.at(0).error_code,
            Code(ErrorCode::kInvalidRequiredAcks));
  request.topic_data[0].partition_data[0].records.emplace();
  EXPECT_EQ(Call(request).responses.at(0).partition_responses.at(0).error_code,
            Code(ErrorCode::kInvalidRecord))
      << "what was sent is looked at first";
  request = ProduceRequestFor("t", 0, MakeBatch({"a"}));
  request.acks = 1;
  EXPECT_EQ(Call(request).responses.at(0).partition_responses.at(0).error_code, 0);
}

TEST_F(ProduceTest, AcksZeroIsAnsweredWithNothingAtAll) {
  auto request = ProduceRequestFor("t", 0, MakeBatch({"a"}));
  request.acks = 0;
  client_.Send(request, 9);
  EXPECT_EQ(Append("t", {"b"}), 1) << "the next answer on the connection is the next request's";
}

TEST_F(ProduceTest, AcksZeroWithAnErrorClosesTheConnection) {
  auto request = ProduceRequestFor("nope", 0, MakeBatch({"a"}));
  request.acks = 0;
  client_.Send(request, 9);
  EXPECT_TRUE(client_.ClosedByPeer());
}

TEST_F(ProduceTest, BatchesAreBoundedByTheTopicsMaxMessageBytes) {
  const std::string batch = MakeBatch({"0123456789"});
  CreateTopic("exact", 1, {{"max.message.bytes", std::to_string(batch.size())}});
  CreateTopic("short", 1, {{"max.message.bytes", std::to_string(batch.size() - 1)}});
  EXPECT_EQ(CodeOf(batch, 9, "exact"), 0);
  EXPECT_EQ(CodeOf(batch, 9, "short"), Code(ErrorCode::kMessageTooLarge));
  EXPECT_EQ(refusal_.log_start_offset, -1);
}

TEST_F(ProduceTest, CompactedTopicsNameEveryRecordWithoutAKey) {
  CreateTopic("c", 1, {{"cleanup.policy", "compact"}});
  EXPECT_EQ(CodeOf(MakeBatch({"a", "b"}, {.key = std::nullopt}), 9, "c"),
            Code(ErrorCode::kInvalidRecord));
  ASSERT_EQ(refusal_.record_errors.size(), 2u);
  EXPECT_EQ(refusal_.record_errors[0].batch_index, 0);
  EXPECT_EQ(refusal_.record_errors[1].batch_index, 1);
  EXPECT_TRUE(refusal_.record_errors[0].batch_index_error_message.has_value());
  EXPECT_TRUE(refusal_.error_message.has_value());
  EXPECT_EQ(refusal_.log_start_offset, 0);
  EXPECT_EQ(CodeOf(MakeBatch({"a"}), 9, "c"), 0);
}

TEST_F(ProduceTest, TimestampsOutsideTheTopicsWindowAreNamed) {
  CreateTopic("w", 1, {{"message.timestamp.before.max.ms", "1000"}});
  EXPECT_EQ(CodeOf(MakeBatch({"a"}, {.timestamp = 1000}), 9, "w"),
            Code(ErrorCode::kInvalidTimestamp));
  EXPECT_EQ(refusal_.record_errors.size(), 1u);
  EXPECT_EQ(CodeOf(MakeBatch({"a"}, {.timestamp = -1}), 9, "w"), 0) << "none is no time";
}

TEST_F(ProduceTest, LogAppendTimeTopicsTellTheTime) {
  CreateTopic("l", 1, {{"message.timestamp.type", "LogAppendTime"}});
  const Answer answer = Produce("l", MakeBatch({"a"}, {.timestamp = 5}));
  EXPECT_GT(answer.log_append_time_ms, 1'000'000'000'000);
  const records::BatchHeader stored = StoredHeader("l", 0);
  EXPECT_EQ(stored.timestamp_type(), records::TimestampType::kLogAppendTime);
  EXPECT_EQ(stored.max_timestamp, answer.log_append_time_ms);
  EXPECT_EQ(stored.base_timestamp, 5);
}

TEST_F(ProduceTest, TheTopicsCodecReplacesTheProducers) {
  CreateTopic("g", 1, {{"compression.type", "gzip"}});
  CreateTopic("u", 1, {{"compression.type", "uncompressed"}});
  const std::string plain = MakeBatch({std::string(1000, 'x')});
  Produce("g", plain);
  EXPECT_EQ(StoredHeader("g", 0).codec(), records::Codec::kGzip);
  Produce("u", MakeBatch({std::string(1000, 'x')}, {.codec = records::Codec::kLz4}));
  EXPECT_EQ(StoredHeader("u", 0).codec(), records::Codec::kNone);
  Produce("t", MakeBatch({std::string(1000, 'x')}, {.codec = records::Codec::kSnappy}));
  EXPECT_EQ(StoredHeader("t", 0).codec(), records::Codec::kSnappy);
}

TEST_F(ProduceTest, OnlyKafkasOwnAdminClientWritesToInternalTopics) {
  CreateTopic("__transaction_state");
  EXPECT_EQ(CodeOf(MakeBatch({"a"}), 9, "__transaction_state"),
            Code(ErrorCode::kInvalidTopicException));
  EXPECT_EQ(CodeOf("", 9, "__transaction_state"), Code(ErrorCode::kInvalidRecord));
  client_.set_client_id("__admin_client");
  EXPECT_EQ(CodeOf(MakeBatch({"a"}), 9, "__transaction_state"), 0);
}

TEST_F(ProduceTest, ATransactionalBatchAnywhereRefusesTheWholeRequest) {
  const std::string batch = MakeBatch(
      {"a"}, {.producer_id = 7, .producer_epoch = 0, .base_sequence = 0, .transactional = true});
  auto request = ProduceRequestFor("t", 0, MakeBatch({"a"}));
  request.topic_data[0].partition_data.push_back({1, wire::Records(SharedBytes::CopyOf(batch))});
  request.transactional_id = "tx";
  for (const Answer& answer : Call(request).responses.at(0).partition_responses) {
    EXPECT_EQ(answer.error_code, Code(ErrorCode::kTransactionalIdAuthorizationFailed));
    EXPECT_EQ(answer.log_start_offset, -1);
  }
  EXPECT_EQ(Append("t", {"b"}), 0) << "nothing was written";
}

TEST_F(ProduceTest, APartitionNamedTwiceIsWrittenAndAnsweredOnceByItsLastEntry) {
  auto request = ProduceRequestFor("t", 0, MakeBatch({"a"}));
  request.topic_data[0].partition_data.push_back(
      {0, wire::Records(SharedBytes::Own(MakeBatch({"b", "c"})))});
  const auto response = Call(request);
  ASSERT_EQ(response.responses.at(0).partition_responses.size(), 1u);
  EXPECT_EQ(response.responses[0].partition_responses[0].base_offset, 0);
  EXPECT_EQ(Append("t", {"d"}), 2);
}

TEST_F(ProduceTest, RequestsWithoutPartitionsAreAnsweredEmpty) {
  auto request = ProduceRequestFor("t", 0, std::nullopt);
  request.topic_data[0].partition_data.clear();
  EXPECT_TRUE(Call(request).responses.empty());
  request.topic_data.clear();
  EXPECT_TRUE(Call(request).responses.empty());
}

// --- idempotence ---

class IdempotentProduceTest : public ProduceTest {
 protected:
  Answer Send(std::int16_t epoch, std::int32_t sequence, int records = 1) {
    return Produce(
        "t", MakeBatch(Values(static_cast<std::size_t>(records), "v"),
                       {.producer_id = 77, .producer_epoch = epoch, .base_sequence = sequence}));
  }
};

TEST_F(IdempotentProduceTest, ADuplicateIsAnsweredLikeItsOriginalAndNotWritten) {
  EXPECT_EQ(Send(0, 3).base_offset, 0) << "without a state any sequence may be the first";
  EXPECT_EQ(Send(0, 4, 2).base_offset, 1);
  const Answer duplicate = Send(0, 3);
  EXPECT_EQ(duplicate.error_code, 0);
  EXPECT_EQ(duplicate.base_offset, 0);
  EXPECT_EQ(Send(0, 6).base_offset, 3);
}

TEST_F(IdempotentProduceTest, GapsAndOverlapsAreOutOfOrder) {
  Send(0, 0, 2);
  for (const Answer& answer : {Send(0, 5), Send(0, 0), Send(0, 1)}) {
    EXPECT_EQ(answer.error_code, Code(ErrorCode::kOutOfOrderSequenceNumber));
    EXPECT_EQ(answer.base_offset, -1);
    EXPECT_EQ(answer.log_start_offset, 0);
  }
}

TEST_F(IdempotentProduceTest, ANewEpochBeginsAtZeroAndFencesTheOldOne) {
  Send(0, 0);
  EXPECT_EQ(Send(2, 1).error_code, Code(ErrorCode::kOutOfOrderSequenceNumber));
  EXPECT_EQ(Send(2, 0).error_code, 0);
  EXPECT_EQ(Send(0, 0).error_code, Code(ErrorCode::kInvalidProducerEpoch)) << "even a duplicate";
  EXPECT_EQ(Send(0, 1).error_code, Code(ErrorCode::kInvalidProducerEpoch));
}

// --- order on one connection ---

TEST_F(ProduceTest, PipelinedRequestsKeepTheirOrder) {
  constexpr int kRequests = 200;
  for (int i = 0; i < kRequests; ++i) {
    client_.Send(ProduceRequestFor("t", 0, MakeBatch({std::to_string(i)})), 9);
  }
  for (int i = 0; i < kRequests; ++i) {
    const auto response = client_.Receive<protocol::ProduceResponse>(9);
    EXPECT_EQ(response.responses.at(0).partition_responses.at(0).base_offset, i);
  }
}

// Checking a compressed or large batch takes a storage thread; a small one behind it must wait.
TEST_F(ProduceTest, ABatchThatIsCheckedElsewhereIsNotOvertaken) {
  const Values large(1000, std::string(900, 'x'));
  for (int round = 0; round < 5; ++round) {
    client_.Send(ProduceRequestFor("t", 0, MakeBatch(large, {.codec = records::Codec::kGzip})), 9);
    client_.Send(ProduceRequestFor("t", 0, MakeBatch({"small"})), 9);
    client_.Send(ProduceRequestFor("t", 0, MakeBatch(large)), 9);
    client_.Send(ProduceRequestFor("t", 0, MakeBatch({"small"})), 9);
  }
  std::int64_t expected = 0;
  for (int i = 0; i < 20; ++i) {
    const auto response = client_.Receive<protocol::ProduceResponse>(9);
    const Answer& answer = response.responses.at(0).partition_responses.at(0);
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.base_offset, expected);
    expected += i % 2 == 0 ? 1000 : 1;
  }
}

TEST_F(ProduceTest, WhatWasAcknowledgedIsThereAfterARestart) {
  Append("t", {"a", "b"});
  broker_.Restart();
  client_ = broker_.Connect();
  EXPECT_EQ(Append("t", {"c"}), 2);
  EXPECT_EQ(Fetch("t", 0).high_watermark, 3);
}

}  // namespace
}  // namespace gneiss::server::testing
