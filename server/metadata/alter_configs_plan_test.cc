// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/alter_configs_plan.h"

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/metadata/metadata_fold.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int8_t kTopic = 2;
constexpr std::int8_t kBroker = 4;
constexpr std::int8_t kLogger = 8;
constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;
constexpr std::int8_t kAppend = 2;

using Incremental = protocol::IncrementalAlterConfigsRequest;
using Legacy = protocol::AlterConfigsRequest;

Incremental::AlterConfigsResource Alter(
    std::int8_t type, const std::string& name,
    std::vector<std::tuple<std::string, std::int8_t, std::optional<std::string>>> changes) {
  Incremental::AlterConfigsResource resource;
  resource.resource_type = type;
  resource.resource_name = name;
  for (auto& [key, operation, value] : changes) {
    auto& config = resource.configs.emplace_back();
    config.name = std::move(key);
    config.config_operation = operation;
    config.value = std::move(value);
  }
  return resource;
}

class AlterConfigsPlanTest : public ::testing::Test {
 protected:
  AlterConfigsPlanTest() {
    for (const char* name : {"orders", "bills"}) {
      protocol::TopicRecord topic;
      topic.name = name;
      topic.topic_id = Uuid::Random();
      Apply({topic});
    }
  }

  void Apply(const std::vector<MetadataRecord>& records) {
    MetadataFold fold(*image_);
    for (const MetadataRecord& record : records) {
      ASSERT_TRUE(fold.Apply(image_->offset() + 1, record).has_value());
    }
    image_ = fold.Publish();
  }

  std::vector<ErrorCode> Change(std::vector<Incremental::AlterConfigsResource> resources) {
    Incremental request;
    request.resources = std::move(resources);
    const auto plan = PlanIncrementalAlterConfigs(*image_, Context(), request);
    records_ = plan.records.size();
    Apply(plan.records);
    return Codes(plan.response.responses);
  }

  template <class Responses>
  static std::vector<ErrorCode> Codes(const Responses& responses) {
    std::vector<ErrorCode> codes;
    for (const auto& response : responses) {
      codes.push_back(protocol::ErrorCodeFromWire(response.error_code));
    }
    return codes;
  }

  PlanContext Context() const { return {.config = config_, .directory_id = Uuid()}; }
  ConfigMap Topic(const std::string& name) const {
    return image_->Configs(ConfigResourceType::kTopic, name);
  }

  BrokerConfig config_;
  MetadataImagePtr image_ = std::make_shared<const MetadataImage>();
  std::size_t records_ = 0;
};

TEST_F(AlterConfigsPlanTest, SettingsAreMadeAndTakenBackOneByOne) {
  EXPECT_THAT(
      Change({Alter(kTopic, "orders", {{"retention.ms", kSet, "1"}, {"segment.ms", kSet, "2"}})}),
      ElementsAre(ErrorCode::kNone));
  EXPECT_EQ(Topic("orders"), (ConfigMap{{"retention.ms", "1"}, {"segment.ms", "2"}}));
  EXPECT_THAT(Change({Alter(kTopic, "orders", {{"segment.ms", kDelete, std::nullopt}})}),
              ElementsAre(ErrorCode::kNone));
  EXPECT_EQ(Topic("orders"), (ConfigMap{{"retention.ms", "1"}}));
}

TEST_F(AlterConfigsPlanTest, WhatDoesNotChangeIsNotWritten) {
  Change({Alter(kTopic, "orders", {{"retention.ms", kSet, "1"}})});
  EXPECT_THAT(Change({Alter(kTopic, "orders", {{"retention.ms", kSet, "1"}})}),
              ElementsAre(ErrorCode::kNone));
  EXPECT_EQ(records_, 0U);
  EXPECT_THAT(Change({Alter(kTopic, "orders", {{"segment.ms", kDelete, std::nullopt}})}),
              ElementsAre(ErrorCode::kNone));
  EXPECT_EQ(records_, 0U);
}

TEST_F(AlterConfigsPlanTest, AResourceChangesWholeOrNotAtAllAndTheOthersGoOn) {
  EXPECT_THAT(
      Change({Alter(kTopic, "orders", {{"retention.ms", kSet, "1"}, {"segment.ms", kSet, "never"}}),
              Alter(kTopic, "bills", {{"retention.ms", kSet, "1"}})}),
      ElementsAre(ErrorCode::kInvalidConfig, ErrorCode::kNone));
  EXPECT_THAT(Topic("orders"), IsEmpty());
  EXPECT_THAT(Topic("bills"), SizeIs(1));
}

TEST_F(AlterConfigsPlanTest, AResourceThatIsNamedTwiceIsRefusedBothTimes) {
  EXPECT_THAT(Change({Alter(kTopic, "orders", {{"retention.ms", kSet, "1"}}),
                      Alter(kTopic, "orders", {{"segment.ms", kSet, "1"}})}),
              ElementsAre(ErrorCode::kInvalidRequest, ErrorCode::kInvalidRequest));
  EXPECT_THAT(Topic("orders"), IsEmpty());
}

TEST_F(AlterConfigsPlanTest, OnlyResourcesThatExistHereCanBeChanged) {
  EXPECT_THAT(Change({Alter(kTopic, "nope", {{"retention.ms", kSet, "1"}}),
                      Alter(kTopic, "a b", {{"retention.ms", kSet, "1"}}),
                      Alter(kTopic, "", {{"retention.ms", kSet, "1"}}),
                      Alter(kBroker, "2", {{"log.retention.ms", kSet, "1"}}),
                      Alter(kBroker, "x", {{"log.retention.ms", kSet, "1"}}),
                      Alter(kLogger, "1", {{"root", kSet, "DEBUG"}}),  // not the controller's
                      Alter(99, "1", {{"x", kSet, "1"}})}),
              ElementsAre(ErrorCode::kUnknownTopicOrPartition, ErrorCode::kInvalidTopicException,
                          ErrorCode::kInvalidRequest, ErrorCode::kInvalidRequest,
                          ErrorCode::kInvalidRequest, ErrorCode::kInvalidRequest,
                          ErrorCode::kInvalidRequest));
}

TEST_F(AlterConfigsPlanTest, BrokersHaveConfigsOfTheirOwnAndForAll) {
  EXPECT_THAT(Change({Alter(kBroker, "1", {{"log.retention.ms", kSet, "1"}}),
                      Alter(kBroker, "", {{"log.retention.ms", kSet, "2"}})}),
              ElementsAre(ErrorCode::kNone, ErrorCode::kNone));
  EXPECT_EQ(image_->Configs(ConfigResourceType::kBroker, "1").at("log.retention.ms"), "1");
  EXPECT_EQ(image_->Configs(ConfigResourceType::kBroker, "").at("log.retention.ms"), "2");
}

TEST_F(AlterConfigsPlanTest, ListsGrowByAppending) {
  EXPECT_THAT(Change({Alter(kTopic, "orders", {{"cleanup.policy", kAppend, "compact"}})}),
              ElementsAre(ErrorCode::kNone));
  EXPECT_EQ(Topic("orders").at("cleanup.policy"), "delete,compact");
}

TEST_F(AlterConfigsPlanTest, ValidateOnlyChecksAndWritesNothing) {
  Incremental request;
  request.resources = {Alter(kTopic, "orders", {{"retention.ms", kSet, "1"}}),
                       Alter(kTopic, "bills", {{"retention.ms", kSet, "soon"}})};
  request.validate_only = true;
  const auto plan = PlanIncrementalAlterConfigs(*image_, Context(), request);
  EXPECT_THAT(plan.records, IsEmpty());
  EXPECT_THAT(Codes(plan.response.responses),
              ElementsAre(ErrorCode::kNone, ErrorCode::kInvalidConfig));
}

TEST_F(AlterConfigsPlanTest, TheOldCallTakesBackWhatItDoesNotName) {
  Change({Alter(kTopic, "orders", {{"retention.ms", kSet, "1"}, {"segment.ms", kSet, "2"}})});
  Legacy request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kTopic;
  resource.resource_name = "orders";
  auto& config = resource.configs.emplace_back();
  config.name = "segment.ms";
  config.value = "3";
  const auto plan = PlanAlterConfigs(*image_, Context(), request);
  EXPECT_THAT(Codes(plan.response.responses), ElementsAre(ErrorCode::kNone));
  EXPECT_EQ(plan.response.responses[0].error_message, std::nullopt);
  Apply(plan.records);
  EXPECT_EQ(Topic("orders"), (ConfigMap{{"segment.ms", "3"}}));
}

}  // namespace
}  // namespace gneiss::server
