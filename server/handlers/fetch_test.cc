// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/fetch.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/messages/delete_topics.h"
#include "protocol/records/record_batch.h"
#include "server/fetch/fetch_session_cache.h"
#include "server/testing/data_test.h"

namespace gneiss::server::testing {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using std::chrono::milliseconds;

class FetchTest : public DataTest {
 protected:
  FetchTest() : id_(CreateTopic("t", 3)) {}

  // A request for some partitions of "t", by name or, from v13 on, by id.
  FetchRequest Request(std::vector<std::pair<int, std::int64_t>> partitions,
                       std::int16_t version = 11) {
    FetchRequest request = FetchRequestFor(version >= 13 ? "" : "t", 0, 0);
    if (version >= 13) request.topics[0].topic_id = id_;
    auto& entries = request.topics[0].partitions;
    const auto plain = entries[0];
    entries.clear();
    for (const auto& [partition, offset] : partitions) {
      entries.push_back(plain);
      entries.back().partition = partition;
      entries.back().fetch_offset = offset;
    }
    return request;
  }
  // Sends a fetch that will park, and waits until the broker has begun with it: an answer to
  // nothing else comes in between, since requests of a connection are served one by one.
  void Park(RawClient& client, FetchRequest request, std::int16_t version = 11) {
    request.max_wait_ms = 60'000;
    client.Send(request, version);
  }
  static std::size_t Bytes(const Fetched& fetched) { return fetched.records.value().size(); }
  static std::int16_t Code(ErrorCode code) { return ToWire(code); }

  const Uuid id_;
};

TEST_F(FetchTest, EveryVersionReturnsTheBatchAsItWasSent) {
  const std::string batch = MakeBatch({"a", "b"});
  Produce("t", batch);
  for (std::int16_t version = 4; version <= 18; ++version) {
    const FetchResponse response = Call(Request({{0, 0}}, version), version);
    EXPECT_EQ(response.error_code, 0);
    EXPECT_EQ(response.session_id, 0);
    ASSERT_EQ(response.responses.size(), 1u);
    EXPECT_EQ(response.responses[0].topic, version >= 13 ? "" : "t");
    const Fetched& fetched = response.responses[0].partitions.at(0);
    EXPECT_EQ(fetched.error_code, 0);
    EXPECT_EQ(fetched.high_watermark, 2);
    EXPECT_EQ(fetched.last_stable_offset, 2);
    EXPECT_EQ(fetched.log_start_offset, version >= 5 ? 0 : -1);
    EXPECT_EQ(fetched.aborted_transactions, std::nullopt);
    // Offset and leader epoch are the broker's: the rest is the producer's, byte by byte.
    const SharedBytes stored = fetched.records.value().Contiguous();
    EXPECT_EQ(stored.text().substr(16), std::string_view(batch).substr(16));
    EXPECT_EQ(records::BatchHeader::Parse(stored.view())->leader_epoch, LeaderEpoch(0));
  }
}

TEST_F(FetchTest, OffsetsAreStampedAndABatchIsReturnedWhole) {
  Append("t", {"a", "b", "c"});
  Append("t", {"d", "e"});
  const Fetched fetched = Fetch("t", 4);
  const SharedBytes stored = fetched.records.value().Contiguous();
  EXPECT_EQ(records::BatchHeader::Parse(stored.view())->base_offset, Offset(3));
  EXPECT_EQ(Bytes(fetched), MakeBatch({"d", "e"}).size());
  EXPECT_TRUE(Fetch("t", 5).records.value().empty()) << "the end, not null";
}

TEST_F(FetchTest, PartitionsThatDoNotExistAreRefused) {
  EXPECT_EQ(Fetch("nope", 0).error_code, Code(ErrorCode::kUnknownTopicOrPartition));
  const Fetched unknown = Fetch("t", 0, 9);
  EXPECT_EQ(unknown.error_code, Code(ErrorCode::kUnknownTopicOrPartition));
  EXPECT_EQ(unknown.high_watermark, -1);
  EXPECT_EQ(unknown.last_stable_offset, -1);
  EXPECT_EQ(unknown.log_start_offset, -1);
  ASSERT_TRUE(unknown.aborted_transactions.has_value());
  EXPECT_TRUE(unknown.aborted_transactions->empty());
  EXPECT_TRUE(unknown.records.value().empty());
  FetchRequest request = Request({{0, 0}}, 13);
  request.topics[0].topic_id.bytes[5] ^= 1;
  EXPECT_EQ(Call(request, 13).responses.at(0).partitions.at(0).error_code,
            Code(ErrorCode::kUnknownTopicId));
  EXPECT_EQ(Call(Request({{9, 0}}, 13), 13).responses.at(0).partitions.at(0).error_code,
            Code(ErrorCode::kUnknownTopicOrPartition));
}

TEST_F(FetchTest, OffsetsOutsideTheLogAreOutOfRange) {
  Append("t", {"a"});
  for (const std::int64_t offset : {std::int64_t{2}, std::int64_t{-1}}) {
    const Fetched fetched = Fetch("t", offset);
    EXPECT_EQ(fetched.error_code, Code(ErrorCode::kOffsetOutOfRange));
    EXPECT_EQ(fetched.high_watermark, -1);
    EXPECT_EQ(fetched.aborted_transactions, std::nullopt);
  }
}

TEST_F(FetchTest, LeaderEpochsOfAnotherTimeAreRefused) {
  Append("t", {"a"});
  FetchRequest request = Request({{0, 0}});
  request.topics[0].partitions[0].current_leader_epoch = 5;
  EXPECT_EQ(Call(request).responses.at(0).partitions.at(0).error_code,
            Code(ErrorCode::kUnknownLeaderEpoch));
  request.topics[0].partitions[0].current_leader_epoch = 0;
  EXPECT_EQ(Call(request).responses.at(0).partitions.at(0).error_code, 0);
}

TEST_F(FetchTest, AReaderThatWentAnotherWayLearnsWhereItsEpochEnded) {
  Append("t", {"a", "b"});
  FetchRequest request = Request({{0, 9}}, 12);
  request.topics[0].partitions[0].last_fetched_epoch = 0;
  Fetched fetched = Call(request, 12).responses.at(0).partitions.at(0);
  EXPECT_EQ(fetched.error_code, 0);
  EXPECT_EQ(fetched.diverging_epoch.epoch, 0);
  EXPECT_EQ(fetched.diverging_epoch.end_offset, 2);
  EXPECT_EQ(fetched.high_watermark, 2);
  request.topics[0].partitions[0].last_fetched_epoch = 7;
  fetched = Call(request, 12).responses.at(0).partitions.at(0);
  EXPECT_EQ(fetched.error_code, Code(ErrorCode::kOffsetOutOfRange));
}

TEST_F(FetchTest, ReadCommittedGetsAListOfAbortedTransactions) {
  Append("t", {"a"});
  FetchRequest request = Request({{0, 0}, {1, 0}});
  request.isolation_level = 1;
  for (const Fetched& fetched : Call(request).responses.at(0).partitions) {
    ASSERT_TRUE(fetched.aborted_transactions.has_value());
    EXPECT_TRUE(fetched.aborted_transactions->empty());
  }
}

TEST_F(FetchTest, FollowersAreToldThatTheyAreUnknownAndWhoLeads) {
  FetchRequest request = Request({{0, 0}});
  request.replica_id = 5;
  EXPECT_EQ(Call(request).responses.at(0).partitions.at(0).error_code,
            Code(ErrorCode::kNotLeaderOrFollower));
  request = Request({{0, 0}}, 16);
  request.replica_state.replica_id = 5;
  const FetchResponse response = Call(request, 16);
  EXPECT_EQ(response.responses.at(0).partitions.at(0).current_leader.leader_id, 1);
  EXPECT_EQ(response.responses.at(0).partitions.at(0).current_leader.leader_epoch, 0);
  ASSERT_EQ(response.node_endpoints.size(), 1u);
  EXPECT_EQ(response.node_endpoints[0].port, broker_.port());
}

TEST_F(FetchTest, TheOrderOfTheRequestIsKeptAndTopicsAreGrouped) {
  CreateTopic("u");
  FetchRequest request = Request({{1, 0}, {0, 0}});
  request.topics.push_back(FetchRequestFor("u", 0, 0).topics[0]);
  request.topics.push_back(Request({{2, 0}}).topics[0]);
  const FetchResponse response = Call(request);
  ASSERT_EQ(response.responses.size(), 3u);
  EXPECT_EQ(response.responses[0].partitions.at(0).partition_index, 1);
  EXPECT_EQ(response.responses[0].partitions.at(1).partition_index, 0);
  EXPECT_EQ(response.responses[1].topic, "u");
  EXPECT_EQ(response.responses[2].partitions.at(0).partition_index, 2);
}

TEST_F(FetchTest, LimitsCutAtBatchesAndTheFirstPartitionAlwaysGivesOne) {
  const std::string value(1000, 'x');
  for (int partition = 0; partition < 2; ++partition) {
    for (int i = 0; i < 3; ++i) Append("t", {value}, partition);
  }
  const std::size_t batch = MakeBatch({value}).size();
  FetchRequest request = Request({{2, 0}, {0, 0}, {1, 0}});
  request.max_bytes = 1;
  auto fetched = Call(request).responses.at(0).partitions;
  EXPECT_EQ(Bytes(fetched[0]), 0u);
  EXPECT_EQ(Bytes(fetched[1]), batch);
  EXPECT_EQ(Bytes(fetched[2]), 0u);
  request.max_bytes = static_cast<std::int32_t>(4 * batch);
  for (auto& partition : request.topics[0].partitions) {
    partition.partition_max_bytes = static_cast<std::int32_t>(2 * batch + 10);
  }
  fetched = Call(request).responses.at(0).partitions;
  EXPECT_EQ(Bytes(fetched[1]), 2 * batch);
  EXPECT_EQ(Bytes(fetched[2]), 2 * batch);
}

TEST_F(FetchTest, TheBrokersOwnLimitHoldsToo) {
  InProcessBroker small({.properties = {{"fetch.max.bytes", "1024"}}});
  client_ = small.Connect();
  CreateTopic("t");
  for (int i = 0; i < 5; ++i) Append("t", {std::string(600, 'x')});
  EXPECT_EQ(Bytes(Fetch("t", 0)), MakeBatch({std::string(600, 'x')}).size());
}

// --- waiting ---

TEST_F(FetchTest, ARecordWakesAParkedFetch) {
  RawClient consumer = broker_.Connect();
  Park(consumer, Request({{0, 0}, {1, 0}}));
  Append("t", {"a"}, 1);
  const FetchResponse response = consumer.Receive<FetchResponse>(11);
  EXPECT_EQ(Bytes(response.responses.at(0).partitions.at(0)), 0u);
  EXPECT_EQ(Bytes(response.responses.at(0).partitions.at(1)), MakeBatch({"a"}).size());
}

TEST_F(FetchTest, MinBytesCountsWhatIsThereAndWhatComes) {
  RawClient consumer = broker_.Connect();
  Append("t", {std::string(400, 'x')});
  FetchRequest request = Request({{0, 0}, {1, 0}});
  request.min_bytes = 1300;
  Park(consumer, request);
  Append("t", {std::string(400, 'x')}, 1);
  Append("t", {std::string(400, 'x')}, 0);
  const FetchResponse response = consumer.Receive<FetchResponse>(11);
  const std::size_t batch = MakeBatch({std::string(400, 'x')}).size();
  EXPECT_EQ(Bytes(response.responses.at(0).partitions.at(0)), 2 * batch);
  EXPECT_EQ(Bytes(response.responses.at(0).partitions.at(1)), batch);
}

TEST_F(FetchTest, WithoutEnoughTheAnswerComesWhenTheTimeIsOver) {
  Append("t", {"a"});
  FetchRequest request = Request({{0, 0}});
  request.min_bytes = 1'000'000;
  request.max_wait_ms = 30;
  const TimePoint before = Clock::System().Now();
  const FetchResponse response = Call(request);
  EXPECT_GE(Clock::System().Now() - before, milliseconds(30));
  EXPECT_EQ(Bytes(response.responses.at(0).partitions.at(0)), MakeBatch({"a"}).size());
}

// Each of these would otherwise wait for a minute, longer than the client.
TEST_F(FetchTest, SomeFetchesDoNotWait) {
  FetchRequest none = Request({});
  none.max_wait_ms = 60'000;
  EXPECT_TRUE(Call(none).responses.empty() || Call(none).responses[0].partitions.empty());
  FetchRequest no_minimum = Request({{0, 0}});
  no_minimum.max_wait_ms = 60'000;
  no_minimum.min_bytes = 0;
  EXPECT_EQ(Call(no_minimum).responses.at(0).partitions.at(0).error_code, 0);
  FetchRequest unknown_only = Request({{9, 0}});
  unknown_only.max_wait_ms = 60'000;
  EXPECT_EQ(Call(unknown_only).responses.at(0).partitions.at(0).error_code,
            Code(ErrorCode::kUnknownTopicOrPartition));
  FetchRequest out_of_range = Request({{0, 0}, {1, 7}});
  out_of_range.max_wait_ms = 60'000;
  EXPECT_EQ(Call(out_of_range).responses.at(0).partitions.at(1).error_code,
            Code(ErrorCode::kOffsetOutOfRange));
  FetchRequest negative = Request({{0, 0}});
  negative.max_wait_ms = -1;
  EXPECT_EQ(Call(negative).responses.at(0).partitions.at(0).error_code, 0);
}

TEST_F(FetchTest, DeletingTheTopicAnswersAParkedFetch) {
  RawClient consumer = broker_.Connect();
  Park(consumer, Request({{0, 0}}));
  protocol::DeleteTopicsRequest request;
  request.topic_names = {"t"};
  request.timeout_ms = 10'000;
  client_.Call<protocol::DeleteTopicsRequest, protocol::DeleteTopicsResponse>(request, 5);
  const FetchResponse response = consumer.Receive<FetchResponse>(11);
  EXPECT_EQ(response.responses.at(0).partitions.at(0).error_code,
            Code(ErrorCode::kUnknownTopicOrPartition));
}

// The broker's own destructor waits for every request: this test hangs if one is left behind.
TEST_F(FetchTest, AClosedConnectionAndAStoppingBrokerReleaseParkedFetches) {
  {
    RawClient consumer = broker_.Connect();
    Park(consumer, Request({{0, 0}}));
  }
  RawClient consumer = broker_.Connect();
  Park(consumer, Request({{0, 0}}));
  broker_.Restart();
  EXPECT_TRUE(consumer.ClosedByPeer());
}

// --- sessions ---

class FetchSessionTest : public FetchTest, public ::testing::WithParamInterface<std::int16_t> {
 protected:
  std::int16_t version() const { return GetParam(); }

  // Opens a session with partitions 0 and 1.
  void Open() {
    FetchRequest request = Request({{0, 0}, {1, 0}}, version());
    request.session_epoch = 0;
    const FetchResponse response = Call(request, version());
    ASSERT_GT(response.session_id, 0);
    ASSERT_EQ(response.responses.at(0).partitions.size(), 2u);
    session_ = response.session_id;
    epoch_ = 1;
  }
  // The next fetch of the session, with the partitions that change.
  FetchResponse Next(std::vector<std::pair<int, std::int64_t>> changes = {},
                     std::vector<std::int32_t> forgotten = {}) {
    FetchRequest request = Request(std::move(changes), version());
    if (request.topics[0].partitions.empty()) request.topics.clear();
    request.session_id = session_;
    request.session_epoch = epoch_++;
    if (!forgotten.empty()) {
      auto& topic = request.forgotten_topics_data.emplace_back();
      if (version() >= 13) {
        topic.topic_id = id_;
      } else {
        topic.topic = "t";
      }
      topic.partitions = std::move(forgotten);
    }
    return Call(request, version());
  }

  std::int32_t session_ = 0;
  std::int32_t epoch_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Versions, FetchSessionTest,
                         ::testing::Values(std::int16_t{7}, std::int16_t{12}, std::int16_t{13},
                                           std::int16_t{18}));

TEST_P(FetchSessionTest, OnlyChangesAreSent) {
  Open();
  EXPECT_TRUE(Next().responses.empty());
  Append("t", {"a"}, 1);
  FetchResponse response = Next();
  EXPECT_EQ(response.session_id, session_);
  ASSERT_EQ(response.responses.at(0).partitions.size(), 1u);
  EXPECT_EQ(response.responses[0].partitions[0].partition_index, 1);
  EXPECT_TRUE(Next({{1, 1}}).responses.empty()) << "the position is remembered";
  EXPECT_TRUE(Next().responses.empty());
}

TEST_P(FetchSessionTest, PartitionsComeAndGo) {
  Open();
  const FetchResponse added = Next({{2, 0}});
  ASSERT_EQ(added.responses.at(0).partitions.size(), 1u);
  EXPECT_EQ(added.responses[0].partitions[0].partition_index, 2);
  Append("t", {"a"}, 0);
  EXPECT_TRUE(Next({}, {0, 2}).responses.empty()) << "0 is not wanted any more";
  EXPECT_EQ(Next({}, {1}).session_id, 0) << "the last one closes the session";
  EXPECT_EQ(Next().error_code, Code(ErrorCode::kFetchSessionIdNotFound));
}

TEST_P(FetchSessionTest, ErrorsAreRepeated) {
  Open();
  for (int i = 0; i < 3; ++i) {
    const FetchResponse response = i == 0 ? Next({{9, 0}}) : Next();
    ASSERT_EQ(response.responses.at(0).partitions.size(), 1u);
    EXPECT_EQ(response.responses[0].partitions[0].error_code,
              Code(ErrorCode::kUnknownTopicOrPartition));
  }
}

TEST_P(FetchSessionTest, AWrongEpochLeavesTheSessionAlive) {
  Open();
  epoch_ = 2;
  const FetchResponse wrong = Next();
  EXPECT_EQ(wrong.error_code, Code(ErrorCode::kInvalidFetchSessionEpoch));
  EXPECT_EQ(wrong.session_id, 0);
  EXPECT_TRUE(wrong.responses.empty());
  epoch_ = 1;
  EXPECT_EQ(Next().error_code, 0);
  ++session_;
  EXPECT_EQ(Next().error_code, Code(ErrorCode::kFetchSessionIdNotFound));
}

TEST_P(FetchSessionTest, TheFinalEpochClosesTheSession) {
  Open();
  FetchRequest request = Request({{0, 0}}, version());
  request.session_id = session_;
  request.session_epoch = -1;
  const FetchResponse last = Call(request, version());
  EXPECT_EQ(last.session_id, 0);
  EXPECT_EQ(last.responses.at(0).partitions.size(), 1u);
  EXPECT_EQ(Next().error_code, Code(ErrorCode::kFetchSessionIdNotFound));
}

TEST_P(FetchSessionTest, ASessionKeepsToNamesOrIds) {
  Open();
  const std::int16_t other = version() >= 13 ? 12 : 13;
  FetchRequest request = Request({}, other);
  request.topics.clear();
  request.session_id = session_;
  request.session_epoch = 1;
  EXPECT_EQ(Call(request, other).error_code, Code(ErrorCode::kFetchSessionTopicIdError));
}

TEST_F(FetchTest, WithoutRoomForSessionsClientsGetNone) {
  InProcessBroker none({.properties = {{"max.incremental.fetch.session.cache.slots", "0"}}});
  client_ = none.Connect();
  CreateTopic("t");
  FetchRequest request = FetchRequestFor("t", 0, 0);
  request.session_epoch = 0;
  const FetchResponse response = Call(request);
  EXPECT_EQ(response.error_code, 0);
  EXPECT_EQ(response.session_id, 0);
  EXPECT_EQ(response.responses.size(), 1u);
}

// What was written before a restart lies in files or the recovered memtable, not in this one's.
TEST_F(FetchTest, OldBatchesAreReadAfterARestart) {
  for (int i = 0; i < 50; ++i) Append("t", {std::string(2000, 'x')});
  broker_.Restart();
  client_ = broker_.Connect();
  Append("t", {"new"});
  const Fetched fetched = Fetch("t", 0);
  EXPECT_EQ(fetched.high_watermark, 51);
  EXPECT_EQ(Bytes(fetched),
            50 * MakeBatch({std::string(2000, 'x')}).size() + MakeBatch({"new"}).size());
}

}  // namespace
}  // namespace gneiss::server::testing
