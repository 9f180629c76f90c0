// SPDX-License-Identifier: Apache-2.0
// What broken and hostile clients send. Each request gets the answer that Kafka gives, or its
// connection is closed with one line in the log; and other clients go on.

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/api_keys.h"
#include "protocol/base/big_endian.h"
#include "protocol/error_codes.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/produce.h"
#include "protocol/records/batch_builder.h"
#include "protocol/records/record_batch.h"
#include "server/dispatch/api_table.h"
#include "server/testing/captured_log.h"
#include "server/testing/in_process_broker.h"

namespace gneiss::server::testing {
namespace {

using protocol::ApiKey;
using protocol::ErrorCode;
using wire::Form;

// A frame with a header of version 1 (2 with `tags`) and the bytes that `body` writes.
std::string Frame(std::int16_t key, std::int16_t version,
                  const std::function<void(wire::Writer&)>& body = nullptr, bool tags = false) {
  wire::Writer out;
  out.WriteInt32(0);
  out.WriteInt16(key);
  out.WriteInt16(version);
  out.WriteInt32(1);
  out.WriteString(Form::kClassic, "hostile");
  if (tags) out.WriteUnsignedVarint(0);
  if (body) body(out);
  std::string frame = out.TakeString();
  StoreBigEndian(frame.data(), static_cast<std::int32_t>(frame.size() - 4));
  return frame;
}
std::string Frame(ApiKey key, std::int16_t version,
                  const std::function<void(wire::Writer&)>& body = nullptr, bool tags = false) {
  return Frame(static_cast<std::int16_t>(key), version, body, tags);
}

std::string Size(std::int32_t size) {
  std::string bytes(4, '\0');
  StoreBigEndian(bytes.data(), size);
  return bytes;
}

// One more client, which must not notice anything.
class Bystander {
 public:
  explicit Bystander(const InProcessBroker& broker) : client_(broker.Connect()) {}
  void ExpectAnswer() {
    const auto response =
        client_.Call<protocol::MetadataRequest, protocol::MetadataResponse>({}, 9);
    EXPECT_EQ(response.brokers.size(), 1u);
  }

 private:
  RawClient client_;
};

// --- requests whose connection Kafka closes ---

struct Hostile {
  std::string name;
  std::string bytes;
};
void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }

std::vector<Hostile> HostileFrames() {
  return {
      {"SizeZero", Size(0)},
      {"SizeMinusOne", Size(-1)},
      {"SizeOfTheLargestInt", Size(2'147'483'647)},
      {"SizeOneAboveTheLimit", Size(104'857'601)},
      {"Http", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)},
      {"Ssh", "SSH-2.0-OpenSSH_9.2\r\n"},
      {"FrameShorterThanAHeader", Size(3) + "abc"},
      {"HeaderWithoutClientId", Size(8) + std::string(8, '\0')},
      {"ClientIdLongerThanTheFrame", Size(10) + std::string("\0\3\0\1\0\0\0\1\x7f\xff", 10)},
      {"UnknownKey", Frame(999, 0)},
      {"NegativeKey", Frame(-1, 0)},
      {"RemovedLeaderAndIsr", Frame(4, 7)},
      {"RemovedStopReplica", Frame(5, 4)},
      {"RemovedUpdateMetadata", Frame(6, 8)},
      {"RemovedControlledShutdown", Frame(7, 3)},
      {"ControllerOnlyBrokerRegistration", Frame(62, 0)},
      {"MetadataAboveTheLastVersion", Frame(ApiKey::kMetadata, 14)},
      {"MetadataBelowTheFirstVersion", Frame(ApiKey::kMetadata, -1)},
      {"RemovedProduceVersion", Frame(ApiKey::kProduce, 2)},
      {"RemovedFetchVersion", Frame(ApiKey::kFetch, 3)},
  };
}

std::vector<Hostile> HostileBodies() {
  const auto count = [](std::int32_t n) { return [n](wire::Writer& out) { out.WriteInt32(n); }; };
  const auto varint = [](std::uint32_t n) {
    return [n](wire::Writer& out) { out.WriteUnsignedVarint(n); };
  };
  const auto raw = [](std::string bytes) {
    return [bytes](wire::Writer& out) { out.WriteRaw(AsBytes(bytes)); };
  };
  return {
      {"NoBody", Frame(ApiKey::kMetadata, 1)},
      {"CountOfTheLargestInt", Frame(ApiKey::kMetadata, 1, count(2'147'483'647))},
      {"CompactCountOfTheLargestInt", Frame(ApiKey::kMetadata, 9, varint(0xffffffff), true)},
      {"VarintWithoutAnEnd", Frame(ApiKey::kMetadata, 9, raw(std::string(12, '\xff')), true)},
      {"HeaderTagLargerThanTheFrame", Frame(ApiKey::kMetadata, 9, raw(std::string("\1\0\x7f", 3)))},
      {"HeaderTagCountWithoutTags", Frame(ApiKey::kMetadata, 9, varint(0x0fffffff))},
      {"TopicNameCutOff", Frame(ApiKey::kMetadata, 1, raw(std::string("\0\0\0\1\0\5ab", 8)))},
      {"TopicNameNull", Frame(ApiKey::kMetadata, 1, raw(std::string("\0\0\0\1\xff\xff", 6)))},
      {"CreateTopicsNameNull",
       Frame(ApiKey::kCreateTopics, 2, raw(std::string("\0\0\0\1\xff\xff\0\0\0\1\0\1", 12)))},
      {"FetchTopicsNull", Frame(ApiKey::kFetch, 4,
                                [](wire::Writer& out) {
                                  for (int i = 0; i < 4; ++i) out.WriteInt32(1);
                                  out.WriteInt8(0);
                                  out.WriteInt32(-1);
                                })},
      {"ProduceRecordsLongerThanTheFrame", Frame(ApiKey::kProduce, 3,
                                                 [](wire::Writer& out) {
                                                   out.WriteInt16(-1);  // transactional id
                                                   out.WriteInt16(1);
                                                   out.WriteInt32(1000);
                                                   out.WriteInt32(1);
                                                   out.WriteString(Form::kClassic, "t");
                                                   out.WriteInt32(1);
                                                   out.WriteInt32(0);
                                                   out.WriteInt32(2'000'000'000);
                                                 })},
      {"ListOffsetsCutOff",
       Frame(ApiKey::kListOffsets, 1, raw(std::string("\xff\xff\xff\xff\0", 5)))},
  };
}

class ClosedConnectionTest : public ::testing::TestWithParam<Hostile> {};

TEST_P(ClosedConnectionTest, IsClosedWithOneLineAndOthersGoOn) {
  CapturedLog log;
  InProcessBroker broker;
  Bystander bystander(broker);
  bystander.ExpectAnswer();
  RawClient client = broker.Connect();
  client.SendRaw(GetParam().bytes);
  EXPECT_TRUE(client.ClosedByPeer());
  EXPECT_EQ(log.Count("closing a connection peer=127.0.0.1:"), 1);
  EXPECT_EQ(log.Lines().size(), 1u);
  bystander.ExpectAnswer();
}

std::string NameOf(const ::testing::TestParamInfo<Hostile>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Frames, ClosedConnectionTest, ::testing::ValuesIn(HostileFrames()),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Bodies, ClosedConnectionTest, ::testing::ValuesIn(HostileBodies()),
                         NameOf);

// --- requests that are odd, but answered ---

class BadInputTest : public ::testing::Test {
 protected:
  ~BadInputTest() override {
    bystander_.ExpectAnswer();
    EXPECT_EQ(log_.Lines(), std::vector<std::string>());
  }

  void CreateTopic(const std::string& name) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = 1;
    topic.replication_factor = 1;
    request.timeout_ms = 10'000;
    const auto response =
        client_.Call<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>(request, 5);
    ASSERT_EQ(response.topics.at(0).error_code, 0);
  }

  // The code for one partition's records in topic "t".
  ErrorCode Produce(std::optional<std::string> records, std::int16_t acks = 1,
                    std::int16_t version = 9) {
    protocol::ProduceRequest request;
    request.acks = acks;
    request.timeout_ms = 10'000;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "t";
    auto& partition = topic.partition_data.emplace_back();
    if (records) partition.records = wire::Records(SharedBytes::Own(std::move(*records)));
    const auto response =
        client_.Call<protocol::ProduceRequest, protocol::ProduceResponse>(request, version);
    return protocol::ErrorCodeFromWire(
        response.responses.at(0).partition_responses.at(0).error_code);
  }

  static std::string Batch(records::BatchOptions options = {}) {
    records::BatchBuilder builder(options);
    builder.Add("key", "value", 1'700'000'000'000);
    return *builder.Build();
  }

  CapturedLog log_;
  InProcessBroker broker_;
  Bystander bystander_{broker_};
  RawClient client_ = broker_.Connect();
};

TEST_F(BadInputTest, NegativeCountsMeanNullWhereNullIsAllowed) {
  for (const std::int32_t count : {-1, -2, -2'147'483'647}) {
    client_.SendRaw(Frame(ApiKey::kMetadata, 1, [&](wire::Writer& out) { out.WriteInt32(count); }));
    EXPECT_GT(client_.ReceiveFrame().size(), 8u);
  }
}

TEST_F(BadInputTest, BytesBehindTheBodyAreIgnored) {
  client_.SendRaw(Frame(ApiKey::kMetadata, 1, [](wire::Writer& out) {
    out.WriteInt32(0);
    out.WriteRaw(AsBytes("whatever follows"));
  }));
  EXPECT_GT(client_.ReceiveFrame().size(), 8u);
}

TEST_F(BadInputTest, UnknownTagsAreSkipped) {
  const auto write_tag = [](wire::Writer& out) {
    out.WriteUnsignedVarint(1);    // one tagged field,
    out.WriteUnsignedVarint(999);  // which nobody knows,
    out.WriteUnsignedVarint(3);
    out.WriteRaw(AsBytes("abc"));
  };
  client_.SendRaw(Frame(ApiKey::kMetadata, 9, [&](wire::Writer& out) {
    write_tag(out);              // in the header
    out.WriteUnsignedVarint(1);  // no topics
    for (int i = 0; i < 3; ++i) out.WriteBool(false);
    write_tag(out);  // in the body
  }));
  EXPECT_GT(client_.ReceiveFrame().size(), 8u);
}

TEST_F(BadInputTest, BrokenBatchesGetKafkasCodes) {
  CreateTopic("t");
  EXPECT_EQ(Produce(Batch()), ErrorCode::kNone);
  EXPECT_EQ(Produce(std::nullopt), ErrorCode::kInvalidRecord);
  EXPECT_EQ(Produce(""), ErrorCode::kInvalidRecord);
  EXPECT_EQ(Produce("too short"), ErrorCode::kInvalidRecord);
  EXPECT_EQ(Produce("its magic byte says letters"), ErrorCode::kCorruptMessage);
  EXPECT_EQ(Produce(Batch().substr(0, 50)), ErrorCode::kInvalidRecord);
  EXPECT_EQ(Produce(Batch() + Batch()), ErrorCode::kInvalidRecord);

  std::string flipped = Batch();
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  EXPECT_EQ(Produce(flipped), ErrorCode::kCorruptMessage);
  std::string old_magic = Batch();
  old_magic[records::kMagicPosition] = 1;
  EXPECT_EQ(Produce(old_magic), ErrorCode::kInvalidRecord);
  std::string new_magic = Batch();
  new_magic[records::kMagicPosition] = 3;
  EXPECT_EQ(Produce(new_magic), ErrorCode::kCorruptMessage);
  for (const std::int32_t length : {-1, 0, 48, 2'147'483'647}) {
    std::string wrong_length = Batch();
    StoreBigEndian(wrong_length.data() + 8, length);
    EXPECT_NE(Produce(wrong_length), ErrorCode::kNone) << length;
  }
}

TEST_F(BadInputTest, ABatchMayNotClaimWhatItDoesNotHold) {
  CreateTopic("t");
  EXPECT_EQ(Produce(Batch({.is_control = true})), ErrorCode::kInvalidRecord);
  EXPECT_EQ(Produce(Batch({.base_offset = Offset(5)})), ErrorCode::kInvalidRecord);
  EXPECT_EQ(Produce(Batch({.producer_id = ProducerId(7), .producer_epoch = 0})),
            ErrorCode::kInvalidRecord);  // no sequence
  EXPECT_EQ(Produce(Batch(), 5), ErrorCode::kInvalidRequiredAcks);
}

TEST_F(BadInputTest, FetchLimitsMayBeAnything) {
  CreateTopic("t");
  ASSERT_EQ(Produce(Batch()), ErrorCode::kNone);
  for (const std::int32_t limit : {0, -1, -2'147'483'647, 1, 2'147'483'647}) {
    protocol::FetchRequest request;
    request.max_wait_ms = 0;
    request.min_bytes = limit;
    request.max_bytes = limit;
    auto& topic = request.topics.emplace_back();
    topic.topic = "t";
    topic.partitions.emplace_back().partition_max_bytes = limit;
    const auto response =
        client_.Call<protocol::FetchRequest, protocol::FetchResponse>(request, 11);
    const auto& partition = response.responses.at(0).partitions.at(0);
    EXPECT_EQ(partition.error_code, 0);
    ASSERT_TRUE(partition.records.has_value());
    EXPECT_EQ(partition.records->size(), Batch().size()) << limit;  // one batch at least
  }
}

TEST_F(BadInputTest, FetchOffsetsAndPartitionsMayBeAnything) {
  CreateTopic("t");
  const auto fetch = [&](std::int32_t index, std::int64_t offset) {
    protocol::FetchRequest request;
    request.max_wait_ms = 60'000;  // errors are answered at once
    request.min_bytes = 1;
    auto& topic = request.topics.emplace_back();
    topic.topic = "t";
    auto& partition = topic.partitions.emplace_back();
    partition.partition = index;
    partition.fetch_offset = offset;
    partition.partition_max_bytes = 1000;
    const auto response =
        client_.Call<protocol::FetchRequest, protocol::FetchResponse>(request, 11);
    return protocol::ErrorCodeFromWire(response.responses.at(0).partitions.at(0).error_code);
  };
  EXPECT_EQ(fetch(0, -1), ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(fetch(0, 9'223'372'036'854'775'807), ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(fetch(-1, 0), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(fetch(2'147'483'647, 0), ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(BadInputTest, CreateTopicsRefusesImpossibleCountsAndNames) {
  const auto create = [&](const std::string& name, std::int32_t partitions, std::int16_t replicas) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = partitions;
    topic.replication_factor = replicas;
    const auto response =
        client_.Call<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>(request, 5);
    return protocol::ErrorCodeFromWire(response.topics.at(0).error_code);
  };
  EXPECT_EQ(create("a", 0, 1), ErrorCode::kInvalidPartitions);
  EXPECT_EQ(create("a", -5, 1), ErrorCode::kInvalidPartitions);
  EXPECT_EQ(create("a", 1, 0), ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(create("a", 1, 32767), ErrorCode::kInvalidReplicationFactor);
  for (const std::string name : {"", ".", "..", "a/b", "a b", "\xc3\xa9", "../../etc"}) {
    EXPECT_EQ(create(name, 1, 1), ErrorCode::kInvalidTopicException) << name;
  }
  EXPECT_EQ(create(std::string(250, 'n'), 1, 1), ErrorCode::kInvalidTopicException);
}

// --- many at once ---

// Every API in every version: nothing, zeros, ones. An answer or a closed connection, never a
// crash.
TEST(BadInputOfEveryApiTest, BodiesWithoutMeaningDoNoHarm) {
  InProcessBroker broker;
  Bystander bystander(broker);
  for (const ServedApi& api : ServedApis()) {
    for (std::int16_t version = api.served.min; version <= api.served.max; ++version) {
      for (const std::string& body : {std::string(), std::string(200, '\0'), std::string(200, '\1'),
                                      std::string(200, '\xff')}) {
        RawClient client = broker.Connect();
        const auto write = [&](wire::Writer& out) { out.WriteRaw(AsBytes(body)); };
        client.SendRaw(Frame(api.key, version, write, version >= api.first_flexible) +
                       Frame(ApiKey::kApiVersions, 0));  // answered where the first is not
        const Result<SharedBytes> answer = client.base().ReceiveFrame();
        EXPECT_TRUE(answer || answer.error().code == Errc::kShuttingDown)
            << api.name << " v" << version << ": " << answer.error().detail;
      }
    }
  }
  bystander.ExpectAnswer();
}

TEST_F(BadInputTest, AThousandIdleConnectionsDoNotHinderOthers) {
  std::vector<RawClient> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(broker_.Connect());
  bystander_.ExpectAnswer();
  idle.back().SendRaw(Frame(ApiKey::kMetadata, 1, [](wire::Writer& out) { out.WriteInt32(0); }));
  EXPECT_GT(idle.back().ReceiveFrame().size(), 8u);
}

TEST_F(BadInputTest, SlowSendersOfLargeFramesDoNotHinderOthers) {
  std::vector<RawClient> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(broker_.Connect());
    slow.back().SendRaw(Size(104'857'600) + std::string(1000, '\0'));
  }
  CreateTopic("t");
  EXPECT_EQ(Produce(Batch()), ErrorCode::kNone);
}

// A peer that sends a long poll and goes away must leave nothing behind; the end of the test, which
// stops the broker, waits for what is left.
TEST_F(BadInputTest, ALongPollEndsWithItsConnection) {
  CreateTopic("t");
  protocol::FetchRequest request;
  request.max_wait_ms = 2'147'483'647;
  request.min_bytes = 1;
  auto& topic = request.topics.emplace_back();
  topic.topic = "t";
  topic.partitions.emplace_back().partition_max_bytes = 1000;
  for (int i = 0; i < 50; ++i) {
    RawClient client = broker_.Connect();
    client.Send(request, 11);
  }
  RawClient parked = broker_.Connect();
  parked.Send(request, 11);
}

}  // namespace
}  // namespace gneiss::server::testing
