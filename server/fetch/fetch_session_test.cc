// SPDX-License-Identifier: Apache-2.0
#include "server/fetch/fetch_session.h"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

FetchTopicPtr Topic(std::string name) {
  return std::make_shared<const FetchTopic>(FetchTopic{std::move(name), {}});
}

FetchTarget Target(const std::string& topic, int partition, std::int64_t offset = 0) {
  return {
      .topic = Topic(topic), .partition = PartitionId(partition), .fetch_offset = Offset(offset)};
}

FetchedPartition Answer(std::int64_t high_watermark, std::size_t bytes = 0) {
  FetchedPartition answer;
  answer.high_watermark = Offset(high_watermark);
  answer.log_start_offset = Offset(0);
  answer.view.bytes = bytes;
  return answer;
}

FetchedPartition ErrorAnswer() {
  FetchedPartition answer;
  answer.error = ErrorCode::kUnknownTopicOrPartition;
  return answer;
}

// What a session reads, as "topic-partition@offset".
std::vector<std::string> Names(const FetchSession& session) {
  std::vector<std::string> names;
  for (const FetchTarget& target : session.Targets()) {
    names.push_back(target.topic->name + "-" + std::to_string(target.partition.value()) + "@" +
                    std::to_string(target.fetch_offset.value()));
  }
  return names;
}

using Strings = std::vector<std::string>;
using Flags = std::vector<bool>;

class FetchSessionTest : public ::testing::Test {
 protected:
  void Want(std::vector<FetchTarget> wanted) { session_.Update(wanted, {}); }
  void Forget(const std::string& topic, int partition) {
    const ForgottenTarget forgotten[] = {{Topic(topic), PartitionId(partition)}};
    session_.Update({}, forgotten);
  }
  Flags Note(std::vector<FetchedPartition> answers) { return session_.NoteAnswers(answers); }

  FetchSession session_{7, TopicNaming::kByName};
};

TEST_F(FetchSessionTest, EpochsBeginAtOneAndWrapToOne) {
  EXPECT_EQ(session_.epoch(), 1);
  session_.AdvanceEpoch();
  EXPECT_EQ(session_.epoch(), 2);
  EXPECT_EQ(NextFetchEpoch(std::numeric_limits<std::int32_t>::max()), 1);
  EXPECT_EQ(NextFetchEpoch(kFinalFetchEpoch), kFinalFetchEpoch);
}

TEST_F(FetchSessionTest, AnUpdateAddsChangesAndForgets) {
  Want({Target("a", 0), Target("a", 1), Target("b", 0)});
  Want({Target("a", 1, 5), Target("c", 0)});
  Forget("b", 0);
  EXPECT_EQ(Names(session_), (Strings{"a-0@0", "a-1@5", "c-0@0"}));
}

TEST_F(FetchSessionTest, ForgettingWhatIsNotThereChangesNothing) {
  Want({Target("a", 0)});
  Forget("a", 9);
  Forget("z", 0);
  EXPECT_EQ(Names(session_), (Strings{"a-0@0"}));
}

// A changed partition's new target brings its own topic object; the index must not point into the
// one that goes away with the request.
TEST_F(FetchSessionTest, AChangedPartitionIsFoundAgainAfterItsRequestIsGone) {
  Want({Target("a", 0)});
  Want({Target("a", 0, 1)});
  Want({Target("a", 0, 2)});
  EXPECT_EQ(Names(session_), (Strings{"a-0@2"}));
  Forget("a", 0);
  EXPECT_EQ(session_.size(), 0u);
}

TEST_F(FetchSessionTest, TopicsAreToldApartByIdWhenTheyHaveNoName) {
  const auto id = [](std::uint8_t last) {
    Uuid uuid;
    uuid.bytes[15] = last;
    return std::make_shared<const FetchTopic>(FetchTopic{"", uuid});
  };
  Want({{.topic = id(1)}, {.topic = id(2)}, {.topic = id(1), .fetch_offset = Offset(3)}});
  ASSERT_EQ(session_.size(), 2u);
  EXPECT_EQ(session_.Targets()[0].fetch_offset, Offset(3));
}

TEST_F(FetchSessionTest, OnlyWhatTheClientDoesNotKnowIsSent) {
  Want({Target("a", 0), Target("a", 1)});
  EXPECT_EQ(Note({Answer(5), Answer(6)}), (Flags{true, true})) << "never told before";
  EXPECT_EQ(Note({Answer(5), Answer(6)}), (Flags{false, false}));
  EXPECT_EQ(Note({Answer(5), Answer(7)}), (Flags{false, true})) << "the high watermark moved";
  FetchedPartition trimmed = Answer(5);
  trimmed.log_start_offset = Offset(2);
  EXPECT_EQ(Note({trimmed, Answer(7)}), (Flags{true, false})) << "the log start moved";
}

TEST_F(FetchSessionTest, RecordsAndDivergingEpochsAreAlwaysSent) {
  Want({Target("a", 0)});
  EXPECT_EQ(Note({Answer(5, 100)}), (Flags{true}));
  EXPECT_EQ(Note({Answer(5, 100)}), (Flags{true}));
  FetchedPartition diverging = Answer(5);
  diverging.diverging_epoch = engine::EpochEnd{LeaderEpoch(0), Offset(3)};
  EXPECT_EQ(Note({diverging}), (Flags{true}));
}

TEST_F(FetchSessionTest, ErrorsAreRepeatedAndTheirEndIsTold) {
  Want({Target("a", 0)});
  Note({Answer(5)});
  EXPECT_EQ(Note({ErrorAnswer()}), (Flags{true}));
  EXPECT_EQ(Note({ErrorAnswer()}), (Flags{true}));
  EXPECT_EQ(Note({Answer(5)}), (Flags{true})) << "the same high watermark, but after an error";
  EXPECT_EQ(Note({Answer(5)}), (Flags{false}));
}

TEST_F(FetchSessionTest, PartitionsThatGaveRecordsAreReadLastNextTime) {
  Want({Target("a", 0), Target("a", 1), Target("a", 2), Target("a", 3)});
  Note({Answer(5, 10), Answer(5), Answer(5, 10), Answer(5)});
  EXPECT_EQ(Names(session_), (Strings{"a-1@0", "a-3@0", "a-0@0", "a-2@0"}));
  Forget("a", 0);
  Want({Target("a", 2, 9)});
  EXPECT_EQ(Names(session_), (Strings{"a-1@0", "a-3@0", "a-2@9"}));
}

}  // namespace
}  // namespace gneiss::server
