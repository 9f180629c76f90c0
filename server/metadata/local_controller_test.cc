// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/local_controller.h"

#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "protocol/error_codes.h"
#include "server/metadata/create_topics_plan.h"
#include "server/metadata/delete_topics_plan.h"
#include "server/metadata/internal_topics.h"
#include "server/testing/memory_metadata_log.h"

namespace gneiss::server {
namespace {

using protocol::CreateTopicsResponse;
using protocol::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LocalControllerTest : public ::testing::Test {
 protected:
  LocalControllerTest() { Start(); }

  void Start() {
    auto opened = LocalController::Open(log_, config_);
    ASSERT_TRUE(opened.has_value()) << opened.error().detail;
    controller_ = std::move(*opened);
  }
  void Restart() {
    controller_.reset();
    Start();
  }
  Error FailToStart() {
    controller_.reset();
    auto opened = LocalController::Open(log_, config_);
    return opened ? Error{} : opened.error();
  }

  // Plans, waits, and gives the answer.
  std::future<CreateTopicsResponse> Submit(std::vector<std::string> names) {
    protocol::CreateTopicsRequest request;
    for (std::string& name : names) {
      auto& topic = request.topics.emplace_back();
      topic.name = std::move(name);
      topic.num_partitions = 2;
      topic.replication_factor = 1;
    }
    std::promise<CreateTopicsResponse> answered;
    std::future<CreateTopicsResponse> answer = answered.get_future();
    controller_->Submit<CreateTopicsResponse>(
        [this, request = std::move(request)](const MetadataImage& image) {
          return PlanCreateTopics(image, PlanContext{config_, Uuid()}, request);
        },
        [answered = std::move(answered)](CreateTopicsResponse response) mutable {
          answered.set_value(std::move(response));
        });
    return answer;
  }
  ErrorCode Create(const std::string& name) { return CodeOf(Submit({name})); }

  static ErrorCode CodeOf(std::future<CreateTopicsResponse> answer) {
    return protocol::ErrorCodeFromWire(answer.get().topics.at(0).error_code);
  }

  // Runs a call of the Controller interface on a loop of its own.
  template <class T>
  static T Await(boost::asio::awaitable<T> call) {
    boost::asio::io_context loop(1);
    std::optional<T> answer;
    boost::asio::co_spawn(loop, std::move(call), [&](const std::exception_ptr& failed, T value) {
      EXPECT_EQ(failed, nullptr);
      answer = std::move(value);
    });
    loop.run();
    return std::move(answer).value();
  }

  void Delete(const std::string& name) {
    protocol::DeleteTopicsRequest request;
    request.topic_names = {name};
    request.timeout_ms = 1000;
    std::promise<void> answered;
    controller_->Submit<protocol::DeleteTopicsResponse>(
        [&](const MetadataImage& image) {
          return PlanDeleteTopics(image, PlanContext{config_, Uuid()}, 5, request);
        },
        [&](const protocol::DeleteTopicsResponse&) { answered.set_value(); });
    answered.get_future().wait();
  }

  BrokerConfig config_;
  testing::MemoryMetadataLog log_;
  std::unique_ptr<LocalController> controller_;
};

TEST_F(LocalControllerTest, AnEmptyLogBeginsWithFeaturesTheirConfigsAndThisBroker) {
  const MetadataImagePtr image = controller_->image();
  EXPECT_EQ(image->features().at("metadata.version"), 30);
  EXPECT_EQ(image->features().at("eligible.leader.replicas.version"), 1);
  EXPECT_EQ(image->Configs(ConfigResourceType::kBroker, "").at("min.insync.replicas"), "1");
  ASSERT_THAT(image->brokers(), SizeIs(1));
  const BrokerImage& self = image->brokers().at(config_.node_id);
  EXPECT_FALSE(self.fenced);
  EXPECT_EQ(self.epoch, image->offset().value());  // the offset of its registration
  EXPECT_THAT(self.log_dirs, SizeIs(1));
  EXPECT_THAT(controller_->cluster_id(), SizeIs(22));
}

TEST_F(LocalControllerTest, ARestartWritesNothingAndKeepsIdentityTopicsAndIds) {
  ASSERT_EQ(Create("orders"), ErrorCode::kNone);
  const std::string cluster_id = controller_->cluster_id();
  const MetadataImagePtr before = controller_->image();
  const std::size_t records = log_.records().size();
  Restart();
  EXPECT_EQ(controller_->cluster_id(), cluster_id);
  EXPECT_EQ(log_.records().size(), records);
  const MetadataImagePtr after = controller_->image();
  EXPECT_EQ(*after->FindTopic("orders"), *before->FindTopic("orders"));
  EXPECT_EQ(after->brokers(), before->brokers());
  EXPECT_EQ(after->offset(), before->offset());
}

TEST_F(LocalControllerTest, ARestartUponASnapshotKeepsEverything) {
  config_.metadata_log_max_record_bytes_between_snapshots = 1;
  Restart();
  ASSERT_EQ(Create("orders"), ErrorCode::kNone);
  ASSERT_EQ(Create("bills"), ErrorCode::kNone);
  const Uuid bills = controller_->image()->FindTopic("bills")->id;
  Delete("bills");
  EXPECT_EQ(Await(controller_->AllocateProducerIds()).value(), 0);
  controller_->Stop();
  const MetadataImagePtr before = controller_->image();
  EXPECT_EQ(log_.snapshot_end(), before->offset() + 1);
  EXPECT_THAT(log_.records(), SizeIs(0));
  Restart();
  const MetadataImagePtr after = controller_->image();
  EXPECT_EQ(*after->FindTopic("orders"), *before->FindTopic("orders"));
  EXPECT_EQ(after->brokers(), before->brokers());
  EXPECT_EQ(after->features(), before->features());
  EXPECT_EQ(after->all_configs(), before->all_configs());
  EXPECT_EQ(after->offset(), before->offset());
  EXPECT_TRUE(controller_->IsRemoved(bills)) << "nobody has said that it is gone from the stores";
  EXPECT_EQ(Await(controller_->AllocateProducerIds()).value(), 1000);
}

TEST_F(LocalControllerTest, AnotherNodeIdIsRefusedWithASentence) {
  config_.node_id = BrokerId(2);
  EXPECT_THAT(FailToStart().detail, HasSubstr("belongs to node 1, but node.id is 2"));
}

TEST_F(LocalControllerTest, AChangedRackIsRegisteredAgain) {
  const std::vector<Uuid> log_dirs = controller_->image()->brokers().at(config_.node_id).log_dirs;
  config_.rack = "r1";
  const Offset log_end = log_.log_end();
  Restart();
  const BrokerImage self = controller_->image()->brokers().at(config_.node_id);
  EXPECT_EQ(self.rack, "r1");
  EXPECT_EQ(self.epoch, log_end.value());
  EXPECT_EQ(self.log_dirs, log_dirs);
}

TEST_F(LocalControllerTest, ARecordOfANewerVersionStopsTheStartWithItsOffset) {
  const std::string unknown[] = {std::string("\x01\x7f\x00\x00", 4)};
  const std::string offset = std::to_string(log_.Append(unknown).value().value());
  const Error error = FailToStart();
  EXPECT_EQ(error.code, Errc::kUnsupportedVersion);
  EXPECT_THAT(error.detail, HasSubstr("offset " + offset + " of the metadata log"));
  EXPECT_THAT(error.detail, HasSubstr("type 127"));
}

TEST_F(LocalControllerTest, SubscribersHaveSeenAChangeBeforeItIsAnswered) {
  std::vector<std::string> seen;
  controller_->Subscribe([&](const MetadataImage& before, const MetadataImage& after) {
    for (const TopicChange& change : ChangedTopics(before, after)) {
      seen.push_back(change.after->name);
    }
  });
  ASSERT_EQ(Create("orders"), ErrorCode::kNone);
  EXPECT_THAT(seen, ElementsAre("orders"));
  EXPECT_NE(controller_->image()->FindTopic("orders"), nullptr);
}

// The first request holds the controller in its subscriber; the ones that come meanwhile must
// share one append, each planned upon the one before.
TEST_F(LocalControllerTest, RequestsThatMeetShareOneAppend) {
  std::promise<void> entered;
  std::promise<void> go_on;
  bool first = true;
  controller_->Subscribe([&](const MetadataImage&, const MetadataImage&) {
    if (!std::exchange(first, false)) return;
    entered.set_value();
    go_on.get_future().wait();
  });
  auto blocker = Submit({"first"});
  entered.get_future().wait();
  const std::size_t appends = log_.appends();
  auto a = Submit({"a"});
  auto b = Submit({"b"});
  auto a_again = Submit({"a"});
  go_on.set_value();
  EXPECT_EQ(CodeOf(std::move(blocker)), ErrorCode::kNone);
  EXPECT_EQ(CodeOf(std::move(a)), ErrorCode::kNone);
  EXPECT_EQ(CodeOf(std::move(b)), ErrorCode::kNone);
  EXPECT_EQ(CodeOf(std::move(a_again)), ErrorCode::kTopicAlreadyExists);
  EXPECT_EQ(log_.appends(), appends + 1);
}

TEST_F(LocalControllerTest, WhatCouldNotBeWrittenIsNeitherAnsweredAsDoneNorVisible) {
  log_.FailAppends(true);
  EXPECT_EQ(Create("orders"), ErrorCode::kKafkaStorageError);
  EXPECT_EQ(controller_->image()->FindTopic("orders"), nullptr);
  log_.FailAppends(false);
  EXPECT_EQ(Create("orders"), ErrorCode::kNone);
}

TEST_F(LocalControllerTest, AfterStopChangesAreRefused) {
  controller_->Stop();
  EXPECT_EQ(Create("orders"), ErrorCode::kNotController);
  EXPECT_EQ(controller_->image()->FindTopic("orders"), nullptr);
}

TEST_F(LocalControllerTest, RemovedTopicsAreKnownAfterARestart) {
  ASSERT_EQ(Create("orders"), ErrorCode::kNone);
  ASSERT_EQ(Create("bills"), ErrorCode::kNone);
  const Uuid orders = controller_->image()->FindTopic("orders")->id;
  const Uuid bills = controller_->image()->FindTopic("bills")->id;
  Delete("orders");
  Restart();
  EXPECT_TRUE(controller_->IsRemoved(orders));
  EXPECT_FALSE(controller_->IsRemoved(bills));
  EXPECT_EQ(controller_->image()->FindTopic("orders"), nullptr);
}

TEST_F(LocalControllerTest, ProducerIdsComeInBlocksThatNoRestartGivesOutAgain) {
  EXPECT_EQ(Await(controller_->AllocateProducerIds()).value(), 0);
  EXPECT_EQ(Await(controller_->AllocateProducerIds()).value(), 1000);
  Restart();
  EXPECT_EQ(Await(controller_->AllocateProducerIds()).value(), 2000);
  log_.FailAppends(true);
  EXPECT_EQ(Await(controller_->AllocateProducerIds()).error().code, Errc::kStorage);
}

TEST_F(LocalControllerTest, AnInternalTopicIsMadeOnceWithKafkasSettings) {
  config_.offsets_topic_num_partitions = 7;
  const auto ensure = [this](const std::string& name) {
    return Await(EnsureInternalTopic(*controller_, config_, name));
  };
  EXPECT_TRUE(ensure("__consumer_offsets").has_value());
  const std::size_t records = log_.records().size();
  EXPECT_TRUE(ensure("__consumer_offsets").has_value());
  EXPECT_EQ(log_.records().size(), records);
  const MetadataImagePtr image = controller_->image();
  EXPECT_THAT(image->FindTopic("__consumer_offsets")->partitions, SizeIs(7));
  EXPECT_EQ(image->Configs(ConfigResourceType::kTopic, "__consumer_offsets"),
            (ConfigMap{{"cleanup.policy", "compact"},
                       {"compression.type", "producer"},
                       {"segment.bytes", "104857600"}}));
  EXPECT_EQ(ensure("__transaction_state").error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace gneiss::server
