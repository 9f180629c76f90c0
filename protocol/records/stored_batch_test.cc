// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/record_iterator.h"
#include "protocol/records/validate.h"

namespace gneiss::records {
namespace {

// The same four records as Apache Kafka 4.3.1 compressed and stored them, one batch per codec:
// proof that we read what others write.
struct StoredBatch {
  Codec codec;
  const char* hex;
};

constexpr StoredBatch kBatches[] = {
    {Codec::kNone,
     "0000000000000000000001680000000002d4460f680000000000030000018bcfe568000000018bcfe56807ff"
     "ffffffffffffffffffffffffff000000045e0000000a6b65792d302e76616c75652d302076616c75652d3020"
     "76616c75652d3006046831066f6e650468310100005c000a0201507878787878787878787878787878787878"
     "7878787878787878787878787878787878787878787878000c0005040001009e03000e0690036b6b6b6b6b6b"
     "6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
     "6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
     "6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
     "6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
     "6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b0000"},
    {Codec::kGzip,
     "00000000000000000000008300000000023aa05a560001000000030000018bcfe568000000018bcfe56807ff"
     "ffffffffffffffffffffffffff000000041f8b08000000000000ff8b636060e0ca4eadd435d02b4bcc294dd5"
     "355040a3d958320cd9f2f35281142303430c031713634005918081878195858191611e33031fdb04e6ec6102"
     "18180067a6bf7e37010000"},
    {Codec::kSnappy,
     "000000000000000000000096000000000275dfe44d0002000000030000018bcfe568000000018bcfe56807ff"
     "ffffffffffffffffffffffffff0000000482534e4150505900000000010000000100000051b702485e000000"
     "0a6b65792d302e76616c75652d30203a08005006046831066f6e650468310100005c000a020150789a01003c"
     "000c0005040001009e03000e0690036bfe0100fe0100fe01000d01040000"},
    {Codec::kLz4,
     "00000000000000000000008c0000000002de29267b0003000000030000018bcfe568000000018bcfe56807ff"
     "ffffffffffffffffffffffffff0000000404224d186040824c000000fb045e0000000a6b65792d302e76616c"
     "75652d30200800ff0606046831066f6e650468310100005c000a02015078010014ff01000c0005040001009e"
     "03000e0690036b0100b1506b6b6b000000000000"},
    {Codec::kZstd,
     "00000000000000000000008400000000027ec889fc0004000000030000018bcfe568000000018bcfe56807ff"
     "ffffffffffffffffffffffffff0000000428b52ffd00583c0200a4035e0000000a6b65792d302e76616c7565"
     "2d302006046831066f6e650468310100005c000a02015078000c0005040001009e03000e0690036b00000300"
     "88805ae14a765d0903010000"},
};

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

class StoredBatchTest : public ::testing::TestWithParam<StoredBatch> {};

INSTANTIATE_TEST_SUITE_P(Codecs, StoredBatchTest, ::testing::ValuesIn(kBatches),
                         [](const auto& param) {
                           return std::string(ToString(param.param.codec));
                         });

TEST_P(StoredBatchTest, TheRecordsAreRead) {
  const std::string bytes = FromHex(GetParam().hex);
  const RecordBatchView batch = RecordBatchView::Parse(AsBytes(bytes)).value();
  EXPECT_EQ(batch.bytes().size(), bytes.size());
  EXPECT_TRUE(batch.VerifyCrc().has_value());
  EXPECT_EQ(batch.header().codec(), GetParam().codec);
  EXPECT_EQ(batch.header().leader_epoch, LeaderEpoch(0));

  RecordIterator records = RecordIterator::Open(batch, {.offsets = OffsetRule::kDense}).value();
  const RecordView first = records.Next().value().value();
  EXPECT_EQ(first.key, "key-0");
  EXPECT_EQ(first.value, "value-0 value-0 value-0");
  EXPECT_EQ(first.timestamp, 1'700'000'000'000);
  EXPECT_EQ(std::vector<HeaderView>(first.headers.begin(), first.headers.end()),
            (std::vector<HeaderView>{{"h1", "one"}, {"h1", std::nullopt}, {"", ""}}));
  const RecordView second = records.Next().value().value();
  EXPECT_EQ(second.key, std::nullopt);
  EXPECT_EQ(second.value, std::string(40, 'x'));
  EXPECT_EQ(second.timestamp, 1'700'000'000'005);
  const RecordView third = records.Next().value().value();
  EXPECT_EQ(third.key, "");
  EXPECT_EQ(third.value, std::nullopt);
  EXPECT_EQ(third.timestamp, 1'699'999'999'997);
  const RecordView fourth = records.Next().value().value();
  EXPECT_EQ(fourth.key, std::string(200, 'k'));
  EXPECT_EQ(fourth.value, "");
  EXPECT_EQ(fourth.offset, Offset(3));
  EXPECT_FALSE(records.Next().value().has_value());
}

TEST_P(StoredBatchTest, ValidationChangesNothing) {
  const SharedBytes bytes = SharedBytes::Own(FromHex(GetParam().hex));
  const ValidationResult result = ValidateForAppend(bytes, {}, 1'700'000'000'100);
  ASSERT_TRUE(result.has_value()) << result.error().detail;
  EXPECT_EQ(AsText(result->stamped.bytes()), bytes.text().substr(0, kHeaderBytes));
  EXPECT_EQ(result->max_timestamp_offset_delta, 3);
}

}  // namespace
}  // namespace gneiss::records
