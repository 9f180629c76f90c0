// SPDX-License-Identifier: Apache-2.0
#include "server/fetch/fetch_session_cache.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class ManualClock final : public Clock {
 public:
  TimestampMs WallMs() const override { return 0; }
  TimePoint Now() const override { return now_; }
  void Advance(std::chrono::nanoseconds by) { now_ += by; }

 private:
  TimePoint now_{};
};

std::vector<FetchTarget> Targets(int count) {
  const auto topic = std::make_shared<const FetchTopic>(FetchTopic{"t", {}});
  std::vector<FetchTarget> targets;
  for (int i = 0; i < count; ++i) targets.push_back({.topic = topic, .partition = PartitionId(i)});
  return targets;
}

std::vector<FetchedPartition> Answers(const FetchScope& scope) {
  std::vector<FetchedPartition> answers(scope.targets.size());
  for (FetchedPartition& answer : answers) {
    answer.high_watermark = Offset(1);
    answer.log_start_offset = Offset(0);
  }
  return answers;
}

class FetchSessionCacheTest : public ::testing::Test {
 protected:
  // Asks for a session with `partitions` partitions; its id, or 0.
  std::int32_t Open(int partitions = 1, TopicNaming naming = TopicNaming::kByName) {
    const FetchScope scope = cache_.Begin({.session_id = kNoFetchSession,
                                           .session_epoch = kInitialFetchEpoch,
                                           .naming = naming,
                                           .wanted = Targets(partitions),
                                           .forgotten = {}});
    return cache_.End(scope, Answers(scope)).session_id;
  }
  FetchScope Next(std::int32_t id, std::int32_t epoch, TopicNaming naming = TopicNaming::kByName) {
    return cache_.Begin({.session_id = id,
                         .session_epoch = epoch,
                         .naming = naming,
                         .wanted = {},
                         .forgotten = {}});
  }

  ManualClock clock_;
  FetchSessionCache cache_{2, clock_};
};

TEST_F(FetchSessionCacheTest, ASessionlessFetchReadsWhatItNamesAndLeavesNothing) {
  const FetchScope scope = cache_.Begin({.session_id = kNoFetchSession,
                                         .session_epoch = kFinalFetchEpoch,
                                         .naming = TopicNaming::kByName,
                                         .wanted = Targets(3),
                                         .forgotten = {}});
  EXPECT_EQ(scope.error, ErrorCode::kNone);
  EXPECT_EQ(scope.targets.size(), 3u);
  const FetchSessionAnswer answer = cache_.End(scope, Answers(scope));
  EXPECT_EQ(answer.session_id, kNoFetchSession);
  EXPECT_TRUE(answer.must_send.empty()) << "all of them";
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(FetchSessionCacheTest, ANewSessionGoesOnWithEpochOneAndSendsOnlyChanges) {
  const std::int32_t id = Open(2);
  ASSERT_GT(id, 0);
  const FetchScope scope = Next(id, 1);
  EXPECT_EQ(scope.targets.size(), 2u);
  const FetchSessionAnswer answer = cache_.End(scope, Answers(scope));
  EXPECT_EQ(answer.session_id, id);
  EXPECT_EQ(answer.must_send, (std::vector<bool>{false, false}));
  EXPECT_EQ(Next(id, 2).error, ErrorCode::kNone);
}

TEST_F(FetchSessionCacheTest, AnUnknownSessionIsRefused) {
  EXPECT_EQ(Next(99, 1).error, ErrorCode::kFetchSessionIdNotFound);
  EXPECT_EQ(Next(kNoFetchSession, 5).error, ErrorCode::kFetchSessionIdNotFound);
  EXPECT_EQ(Next(99, -5).error, ErrorCode::kFetchSessionIdNotFound);
}

TEST_F(FetchSessionCacheTest, AWrongEpochIsRefusedAndTheSessionLives) {
  const std::int32_t id = Open();
  EXPECT_EQ(Next(id, 2).error, ErrorCode::kInvalidFetchSessionEpoch);
  EXPECT_EQ(Next(id, 1).error, ErrorCode::kNone);
  EXPECT_EQ(Next(id, 1).error, ErrorCode::kInvalidFetchSessionEpoch);
}

TEST_F(FetchSessionCacheTest, NamesAndIdsDoNotMixInASession) {
  const std::int32_t by_name = Open();
  const std::int32_t by_id = Open(1, TopicNaming::kById);
  EXPECT_EQ(Next(by_name, 1, TopicNaming::kById).error, ErrorCode::kFetchSessionTopicIdError);
  EXPECT_EQ(Next(by_id, 1).error, ErrorCode::kFetchSessionTopicIdError);
  EXPECT_EQ(Next(by_id, 1, TopicNaming::kById).error, ErrorCode::kNone);
}

TEST_F(FetchSessionCacheTest, AFullFetchClosesTheSessionItNames) {
  const std::int32_t first = Open();
  const FetchScope renewed = cache_.Begin({.session_id = first,
                                           .session_epoch = kInitialFetchEpoch,
                                           .wanted = Targets(1),
                                           .forgotten = {}});
  const std::int32_t second = cache_.End(renewed, Answers(renewed)).session_id;
  EXPECT_GT(second, 0);
  EXPECT_EQ(Next(first, 1).error, ErrorCode::kFetchSessionIdNotFound);
  cache_.Begin({.session_id = second,
                .session_epoch = kFinalFetchEpoch,
                .wanted = Targets(1),
                .forgotten = {}});
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(FetchSessionCacheTest, ASessionWithoutPartitionsIsClosed) {
  const std::int32_t id = Open(1);
  const FetchScope scope = cache_.Begin({.session_id = id,
                                         .session_epoch = 1,
                                         .wanted = {},
                                         .forgotten = {{Targets(1)[0].topic, PartitionId(0)}}});
  EXPECT_EQ(scope.error, ErrorCode::kNone);
  EXPECT_EQ(cache_.End(scope, {}).session_id, kNoFetchSession);
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(FetchSessionCacheTest, ARequestThatWasOvertakenIsRefusedAtTheEnd) {
  const std::int32_t id = Open();
  const FetchScope parked = Next(id, 1);
  const FetchScope other = Next(id, 2);
  EXPECT_EQ(cache_.End(parked, Answers(parked)).error, ErrorCode::kInvalidFetchSessionEpoch);
  EXPECT_EQ(cache_.End(other, Answers(other)).error, ErrorCode::kNone);
}

TEST_F(FetchSessionCacheTest, AFullCacheGivesNoSessionWhileItsOwnAreYoung) {
  EXPECT_GT(Open(), 0);
  EXPECT_GT(Open(), 0);
  clock_.Advance(minutes(1));
  EXPECT_EQ(Open(), kNoFetchSession);
  EXPECT_EQ(cache_.size(), 2u);
}

TEST_F(FetchSessionCacheTest, ASessionThatIsIdleForTwoMinutesMakesRoom) {
  const std::int32_t idle = Open();
  clock_.Advance(minutes(1));
  const std::int32_t young = Open();
  clock_.Advance(minutes(1) + seconds(1));
  EXPECT_GT(Open(), 0);
  EXPECT_EQ(Next(idle, 1).error, ErrorCode::kFetchSessionIdNotFound);
  EXPECT_EQ(Next(young, 1).error, ErrorCode::kNone);
}

TEST_F(FetchSessionCacheTest, AnOldSessionMakesRoomForOneThatIsNotSmaller) {
  const std::int32_t small = Open(2);
  const std::int32_t large = Open(4);
  clock_.Advance(minutes(3));
  ASSERT_EQ(Next(small, 1).error, ErrorCode::kNone);  // both in use, and old
  ASSERT_EQ(Next(large, 1).error, ErrorCode::kNone);
  EXPECT_EQ(Open(1), kNoFetchSession) << "smaller than both";
  EXPECT_GT(Open(3), 0);
  EXPECT_EQ(Next(small, 2).error, ErrorCode::kFetchSessionIdNotFound);
  EXPECT_EQ(Next(large, 2).error, ErrorCode::kNone);
}

// Its answer is sent whole; only the next request is refused.
TEST_F(FetchSessionCacheTest, ASessionEvictedWhileItsFetchIsParkedStillAnswers) {
  const std::int32_t parked = Open();
  const FetchScope scope = Next(parked, 1);
  clock_.Advance(minutes(1));
  Open();
  clock_.Advance(minutes(1) + seconds(1));
  ASSERT_GT(Open(), 0);
  const FetchSessionAnswer answer = cache_.End(scope, Answers(scope));
  EXPECT_EQ(answer.error, ErrorCode::kNone);
  EXPECT_EQ(answer.session_id, parked);
  EXPECT_TRUE(answer.must_send.empty());
  EXPECT_EQ(Next(parked, 2).error, ErrorCode::kFetchSessionIdNotFound);
}

}  // namespace
}  // namespace gneiss::server
