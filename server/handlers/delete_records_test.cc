// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/delete_records.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "protocol/messages/delete_records.h"
#include "server/testing/data_test.h"

namespace gneiss::server::testing {
namespace {

using protocol::DeleteRecordsRequest;
using protocol::DeleteRecordsResponse;

class DeleteRecordsTest : public DataTest {
 protected:
  DeleteRecordsTest() {
    CreateTopic("t", 2);  // the records are older than retention.ms, and stay until its next round
    Append("t", {"a", "b", "c"});
    Append("t", {"d", "e"});
  }

  DeleteRecordsResponse Ask(const DeleteRecordsRequest& request, std::int16_t version = 2) {
    return client_.Call<DeleteRecordsRequest, DeleteRecordsResponse>(request, version);
  }
  // Deletes in one partition; expects the code, and the new start or -1.
  void Expect(std::int64_t offset, ErrorCode error, std::int64_t low_watermark,
              const std::string& topic = "t", int partition = 0, std::int16_t version = 2) {
    DeleteRecordsRequest request;
    request.topics.push_back({topic, {{partition, offset}}});
    request.timeout_ms = 10'000;
    const auto response = Ask(request, version);
    EXPECT_EQ(response.topics.at(0).name, topic);
    const auto& answer = response.topics.at(0).partitions.at(0);
    EXPECT_EQ(answer.partition_index, partition);
    EXPECT_EQ(answer.error_code, ToWire(error));
    EXPECT_EQ(answer.low_watermark, low_watermark);
  }
};

TEST_F(DeleteRecordsTest, TheLogStartMovesForwardOnly) {
  Expect(1, ErrorCode::kNone, 1, "t", 0, 0);
  Expect(2, ErrorCode::kNone, 2, "t", 0, 1);
  Expect(3, ErrorCode::kNone, 3, "t", 0, 2);
  Expect(1, ErrorCode::kNone, 3);
  EXPECT_EQ(Fetch("t", 3).log_start_offset, 3);
  EXPECT_EQ(Fetch("t", 2).error_code, ToWire(ErrorCode::kOffsetOutOfRange));
}

TEST_F(DeleteRecordsTest, MinusOneDeletesEverythingAndTheLogGoesOn) {
  Expect(-1, ErrorCode::kNone, 5);
  Expect(-1, ErrorCode::kNone, 5);
  EXPECT_TRUE(Fetch("t", 5).records.value().empty());
  EXPECT_EQ(Append("t", {"f"}), 5);
}

// The batch that holds the new start is returned whole; the client drops what is before it.
TEST_F(DeleteRecordsTest, AStartInsideABatchKeepsTheBatch) {
  Expect(4, ErrorCode::kNone, 4);
  EXPECT_EQ(Fetch("t", 4).records.value().size(), MakeBatch({"d", "e"}).size());
}

TEST_F(DeleteRecordsTest, OffsetsOutsideTheLogAreRefused) {
  Expect(6, ErrorCode::kOffsetOutOfRange, -1);
  Expect(-2, ErrorCode::kOffsetOutOfRange, -1);
  Expect(0, ErrorCode::kUnknownTopicOrPartition, -1, "t", 9);
  Expect(0, ErrorCode::kUnknownTopicOrPartition, -1, "nope");
}

TEST_F(DeleteRecordsTest, TopicsThatAreOnlyCompactedAreRefused) {
  CreateTopic("c", 1, {{"cleanup.policy", "compact"}});
  CreateTopic("both", 1, {{"cleanup.policy", "compact,delete"}});
  Expect(0, ErrorCode::kPolicyViolation, -1, "c");
  Expect(0, ErrorCode::kNone, 0, "both");
}

TEST_F(DeleteRecordsTest, InternalTopicsAreRefused) {
  CreateTopic("__transaction_state");
  Expect(0, ErrorCode::kInvalidTopicException, -1, "__transaction_state");
}

TEST_F(DeleteRecordsTest, SeveralPartitionsAreAnsweredInOneRequest) {
  DeleteRecordsRequest request;
  request.topics.push_back({"t", {{0, 3}, {9, 0}, {1, 0}}});
  request.topics.push_back({"empty", {}});
  request.timeout_ms = 10'000;
  const auto response = Ask(request);
  ASSERT_EQ(response.topics.size(), 1u);
  const auto& answers = response.topics[0].partitions;
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].low_watermark, 3);
  EXPECT_EQ(answers[1].error_code, ToWire(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(answers[2].low_watermark, 0);
}

TEST_F(DeleteRecordsTest, TheNewStartSurvivesARestart) {
  Expect(4, ErrorCode::kNone, 4);
  broker_.Restart();
  client_ = broker_.Connect();
  EXPECT_EQ(Fetch("t", 4).log_start_offset, 4);
}

}  // namespace
}  // namespace gneiss::server::testing
