// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/metadata_snapshots.h"

#include <cstdint>
#include <cstdio>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/base/mutex.h"
#include "server/metadata/create_partitions_plan.h"
#include "server/metadata/create_topics_plan.h"
#include "server/metadata/delete_topics_plan.h"
#include "server/metadata/metadata_fold.h"
#include "server/metadata/registration.h"
#include "server/metadata/snapshot_records.h"
#include "server/testing/memory_metadata_log.h"

namespace gneiss::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr ConfigResourceType kResourceTypes[] = {
    ConfigResourceType::kTopic, ConfigResourceType::kBroker, ConfigResourceType::kBrokerLogger,
    ConfigResourceType::kClientMetrics, ConfigResourceType::kGroup};

// What a controller would hold after random requests, most of them planned as they are in a broker.
class RandomHistory {
 public:
  explicit RandomHistory(unsigned seed) : random_(seed) {
    config_.rack = "r1";
    config_.listeners = {
        {.name = "PLAINTEXT", .protocol = "PLAINTEXT", .host = "localhost", .port = 9092}};
    Apply(*RegistrationRecords(fold_.image(), config_, Offset(0)));
  }

  void Step() {
    switch (Draw(9)) {
      case 0:
      case 1:
        return CreateTopic();
      case 2:
        return DeleteTopic();
      case 3:
        return AddPartitions();
      case 4:
        return ChangePartition();
      case 5:
      case 6:
        return AlterConfig();
      case 7:
        return FinalizeFeature();
      default:
        return GiveOutProducerIds();
    }
  }

  const MetadataImage& image() const { return fold_.image(); }

 private:
  std::uint32_t Draw(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
  PlanContext context() { return {.config = config_, .directory_id = directory_}; }

  void Apply(const std::vector<MetadataRecord>& records) {
    for (const MetadataRecord& record : records) {
      const Status applied = fold_.Apply(fold_.image().offset() + 1, record);
      ASSERT_TRUE(applied.has_value()) << applied.error().detail;
    }
    if (Draw(3) == 0) fold_.Publish();
  }
  const TopicImage* SomeTopic() {
    const MetadataImage::Topics& topics = fold_.image().topics();
    if (topics.empty()) return nullptr;
    return std::next(topics.begin(), Draw(static_cast<std::uint32_t>(topics.size())))->second.get();
  }

  void CreateTopic() {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "topic-" + std::to_string(Draw(40));
    topic.num_partitions = 1 + static_cast<std::int32_t>(Draw(5));
    topic.replication_factor = 1;
    if (Draw(2) == 0) {
      auto& config = topic.configs.emplace_back();
      config.name = "retention.ms";
      config.value = std::to_string(Draw(1000));
    }
    Apply(PlanCreateTopics(image(), context(), request).records);
  }

  void DeleteTopic() {
    const TopicImage* topic = SomeTopic();
    if (topic == nullptr) return;
    protocol::DeleteTopicsRequest request;
    request.timeout_ms = 1000;
    request.topic_names = {topic->name};
    Apply(PlanDeleteTopics(image(), context(), 5, request).records);
  }

  void AddPartitions() {
    const TopicImage* topic = SomeTopic();
    if (topic == nullptr) return;
    protocol::CreatePartitionsRequest request;
    request.timeout_ms = 1000;
    auto& growth = request.topics.emplace_back();
    growth.name = topic->name;
    growth.count = static_cast<std::int32_t>(topic->partitions.size() + 1 + Draw(3));
    growth.assignments = std::nullopt;
    Apply(PlanCreatePartitions(image(), context(), request).records);
  }

  void ChangePartition() {
    const TopicImage* topic = SomeTopic();
    if (topic == nullptr) return;
    protocol::PartitionChangeRecord record;
    record.topic_id = topic->id;
    record.partition_id =
        static_cast<std::int32_t>(Draw(static_cast<std::uint32_t>(topic->partitions.size())));
    if (Draw(2) == 0) record.leader = static_cast<std::int32_t>(Draw(3)) - 1;
    if (Draw(2) == 0) record.isr = {1, 2};
    if (Draw(2) == 0) record.replicas = {2, 1};
    if (Draw(2) == 0) record.directories = {directory_, Uuid()};
    Apply({record});
  }

  void AlterConfig() {
    protocol::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(kResourceTypes[Draw(5)]);
    record.resource_name = Draw(4) == 0 ? "" : "name-" + std::to_string(Draw(5));
    record.name = "key-" + std::to_string(Draw(4));
    if (Draw(4) != 0) record.value = Draw(5) == 0 ? "" : "v\xc3\xa4" + std::to_string(Draw(9));
    Apply({record});
  }

  void FinalizeFeature() {
    protocol::FeatureLevelRecord record;
    record.name = Draw(3) == 0 ? "group.version" : "a.feature";
    record.feature_level = static_cast<std::int16_t>(Draw(3));
    Apply({record});
  }

  void GiveOutProducerIds() {
    protocol::ProducerIdsRecord record;
    record.broker_id = 1;
    record.next_producer_id = image().next_producer_id() + 1000;
    Apply({record});
  }

  std::mt19937 random_;
  BrokerConfig config_;
  const Uuid directory_ = Uuid::Random();
  MetadataFold fold_;
};

std::vector<MetadataRecord> SnapshotOf(const MetadataImage& image) {
  std::vector<MetadataRecord> records;
  EXPECT_TRUE(VisitSnapshotRecords(image, [&](const MetadataRecord& record) {
    records.push_back(record);
    return Status();
  }));
  return records;
}

void ExpectSameContents(const MetadataImage& a, const MetadataImage& b) {
  EXPECT_EQ(a.offset(), b.offset());
  EXPECT_EQ(a.brokers(), b.brokers());
  EXPECT_EQ(a.features(), b.features());
  EXPECT_EQ(a.all_configs(), b.all_configs());
  EXPECT_EQ(a.next_producer_id(), b.next_producer_id());
  ASSERT_EQ(a.topics().size(), b.topics().size());
  for (const auto& [name, topic] : a.topics()) {
    ASSERT_NE(b.FindTopic(name), nullptr) << name;
    EXPECT_EQ(*topic, *b.FindTopic(name)) << name;
    EXPECT_EQ(b.FindTopic(topic->id), b.FindTopic(name));
  }
}

TEST(SnapshotRecordsTest, TheRecordsOfAnyImageLeadBackToIt) {
  const unsigned seed = std::random_device{}();
  std::printf("seed=%u\n", seed);
  for (unsigned round = 0; round < 50; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    RandomHistory history(seed + round);
    for (int i = 0; i < 200; ++i) history.Step();
    MetadataFold rebuilt;
    for (const MetadataRecord& record : SnapshotOf(history.image())) {
      const auto bytes = EncodeMetadataRecord(record);
      ASSERT_TRUE(bytes.has_value());
      const auto decoded = DecodeMetadataRecord(AsBytes(*bytes));
      ASSERT_TRUE(decoded.has_value());
      const Status applied = rebuilt.Apply(history.image().offset(), *decoded);
      ASSERT_TRUE(applied.has_value()) << applied.error().detail;
    }
    ExpectSameContents(history.image(), rebuilt.image());
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}

TEST(SnapshotRecordsTest, TheMetadataVersionComesFirst) {
  MetadataFold fold;
  for (const char* name : {"a.feature", "metadata.version"}) {
    protocol::FeatureLevelRecord record;
    record.name = name;
    record.feature_level = 1;
    ASSERT_TRUE(fold.Apply(Offset(0), record));
  }
  const std::vector<MetadataRecord> records = SnapshotOf(fold.image());
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(std::get<protocol::FeatureLevelRecord>(records[0]).name, "metadata.version");
}

class MetadataSnapshotsTest : public ::testing::Test {
 protected:
  static Uuid Id(std::uint8_t number) {
    Uuid id;
    id.bytes[15] = number;
    return id;
  }

  void Start(MetadataSnapshots::Limits limits) {
    snapshots_ = std::make_unique<MetadataSnapshots>(log_, limits);
  }

  // A change of the image by one record, which counts as if it had `more` bytes beyond its own.
  void Change(std::vector<Uuid> removed = {}, std::size_t more = 0) {
    protocol::ProducerIdsRecord record;
    record.next_producer_id = fold_.image().next_producer_id() + 1000;
    const std::string bytes[] = {*EncodeMetadataRecord(record)};
    ASSERT_TRUE(fold_.Apply(log_.Append(bytes).value(), record));
    snapshots_->Note(fold_.Publish(), bytes[0].size() + more, removed);
  }

  std::vector<Uuid> RemovalsInSnapshot() const {
    std::vector<Uuid> removals;
    for (const std::string& bytes : log_.snapshot()) {
      const MetadataRecord record = DecodeMetadataRecord(AsBytes(bytes)).value();
      const auto* removal = std::get_if<protocol::RemoveTopicRecord>(&record);
      if (removal != nullptr) removals.push_back(removal->topic_id);
    }
    return removals;
  }

  testing::MemoryMetadataLog log_;
  MetadataFold fold_;
  std::unique_ptr<MetadataSnapshots> snapshots_;
};

TEST_F(MetadataSnapshotsTest, BelowTheBoundNothingIsWritten) {
  Start({.record_bytes = 1000});
  Change();
  snapshots_->Stop();
  EXPECT_EQ(log_.snapshot_end(), Offset(0));
}

TEST_F(MetadataSnapshotsTest, AtTheBoundASnapshotStandsForAllRecords) {
  Start({.record_bytes = 30});
  Change();
  Change();
  Change();
  snapshots_->Stop();
  EXPECT_GT(log_.snapshot_end(), Offset(0));
  EXPECT_THAT(log_.snapshot(), SizeIs(1));
}

TEST_F(MetadataSnapshotsTest, ASmallSnapshotOfManyRecordsComesBeforeTheBound) {
  constexpr std::size_t kMany = 300'000;
  Start({.record_bytes = 100 * kMany});
  Change({}, kMany);
  snapshots_->Stop();
  EXPECT_EQ(log_.snapshot_end(), Offset(1));
}

TEST_F(MetadataSnapshotsTest, ALargeSnapshotWaitsForAsManyRecords) {
  constexpr std::size_t kLarge = 1'000'000;
  const auto end_after = [this](std::size_t bytes) {
    Start({.record_bytes = 100 * kLarge});
    snapshots_->Begin({.image = fold_.Publish(), .snapshot_bytes = kLarge});
    Change({}, bytes);
    snapshots_->Stop();
    return log_.snapshot_end();
  };
  EXPECT_EQ(end_after(kLarge), Offset(0));
  EXPECT_EQ(end_after(2 * kLarge), Offset(2));
}

TEST_F(MetadataSnapshotsTest, ARecordThatHasWaitedForTheIntervalIsPutIntoASnapshot) {
  Start({.record_bytes = 1'000'000, .interval = std::chrono::milliseconds(1)});
  Change();
  log_.WaitForSnapshot(Offset(1));
  EXPECT_THAT(log_.records(), IsEmpty());
}

TEST_F(MetadataSnapshotsTest, ARemovalIsOnRecordAsLongAsAStoreMayHoldTheTopic) {
  std::set<Uuid> held{Id(1), Id(2)};
  Mutex mutex;
  Start({.record_bytes = 1});
  snapshots_->SetMayHold([&](const Uuid& id) {
    const MutexLock lock(mutex);
    return held.contains(id);
  });
  Change({Id(1), Id(2), Id(3)});
  log_.WaitForSnapshot(Offset(1));
  EXPECT_THAT(RemovalsInSnapshot(), ::testing::UnorderedElementsAre(Id(1), Id(2)));
  {
    const MutexLock lock(mutex);
    held.erase(Id(1));
  }
  Change();
  snapshots_->Stop();
  EXPECT_THAT(RemovalsInSnapshot(), ElementsAre(Id(2)));
  EXPECT_TRUE(snapshots_->IsRemoved(Id(2)));
  EXPECT_FALSE(snapshots_->IsRemoved(Id(3)));
}

TEST_F(MetadataSnapshotsTest, WithoutAnybodyToAskAllRemovalsAreKept) {
  Start({.record_bytes = 1});
  Change({Id(1)});
  snapshots_->Stop();
  EXPECT_THAT(RemovalsInSnapshot(), ElementsAre(Id(1)));
}

TEST_F(MetadataSnapshotsTest, ASnapshotThatFailsLosesNothing) {
  log_.FailAppends(true);
  Start({.record_bytes = 1});
  snapshots_->Note(fold_.Publish(), 1, std::vector{Id(1)});
  snapshots_->Stop();
  EXPECT_EQ(log_.snapshot_end(), Offset(0));
  EXPECT_TRUE(snapshots_->IsRemoved(Id(1)));
}

}  // namespace
}  // namespace gneiss::server
