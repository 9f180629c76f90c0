// SPDX-License-Identifier: Apache-2.0
// The plans of CreateTopics, CreatePartitions and DeleteTopics, upon images made by the plans
// themselves. The expected codes were seen from Kafka 4.3.1 unless a comment says otherwise.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/metadata/create_partitions_plan.h"
#include "server/metadata/create_topics_plan.h"
#include "server/metadata/delete_topics_plan.h"
#include "server/metadata/metadata_fold.h"
#include "server/metadata/registration.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Creatable = protocol::CreateTopicsRequest::CreatableTopic;

Creatable Topic(const std::string& name, std::int32_t partitions = 1,
                std::int16_t replication_factor = 1) {
  Creatable topic;
  topic.name = name;
  topic.num_partitions = partitions;
  topic.replication_factor = replication_factor;
  return topic;
}

class TopicPlansTest : public ::testing::Test {
 protected:
  TopicPlansTest() {
    const auto records = RegistrationRecords(MetadataImage(), config_, Offset(0));
    Apply(records.value());
  }

  void Apply(const std::vector<MetadataRecord>& records) {
    MetadataFold fold(*image_);
    for (const MetadataRecord& record : records) {
      const Status applied = fold.Apply(image_->offset() + 1, record);
      ASSERT_TRUE(applied.has_value()) << applied.error().detail;
    }
    image_ = fold.Publish();
  }

  PlanContext Context() const { return {.config = config_, .directory_id = Uuid()}; }

  protocol::CreateTopicsResponse Create(std::vector<Creatable> topics) {
    protocol::CreateTopicsRequest request;
    request.topics = std::move(topics);
    auto plan = PlanCreateTopics(*image_, Context(), request);
    Apply(plan.records);
    return std::move(plan.response);
  }
  ErrorCode CreateOne(Creatable topic) {
    const protocol::CreateTopicsResponse response = Create({std::move(topic)});
    EXPECT_THAT(response.topics, SizeIs(1));
    return protocol::ErrorCodeFromWire(response.topics.at(0).error_code);
  }

  protocol::CreatePartitionsResponse Grow(
      std::vector<protocol::CreatePartitionsRequest::CreatePartitionsTopic> topics) {
    protocol::CreatePartitionsRequest request;
    request.topics = std::move(topics);
    request.timeout_ms = 1000;
    auto plan = PlanCreatePartitions(*image_, Context(), request);
    Apply(plan.records);
    return std::move(plan.response);
  }
  ErrorCode GrowOne(const std::string& name, std::int32_t count,
                    std::optional<std::vector<std::vector<std::int32_t>>> assignments = {}) {
    protocol::CreatePartitionsRequest::CreatePartitionsTopic topic;
    topic.name = name;
    topic.count = count;
    topic.assignments.reset();
    if (assignments) {
      topic.assignments.emplace();
      for (auto& brokers : *assignments) {
        topic.assignments->emplace_back().broker_ids = std::move(brokers);
      }
    }
    return protocol::ErrorCodeFromWire(Grow({topic}).results.at(0).error_code);
  }

  using Named = protocol::DeleteTopicsRequest::DeleteTopicState;
  static Named ByName(std::string name) {
    Named named;
    named.name = std::move(name);
    return named;
  }
  static Named ById(const Uuid& id) {
    Named named;
    named.name = std::nullopt;
    named.topic_id = id;
    return named;
  }
  protocol::DeleteTopicsResponse Delete(std::vector<Named> topics, std::int16_t version = 6) {
    protocol::DeleteTopicsRequest request;
    request.topics = std::move(topics);
    request.timeout_ms = 1000;
    auto plan = PlanDeleteTopics(*image_, Context(), version, request);
    Apply(plan.records);
    return std::move(plan.response);
  }
  template <class Results>
  static std::vector<ErrorCode> Codes(const Results& results) {
    std::vector<ErrorCode> codes;
    for (const auto& result : results) {
      codes.push_back(protocol::ErrorCodeFromWire(result.error_code));
    }
    return codes;
  }
  std::size_t PartitionsOf(const std::string& topic) const {
    return image_->FindTopic(topic)->partitions.size();
  }
  Uuid IdOf(const std::string& topic) const { return image_->FindTopic(topic)->id; }

  BrokerConfig config_;
  MetadataImagePtr image_ = std::make_shared<const MetadataImage>();
};

TEST_F(TopicPlansTest, ACreatedTopicIsLedByThisBroker) {
  const protocol::CreateTopicsResponse response = Create({Topic("orders", 3)});
  EXPECT_EQ(response.topics[0].num_partitions, 3);
  EXPECT_EQ(response.topics[0].replication_factor, 1);
  EXPECT_EQ(response.topics[0].topic_id, IdOf("orders"));
  EXPECT_EQ(response.topics[0].error_message, std::nullopt);
  EXPECT_FALSE(response.topics[0].configs->empty());
  ASSERT_EQ(PartitionsOf("orders"), 3U);
  const PartitionImage& partition = image_->FindTopic("orders")->partitions[2];
  EXPECT_EQ(partition.leader, config_.node_id);
  EXPECT_THAT(partition.isr, ElementsAre(config_.node_id));
  EXPECT_EQ(partition.leader_epoch, LeaderEpoch(0));
}

TEST_F(TopicPlansTest, MinusOneMeansTheBrokersDefaults) {
  config_.num_partitions = 4;
  EXPECT_EQ(CreateOne(Topic("orders", -1, -1)), ErrorCode::kNone);
  EXPECT_EQ(PartitionsOf("orders"), 4U);
  config_.default_replication_factor = 3;
  EXPECT_EQ(CreateOne(Topic("bills", -1, -1)), ErrorCode::kInvalidReplicationFactor);
}

TEST_F(TopicPlansTest, ABadNameIsRefused) {
  EXPECT_EQ(CreateOne(Topic("a b")), ErrorCode::kInvalidTopicException);
  EXPECT_EQ(CreateOne(Topic("")), ErrorCode::kInvalidTopicException);
  EXPECT_EQ(CreateOne(Topic("__cluster_metadata")), ErrorCode::kInvalidRequest);
}

TEST_F(TopicPlansTest, ANameThatExistsOrCollidesIsRefused) {
  EXPECT_EQ(CreateOne(Topic("a.b_c")), ErrorCode::kNone);
  EXPECT_EQ(CreateOne(Topic("a.b_c")), ErrorCode::kTopicAlreadyExists);
  EXPECT_EQ(CreateOne(Topic("a_b.c")), ErrorCode::kInvalidTopicException);
}

TEST_F(TopicPlansTest, CountsThatCannotBeAreRefusedReplicationFirst) {
  EXPECT_EQ(CreateOne(Topic("x", 0)), ErrorCode::kInvalidPartitions);
  EXPECT_EQ(CreateOne(Topic("x", -2)), ErrorCode::kInvalidPartitions);
  EXPECT_EQ(CreateOne(Topic("x", 1, 0)), ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(CreateOne(Topic("x", 1, -2)), ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(CreateOne(Topic("x", 1, 2)), ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(CreateOne(Topic("x", 0, 0)), ErrorCode::kInvalidReplicationFactor);
}

TEST_F(TopicPlansTest, ConfigsAreCheckedBeforeCounts) {
  Creatable topic = Topic("x", 0, 0);
  topic.configs = {{"no.such.config", "1"}};
  EXPECT_EQ(CreateOne(topic), ErrorCode::kInvalidConfig);
  topic = Topic("x");
  topic.configs = {{"retention.ms", "soon"}};
  EXPECT_EQ(CreateOne(topic), ErrorCode::kInvalidConfig);
  topic.configs = {{"retention.ms", std::nullopt}};
  EXPECT_EQ(CreateOne(topic), ErrorCode::kInvalidConfig);
}

TEST_F(TopicPlansTest, ConfigsBecomeRecordsOfTheTopic) {
  Creatable topic = Topic("orders");
  topic.configs = {{"retention.ms", "5000"}, {"cleanup.policy", "compact,delete"}};
  const protocol::CreateTopicsResponse response = Create({topic});
  EXPECT_EQ(image_->Configs(ConfigResourceType::kTopic, "orders").at("retention.ms"), "5000");
  bool found = false;
  for (const auto& config : *response.topics[0].configs) {
    if (config.name != "retention.ms") continue;
    found = true;
    EXPECT_EQ(config.value, "5000");
    EXPECT_EQ(config.config_source, 1);  // the topic's own
  }
  EXPECT_TRUE(found);
}

TEST_F(TopicPlansTest, ReplicasMayBeAssignedInAnyOrderButWithoutGaps) {
  const auto assigned = [](std::vector<std::pair<std::int32_t, std::vector<std::int32_t>>> given) {
    Creatable topic = Topic("x", -1, -1);
    for (auto& [partition, brokers] : given) {
      auto& assignment = topic.assignments.emplace_back();
      assignment.partition_index = partition;
      assignment.broker_ids = std::move(brokers);
    }
    return topic;
  };
  constexpr auto kBad = ErrorCode::kInvalidReplicaAssignment;
  EXPECT_EQ(CreateOne(assigned({{0, {1}}, {2, {1}}})), kBad);
  EXPECT_EQ(CreateOne(assigned({{1, {1}}})), kBad);
  EXPECT_EQ(CreateOne(assigned({{0, {1}}, {0, {1}}})), kBad);
  EXPECT_EQ(CreateOne(assigned({{0, {2}}})), kBad);
  EXPECT_EQ(CreateOne(assigned({{0, {}}})), kBad);
  EXPECT_EQ(CreateOne(assigned({{0, {1, 1}}})), kBad);
  EXPECT_EQ(CreateOne(assigned({{0, {1}}, {1, {1, 2}}})), kBad);
  Creatable with_count = assigned({{0, {1}}});
  with_count.num_partitions = 1;
  EXPECT_EQ(CreateOne(with_count), ErrorCode::kInvalidRequest);
  Creatable with_factor = assigned({{0, {1}}});
  with_factor.replication_factor = 1;
  EXPECT_EQ(CreateOne(with_factor), ErrorCode::kInvalidRequest);
  EXPECT_EQ(CreateOne(assigned({{1, {1}}, {0, {1}}})), ErrorCode::kNone);
  EXPECT_EQ(PartitionsOf("x"), 2U);
}

TEST_F(TopicPlansTest, ANameThatOccursTwiceIsAnsweredOnceAndNotCreated) {
  const auto response = Create({Topic("dup"), Topic("dup"), Topic("fine")});
  EXPECT_THAT(Codes(response.topics), ElementsAre(ErrorCode::kInvalidRequest, ErrorCode::kNone));
  EXPECT_EQ(image_->FindTopic("dup"), nullptr);
  EXPECT_NE(image_->FindTopic("fine"), nullptr);
}

TEST_F(TopicPlansTest, OneBadTopicDoesNotKeepTheOthersFromBeingCreated) {
  const auto response = Create({Topic("good1"), Topic("b d"), Topic("good2")});
  EXPECT_THAT(Codes(response.topics),
              ElementsAre(ErrorCode::kNone, ErrorCode::kInvalidTopicException, ErrorCode::kNone));
  EXPECT_THAT(image_->topics(), SizeIs(2));
}

TEST_F(TopicPlansTest, ValidateOnlyAnswersLikeACreationAndWritesNothing) {
  protocol::CreateTopicsRequest request;
  request.topics = {Topic("x", 3), Topic("y", 0)};
  request.validate_only = true;
  const auto plan = PlanCreateTopics(*image_, Context(), request);
  EXPECT_THAT(plan.records, IsEmpty());
  EXPECT_THAT(Codes(plan.response.topics),
              ElementsAre(ErrorCode::kNone, ErrorCode::kInvalidPartitions));
  EXPECT_EQ(plan.response.topics[0].num_partitions, 3);
}

TEST_F(TopicPlansTest, ATimeoutThatIsOverTriesNothing) {
  protocol::CreateTopicsRequest request;
  request.topics = {Topic("x"), Topic("b d")};
  request.timeout_ms = 0;
  const auto plan = PlanCreateTopics(*image_, Context(), request);
  EXPECT_THAT(plan.records, IsEmpty());
  EXPECT_THAT(Codes(plan.response.topics),
              ElementsAre(ErrorCode::kRequestTimedOut, ErrorCode::kRequestTimedOut));
}

// The bound is on the records: a topic is one, each of its partitions and configs one more.
TEST_F(TopicPlansTest, ARequestThatNeedsMoreThanTenThousandRecordsIsRefusedWhole) {
  constexpr auto kTooMany = ErrorCode::kPolicyViolation;
  EXPECT_THAT(Codes(Create({Topic("a", 10'000)}).topics), ElementsAre(kTooMany));
  EXPECT_THAT(Codes(Create({Topic("a", 5000), Topic("b", 5000)}).topics),
              ElementsAre(kTooMany, kTooMany));
  EXPECT_THAT(Codes(Create({Topic("a", 2'147'483'647), Topic("b")}).topics),
              ElementsAre(kTooMany, kTooMany));
  EXPECT_THAT(image_->topics(), IsEmpty());
  EXPECT_THAT(Codes(Create({Topic("a", 9999)}).topics), ElementsAre(ErrorCode::kNone));
  EXPECT_EQ(PartitionsOf("a"), 9999U);
}

TEST_F(TopicPlansTest, PartitionsCanOnlyGrow) {
  Create({Topic("orders", 2)});
  EXPECT_EQ(GrowOne("orders", 2), ErrorCode::kInvalidPartitions);
  EXPECT_EQ(GrowOne("orders", 1), ErrorCode::kInvalidPartitions);
  EXPECT_EQ(GrowOne("orders", -1), ErrorCode::kInvalidPartitions);
  EXPECT_EQ(GrowOne("orders", 5), ErrorCode::kNone);
  EXPECT_EQ(PartitionsOf("orders"), 5U);
  EXPECT_EQ(GrowOne("nope", 5), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(GrowOne("a b", 5), ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(TopicPlansTest, NewPartitionsNeedOneAssignmentEachOrNone) {
  Create({Topic("orders", 1)});
  constexpr auto kBad = ErrorCode::kInvalidReplicaAssignment;
  using Assignments = std::vector<std::vector<std::int32_t>>;
  EXPECT_EQ(GrowOne("orders", 3, Assignments{}), kBad);
  EXPECT_EQ(GrowOne("orders", 3, Assignments{{1}}), kBad);
  EXPECT_EQ(GrowOne("orders", 3, Assignments{{1}, {1}, {1}}), kBad);
  EXPECT_EQ(GrowOne("orders", 2, Assignments{{7}}), kBad);
  EXPECT_EQ(GrowOne("orders", 2, Assignments{{}}), kBad);
  EXPECT_EQ(GrowOne("orders", 2, Assignments{{1, 1}}), kBad);
  EXPECT_EQ(GrowOne("orders", 3, Assignments{{1}, {1}}), ErrorCode::kNone);
  EXPECT_EQ(PartitionsOf("orders"), 3U);
}

TEST_F(TopicPlansTest, ATopicGrownTwiceInOneRequestIsRefusedOnce) {
  Create({Topic("orders"), Topic("bills")});
  const auto grown = [](const std::string& name, std::int32_t count) {
    protocol::CreatePartitionsRequest::CreatePartitionsTopic topic;
    topic.name = name;
    topic.count = count;
    topic.assignments.reset();
    return topic;
  };
  const auto response = Grow({grown("orders", 2), grown("orders", 3), grown("bills", 2)});
  EXPECT_THAT(Codes(response.results), ElementsAre(ErrorCode::kInvalidRequest, ErrorCode::kNone));
  EXPECT_EQ(PartitionsOf("orders"), 1U);
  EXPECT_EQ(PartitionsOf("bills"), 2U);
}

// Kafka answers UNKNOWN_SERVER_ERROR here, which tells an operator nothing.
TEST_F(TopicPlansTest, GrowingByMoreThanTenThousandIsRefused) {
  Create({Topic("orders", 1)});
  EXPECT_EQ(GrowOne("orders", 10'002), ErrorCode::kPolicyViolation);
  EXPECT_EQ(GrowOne("orders", 2'147'483'647), ErrorCode::kPolicyViolation);
  EXPECT_EQ(GrowOne("orders", 10'001), ErrorCode::kNone);
}

TEST_F(TopicPlansTest, TopicsAreDeletedByNameAndById) {
  Create({Topic("a"), Topic("b"), Topic("c")});
  const Uuid b = IdOf("b");
  const auto response = Delete({ByName("a"), ById(b), ByName("nope"), ById(Uuid::Random())});
  EXPECT_THAT(Codes(response.responses),
              ElementsAre(ErrorCode::kNone, ErrorCode::kNone, ErrorCode::kUnknownTopicOrPartition,
                          ErrorCode::kUnknownTopicId));
  EXPECT_EQ(response.responses[1].name, "b");
  EXPECT_EQ(response.responses[1].topic_id, b);
  EXPECT_EQ(response.responses[3].name, std::nullopt);
  EXPECT_THAT(image_->topics(), SizeIs(1));
}

TEST_F(TopicPlansTest, OldVersionsDeleteByNameAlone) {
  Create({Topic("a")});
  protocol::DeleteTopicsRequest request;
  request.topic_names = {"a", "nope"};
  request.timeout_ms = 1000;
  const auto plan = PlanDeleteTopics(*image_, Context(), 3, request);
  EXPECT_THAT(Codes(plan.response.responses),
              ElementsAre(ErrorCode::kNone, ErrorCode::kUnknownTopicOrPartition));
  EXPECT_THAT(plan.records, SizeIs(1));
}

TEST_F(TopicPlansTest, ATopicMustBeNamedOneWayAndOnce) {
  Create({Topic("a"), Topic("b")});
  Named both = ByName("a");
  both.topic_id = IdOf("a");
  Named neither = ById(Uuid());
  constexpr auto kBad = ErrorCode::kInvalidRequest;
  EXPECT_THAT(Codes(Delete({both}).responses), ElementsAre(kBad));
  EXPECT_THAT(Codes(Delete({neither}).responses), ElementsAre(kBad));
  EXPECT_THAT(Codes(Delete({ByName("a"), ByName("a")}).responses), ElementsAre(kBad));
  EXPECT_THAT(Codes(Delete({ById(IdOf("a")), ById(IdOf("a"))}).responses), ElementsAre(kBad));
  EXPECT_THAT(Codes(Delete({ByName("a"), ById(IdOf("a"))}).responses), ElementsAre(kBad));
  EXPECT_THAT(Codes(Delete({ByName("nope"), ByName("nope")}).responses), ElementsAre(kBad));
  EXPECT_THAT(image_->topics(), SizeIs(2));
}

TEST_F(TopicPlansTest, DeletionCanBeSwitchedOff) {
  Create({Topic("a")});
  config_.delete_topics = false;
  EXPECT_THAT(Codes(Delete({ByName("a")}).responses),
              ElementsAre(ErrorCode::kTopicDeletionDisabled));
  EXPECT_THAT(Codes(Delete({ByName("a")}, 2).responses), ElementsAre(ErrorCode::kInvalidRequest));
  EXPECT_THAT(image_->topics(), SizeIs(1));
}

}  // namespace
}  // namespace gneiss::server
