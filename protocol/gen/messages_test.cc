// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "protocol/api_keys.h"
#include "protocol/gen/testing/message_case.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/data/request_header.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/find_coordinator.h"
#include "protocol/messages/group/consumer_group_member_metadata.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/metadata/partition_record.h"
#include "protocol/messages/produce.h"

namespace gneiss::protocol {
namespace {

using ::testing::HasSubstr;

// Encodes, and fails the test if that is not possible.
template <class Message>
std::string Encoded(const Message& message, std::int16_t version) {
  Result<std::string> bytes = wire::EncodeToString(message, version);
  EXPECT_TRUE(bytes.has_value()) << (bytes ? "" : bytes.error().detail);
  return bytes.value_or("");
}

template <class Message>
Result<Message> Decoded(const std::string& bytes, std::int16_t version) {
  wire::Reader in(SharedBytes::CopyOf(bytes));
  return Message::Decode(in, version);
}

template <class Message>
Errc EncodeError(const Message& message, std::int16_t version) {
  const Result<std::string> bytes = wire::EncodeToString(message, version);
  EXPECT_FALSE(bytes.has_value());
  return bytes ? Errc::kInternal : bytes.error().code;
}

// Calls `check(case, version, message, bytes)` with random content of every message and version.
template <class Check>
void ForRandomMessages(int rounds, Check check) {
  testing::RandomFill random(20240607);
  for (const testing::MessageCase& type : testing::AllMessages()) {
    for (std::int16_t version = type.min_version; version <= type.max_version; ++version) {
      SCOPED_TRACE(std::string(type.name) + " v" + std::to_string(version));
      for (int round = 0; round < rounds; ++round) {
        const std::unique_ptr<testing::AnyMessage> message = type.random(random, version);
        wire::Writer out;
        ASSERT_TRUE(message->Encode(out, version).has_value());
        check(type, version, *message, SharedBytes::Own(out.TakeString()));
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST(MessagesTest, EveryVersionOfEveryMessageDecodesToWhatWasEncoded) {
  ForRandomMessages(5, [](const testing::MessageCase& type, std::int16_t version,
                          const testing::AnyMessage& message, const SharedBytes& bytes) {
    wire::Reader in(bytes);
    const Result<std::unique_ptr<testing::AnyMessage>> decoded = type.decode(in, version);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().detail;
    EXPECT_EQ(in.remaining(), 0U);
    ASSERT_TRUE((*decoded)->Equals(message)) << message.Describe(10000) << "\n"
                                             << (*decoded)->Describe(10000);
    wire::Writer again;
    ASSERT_TRUE((*decoded)->Encode(again, version).has_value());
    ASSERT_EQ(again.TakeString(), bytes.text());
  });
}

TEST(MessagesTest, EveryBodyThatIsCutShortIsMalformed) {
  ForRandomMessages(1, [](const testing::MessageCase& type, std::int16_t version,
                          const testing::AnyMessage&, const SharedBytes& bytes) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      wire::Reader in(bytes.Slice(0, size));
      const auto decoded = type.decode(in, version);
      ASSERT_FALSE(decoded.has_value()) << size << " of " << bytes.size() << " bytes";
      ASSERT_EQ(decoded.error().code, Errc::kMalformed);
    }
  });
}

TEST(MessagesTest, VersionsOutsideTheSchemaAreRefused) {
  for (const testing::MessageCase& type : testing::AllMessages()) {
    for (const int version : {type.min_version - 1, type.max_version + 1}) {
      wire::Reader in(SharedBytes::CopyOf("0000000000000000"));
      const auto decoded = type.decode(in, static_cast<std::int16_t>(version));
      ASSERT_FALSE(decoded.has_value());
      EXPECT_EQ(decoded.error().code, Errc::kUnsupportedVersion);
    }
  }
}

TEST(MessagesTest, RecordsAreSlicesOfTheFrame) {
  ProduceRequest request;
  request.topic_data.emplace_back().partition_data.emplace_back().records =
      wire::Records(SharedBytes::CopyOf(std::string(1000, 'r')));
  const SharedBytes frame = SharedBytes::Own(Encoded(request, 9));

  wire::Reader in(frame);
  const Result<ProduceRequest> decoded = ProduceRequest::Decode(in, 9);

  ASSERT_TRUE(decoded.has_value());
  const wire::Records& records = *decoded->topic_data[0].partition_data[0].records;
  ASSERT_EQ(records.pieces().size(), 1U);
  EXPECT_GE(records.pieces()[0].data(), frame.data());
  EXPECT_EQ(records.pieces()[0].owner(), frame.owner());
}

TEST(MessagesTest, RecordsAreSentWithoutCopying) {
  FetchResponse response;
  const SharedBytes batch = SharedBytes::CopyOf(std::string(5000, 'b'));
  auto& records = response.responses.emplace_back().partitions.emplace_back().records.emplace();
  records.Append(batch);
  records.Append(batch);

  wire::Writer out;
  ASSERT_TRUE(response.Encode(out, 12).has_value());
  const std::size_t size = out.size();
  const std::vector<SharedBytes> fragments = out.TakeFragments();

  ASSERT_EQ(fragments.size(), 4U);
  EXPECT_EQ(fragments[1].data(), batch.data());
  EXPECT_EQ(fragments[2].data(), batch.data());
  EXPECT_EQ(size, fragments[0].size() + fragments[3].size() + 2 * batch.size());
}

// Kafka answers an unknown tag with success too: a newer client may send one.
TEST(MessagesTest, UnknownTaggedFieldsAreSkipped) {
  ApiVersionsRequest request;
  request.client_software_name = "n";
  request.client_software_version = "1";
  std::string bytes = Encoded(request, 3);
  ASSERT_EQ(bytes.back(), '\0');
  bytes.pop_back();
  bytes += std::string("\x02\x05\x03xyz\x7f\x00", 8);  // two tags: 5 of three bytes, 127 empty

  const Result<ApiVersionsRequest> decoded = Decoded<ApiVersionsRequest>(bytes, 3);

  ASSERT_TRUE(decoded.has_value()) << decoded.error().detail;
  EXPECT_EQ(*decoded, request);
}

TEST(MessagesTest, ATaggedFieldMustFillItsSizeExactly) {
  ApiVersionsResponse response;
  response.finalized_features_epoch = 7;
  std::string bytes = Encoded(response, 3);
  const std::size_t size_at = bytes.size() - 9;
  ASSERT_EQ(bytes[size_at], 8);
  ASSERT_TRUE(Decoded<ApiVersionsResponse>(bytes, 3).has_value());
  bytes[size_at] = 9;
  bytes.push_back(0);
  EXPECT_FALSE(Decoded<ApiVersionsResponse>(bytes, 3).has_value());
}

TEST(MessagesTest, DefaultsOfTaggedFieldsAreLeftOut) {
  const std::string empty = Encoded(ApiVersionsResponse{}, 3);
  EXPECT_EQ(empty, std::string("\0\0\x01\0\0\0\0\0", 8));
}

// The default of this struct is "empty", so that null is what must be written.
TEST(MessagesTest, ANullTaggedStructIsWrittenAndAnEmptyOneLeftOut) {
  ConsumerGroupMemberMetadataValue value;
  ASSERT_TRUE(value.classic_member_metadata.has_value());
  const std::string with_default = Encoded(value, 0);
  EXPECT_EQ(with_default.back(), '\0');

  value.classic_member_metadata.reset();
  const std::string with_null = Encoded(value, 0);
  EXPECT_EQ(with_null.substr(with_null.size() - 4), std::string("\x01\0\x01\0", 4));
  EXPECT_EQ(Decoded<ConsumerGroupMemberMetadataValue>(with_null, 0).value(), value);
}

TEST(MessagesTest, TheClientIdKeepsItsClassicForm) {
  RequestHeader header;
  header.client_id = "me";
  EXPECT_EQ(Encoded(header, 2).substr(8), std::string("\0\x02me\0", 5));
  EXPECT_EQ(Encoded(header, 1).substr(8), std::string("\0\x02me", 4));
}

TEST(MessagesTest, AFieldThatTheVersionLacksMustHoldItsDefault) {
  FindCoordinatorRequest request;
  request.coordinator_keys = {"a"};
  EXPECT_TRUE(wire::EncodeToString(request, 4).has_value());
  EXPECT_EQ(EncodeError(request, 3), Errc::kUnsupportedVersion);
}

TEST(MessagesTest, AnIgnorableFieldIsDroppedWhereTheVersionLacksIt) {
  ApiVersionsRequest request;
  request.client_software_name = "n";
  EXPECT_EQ(Encoded(request, 0), "");
}

TEST(MessagesTest, NullIsRefusedWhereTheVersionForbidsIt) {
  MetadataRequest request;
  request.topics.reset();
  EXPECT_EQ(EncodeError(request, 0), Errc::kInvalidArgument);
  EXPECT_EQ(Encoded(request, 1), "\xff\xff\xff\xff");
  EXPECT_FALSE(Decoded<MetadataRequest>("\xff\xff\xff\xff", 0).has_value());
  EXPECT_FALSE(Decoded<MetadataRequest>("\xff\xff\xff\xff", 1)->topics.has_value());
}

TEST(MessagesTest, AStringTooLongForItsLengthIsAnErrorNotCutShort) {
  FindCoordinatorRequest request;
  request.key = std::string(32767, 'k');
  EXPECT_EQ(Encoded(request, 0).size(), 32769U);
  request.key += 'k';
  EXPECT_EQ(EncodeError(request, 0), Errc::kInvalidArgument);
  EXPECT_EQ(EncodeError(request, 3), Errc::kInvalidArgument);
}

TEST(MessagesTest, AHugeArrayCountIsRefusedBeforeAnythingIsAllocated) {
  const std::string bytes("\x7f\xff\xff\xff\0\0\0\0", 8);
  const Result<MetadataRequest> decoded = Decoded<MetadataRequest>(bytes, 1);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_THAT(decoded.error().detail, HasSubstr("more elements than bytes"));
}

TEST(MessagesTest, DescribeNamesFieldsAsKafkaDoesAndCutsLongBytes) {
  ProduceRequest request;
  request.transactional_id = "say \"hi\"";
  request.topic_data.emplace_back().partition_data.emplace_back().records =
      wire::Records(SharedBytes::CopyOf("abcd"));
  EXPECT_EQ(request.Describe(2),
            R"({"transactionalId":"say \"hi\"","acks":0,"timeoutMs":0,"topicData":[{"name":"",)"
            R"("topicId":"AAAAAAAAAAAAAAAAAAAAAA","partitionData":[{"index":0,)"
            R"("records":"6162... and 2 more"}]}]})");
}

TEST(MessagesTest, MetadataRecordsKnowTheirKeys) {
  EXPECT_EQ(PartitionRecord::kRecordKey, 3);
  EXPECT_EQ(PartitionRecord::kFirstFlexible, 0);
  EXPECT_EQ(ProduceRequest::kApiKey, static_cast<std::int16_t>(ApiKey::kProduce));
}

TEST(MessagesTest, EveryMessageOfTheSchemaIsInTheList) {
  std::set<std::string_view> names;
  for (const testing::MessageCase& type : testing::AllMessages()) names.insert(type.name);
  EXPECT_EQ(names.size(), testing::AllMessages().size());
  EXPECT_EQ(names.size(), 273U);  // Kafka 4.3.1: 281 definitions, 8 of which it has removed
}

}  // namespace
}  // namespace gneiss::protocol
