// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/metadata_records.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/base/shared_bytes.h"

namespace gneiss::server {
namespace {

using ::testing::HasSubstr;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// Records out of the metadata log of Kafka 4.3.1.
constexpr std::string_view kKafkasTopic = "010200037432157bbdb33bf14a32a2c0b6da215a056600";
constexpr std::string_view kKafkasPartition =
    "01030200000000157bbdb33bf14a32a2c0b6da215a05660200000001020000000101010000000100000000000000"
    "000249e31f547f08ee24429875021485736a00";
constexpr std::string_view kKafkasFeature = "010c00116d657461646174612e76657273696f6e001e00";
constexpr std::string_view kKafkasBegin = "01170001001212426f6f747374726170207265636f726473";

TEST(MetadataRecordsTest, ReadsAndWritesKafkasTopicRecord) {
  const std::string bytes = FromHex(kKafkasTopic);
  const Result<MetadataRecord> record = DecodeMetadataRecord(AsBytes(bytes));
  ASSERT_TRUE(record.has_value()) << record.error().detail;
  const auto& topic = std::get<protocol::TopicRecord>(*record);
  EXPECT_EQ(topic.name, "t2");
  EXPECT_EQ(topic.topic_id.bytes[0], 0x15);
  EXPECT_EQ(EncodeMetadataRecord(*record).value(), bytes);
}

TEST(MetadataRecordsTest, ReadsAndWritesKafkasPartitionRecord) {
  const std::string bytes = FromHex(kKafkasPartition);
  const Result<MetadataRecord> record = DecodeMetadataRecord(AsBytes(bytes));
  ASSERT_TRUE(record.has_value()) << record.error().detail;
  const auto& partition = std::get<protocol::PartitionRecord>(*record);
  EXPECT_EQ(partition.replicas, std::vector<std::int32_t>{1});
  EXPECT_EQ(partition.leader, 1);
  EXPECT_EQ(partition.directories.size(), 1U);
  EXPECT_EQ(EncodeMetadataRecord(*record).value(), bytes);
}

TEST(MetadataRecordsTest, KafkasMetadataVersionIsTheOneWeWrite) {
  const std::string bytes = FromHex(kKafkasFeature);
  protocol::FeatureLevelRecord feature;
  feature.name = std::string(kMetadataVersionFeature);
  feature.feature_level = kMetadataVersion;
  EXPECT_EQ(EncodeMetadataRecord(feature).value(), bytes);
}

TEST(MetadataRecordsTest, EveryTypeOfRecordSurvivesTheFrame) {
  protocol::ConfigRecord config;
  config.resource_type = 2;
  config.resource_name = "orders";
  config.name = "retention.ms";
  config.value = std::nullopt;
  protocol::RemoveTopicRecord removal;
  removal.topic_id = Uuid::Random();
  for (const MetadataRecord& record : std::initializer_list<MetadataRecord>{
           protocol::BrokerRegistrationChangeRecord(), config, protocol::FeatureLevelRecord(),
           protocol::FenceBrokerRecord(), protocol::NoOpRecord(), protocol::PartitionChangeRecord(),
           protocol::PartitionRecord(), protocol::ProducerIdsRecord(),
           protocol::RegisterBrokerRecord(), removal, protocol::TopicRecord(),
           protocol::UnfenceBrokerRecord(), protocol::UnregisterBrokerRecord()}) {
    const std::string bytes = EncodeMetadataRecord(record).value();
    const Result<MetadataRecord> read = DecodeMetadataRecord(AsBytes(bytes));
    ASSERT_TRUE(read.has_value()) << read.error().detail;
    EXPECT_EQ(*read, record);
  }
}

TEST(MetadataRecordsTest, ATypeThatThisBuildDoesNotKnowIsRefusedByNumber) {
  const std::string bytes = FromHex(kKafkasBegin);
  const Result<MetadataRecord> record = DecodeMetadataRecord(AsBytes(bytes));
  ASSERT_FALSE(record.has_value());
  EXPECT_EQ(record.error().code, Errc::kUnsupportedVersion);
  EXPECT_THAT(record.error().detail, HasSubstr("type 23"));
}

TEST(MetadataRecordsTest, AVersionThatThisBuildDoesNotKnowIsRefused) {
  std::string bytes = FromHex(kKafkasTopic);
  bytes[2] = 9;
  const Result<MetadataRecord> record = DecodeMetadataRecord(AsBytes(bytes));
  ASSERT_FALSE(record.has_value());
  EXPECT_EQ(record.error().code, Errc::kUnsupportedVersion);
  EXPECT_THAT(record.error().detail, HasSubstr("version 9"));
}

TEST(MetadataRecordsTest, AnotherFrameIsRefused) {
  std::string bytes = FromHex(kKafkasTopic);
  bytes[0] = 2;
  EXPECT_EQ(DecodeMetadataRecord(AsBytes(bytes)).error().code, Errc::kUnsupportedVersion);
}

TEST(MetadataRecordsTest, ARecordThatEndsEarlyIsMalformed) {
  const std::string bytes = FromHex(kKafkasTopic);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Result<MetadataRecord> record =
        DecodeMetadataRecord(AsBytes(std::string_view(bytes).substr(0, size)));
    ASSERT_FALSE(record.has_value()) << size;
    EXPECT_EQ(record.error().code, Errc::kMalformed) << size;
  }
}

TEST(MetadataRecordsTest, AValueBeyondTheFormatIsAnErrorAndNoCrash) {
  protocol::ConfigRecord config;
  config.value = std::string(40'000, 'x');
  EXPECT_EQ(EncodeMetadataRecord(config).error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace gneiss::server
