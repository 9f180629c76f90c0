// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/validate.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "protocol/base/big_endian.h"
#include "protocol/records/batch_builder.h"
#include "protocol/records/compression.h"
#include "protocol/records/control_record.h"
#include "protocol/records/testing/raw_batch.h"

namespace gneiss::records {
namespace {

using testing::RawBatch;
using testing::RawRecord;
using testing::Varint;

constexpr TimestampMs kNow = 1'700'000'000'000;
constexpr Codec kCodecs[] = {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd};

std::string TwoRecords() { return RawRecord{}.Encode() + RawRecord{.offset_delta = 1}.Encode(); }

BatchHeader TwoRecordHeader() {
  return {.last_offset_delta = 1, .base_timestamp = kNow, .max_timestamp = kNow, .record_count = 2};
}

std::string Good() { return RawBatch(TwoRecordHeader(), TwoRecords()); }

// `records` in `codec` behind a header that is right for `count` of them.
std::string Packed(Codec codec, std::int32_t count, std::string_view records,
                   TimestampMs timestamp = kNow) {
  const std::string packed = Compress(codec, DefaultLevel(codec), AsBytes(records)).value();
  return RawBatch(BatchHeader{.attributes = static_cast<std::int16_t>(codec),
                              .last_offset_delta = count - 1,
                              .base_timestamp = timestamp,
                              .max_timestamp = timestamp,
                              .record_count = count},
                  packed);
}

ValidationResult Validate(std::string_view bytes, const ValidationRules& rules = {}) {
  return ValidateForAppend(SharedBytes::CopyOf(bytes), rules, kNow);
}

ValidationFailure FailureOf(std::string_view bytes, const ValidationRules& rules = {}) {
  ValidationResult result = Validate(bytes, rules);
  EXPECT_FALSE(result.has_value());
  return result.has_value() ? ValidationFailure{.code = Errc::kInternal} : result.error();
}

// Only the code, where Kafka sends no message.
Errc CodeOf(std::string_view bytes, const ValidationRules& rules = {}) {
  const ValidationFailure failure = FailureOf(bytes, rules);
  EXPECT_EQ(failure.message, std::nullopt);
  EXPECT_TRUE(failure.record_errors.empty());
  EXPECT_FALSE(failure.detail.empty());
  return failure.code;
}

// The stored batch; checks that its parts agree.
std::string Stored(const ValidatedBatch& batch) {
  std::string bytes(AsText(batch.stamped.bytes()));
  bytes += batch.records.text();
  const auto view = RecordBatchView::Parse(AsBytes(bytes));
  EXPECT_TRUE(view.has_value() && view->VerifyCrc().has_value());
  EXPECT_EQ(view->header(), batch.header);
  EXPECT_EQ(view->bytes().size(), bytes.size());
  EXPECT_EQ(batch.size_in_bytes(), bytes.size());
  return bytes;
}

std::string Patched(std::string batch, std::size_t at, auto value) {
  StoreBigEndian(batch.data() + at, value);
  return batch;
}

// --- What passes untouched.

TEST(ValidateTest, AGoodBatchIsASliceOfItsFrame) {
  const SharedBytes frame = SharedBytes::CopyOf(Good());
  const ValidationResult result = ValidateForAppend(frame, {}, kNow);
  ASSERT_TRUE(result.has_value()) << result.error().detail;
  EXPECT_EQ(Stored(*result), Good());
  EXPECT_EQ(result->records.data(), frame.data() + kHeaderBytes);
  EXPECT_EQ(result->records.owner(), frame.owner());
  EXPECT_FALSE(result->rebuilt);
  EXPECT_EQ(result->log_append_time, kNoTimestamp);
  EXPECT_EQ(result->header.record_count, 2);
}

TEST(ValidateTest, ACompressedBatchKeepsItsBytes) {
  for (const Codec codec : kCodecs) {
    const std::string batch = Packed(codec, 2, TwoRecords());
    const ValidationResult result = Validate(batch);
    ASSERT_TRUE(result.has_value()) << ToString(codec) << result.error().detail;
    EXPECT_EQ(Stored(*result), batch);
  }
}

TEST(ValidateTest, KeysValuesAndHeadersLargerThanAnyBufferPass) {
  const std::string big(300'000, 'b');
  const std::string headers =
      Varint(2) + Varint(200'000) + std::string(200'000, 'h') + Varint(-1) + Varint(0) + Varint(0);
  const std::string records =
      RawRecord{.key = big, .value = big, .headers = headers}.Encode() +
      RawRecord{.offset_delta = 1, .key = std::nullopt, .value = std::nullopt}.Encode();
  for (const Codec codec : kCodecs) {
    EXPECT_TRUE(Validate(Packed(codec, 2, records)).has_value()) << ToString(codec);
  }
}

// The numbers of a record may straddle two buffers of the stream: every position is tried.
TEST(ValidateTest, RecordsMayBeSplitAnywhereInTheStream) {
  const std::string small = RawRecord{.offset_delta = 1,
                                      .timestamp_delta = -1'000'000'000'000,
                                      .headers = Varint(1) + Varint(1) + "h" + Varint(1) + "v"}
                                .Encode();
  for (std::size_t size = 65'400; size < 65'536; ++size) {
    const std::string first = RawRecord{.value = std::string(size, 'v')}.Encode();
    ASSERT_TRUE(Validate(Packed(Codec::kLz4, 2, first + small)).has_value()) << size;
    ASSERT_EQ(CodeOf(Packed(Codec::kLz4, 2, first + small.substr(0, small.size() - 1))),
              Errc::kInvalidRecord);
  }
}

TEST(ValidateTest, UnusedBitsAreKept) {
  BatchHeader header = TwoRecordHeader();
  header.attributes = 0x180 | kDeleteHorizonBit;
  const std::string batch = RawBatch(header, TwoRecords());
  EXPECT_EQ(Stored(Validate(batch).value()), batch);
}

TEST(ValidateTest, RecordAttributesMeanNothing) {
  EXPECT_TRUE(Validate(RawBatch(1, RawRecord{.attributes = 0x41}.Encode())).has_value());
}

// --- Framing (check 5).

TEST(ValidateTest, WithoutAWholeBatchItIsInvalid) {
  const std::string good = Good();
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(CodeOf(good.substr(0, size)), Errc::kInvalidRecord) << size;
  }
  EXPECT_EQ(CodeOf(Patched(good, 8, std::int32_t{0x7fffffff})), Errc::kInvalidRecord);
}

TEST(ValidateTest, RetiredFormatsAreInvalidAndUnknownOnesCorrupt) {
  for (const std::int8_t magic : std::initializer_list<std::int8_t>{0, 1}) {
    EXPECT_EQ(CodeOf(Patched(Good(), kMagicPosition, magic)), Errc::kInvalidRecord);
  }
  for (const std::int8_t magic : std::initializer_list<std::int8_t>{-1, 3, 127}) {
    const ValidationFailure failure = FailureOf(Patched(Good(), kMagicPosition, magic));
    EXPECT_EQ(failure.code, Errc::kCorrupt);
    EXPECT_TRUE(failure.message.has_value());
  }
}

TEST(ValidateTest, ALengthThatIsTooSmallIsCorrupt) {
  for (const std::int32_t length : {-1, 0, 13}) {
    const ValidationFailure failure = FailureOf(Patched(Good(), 8, length));
    EXPECT_EQ(failure.code, Errc::kCorrupt);
    EXPECT_TRUE(failure.message.has_value());
  }
  for (const std::int32_t length : {14, 48, 49, 50}) {
    EXPECT_EQ(CodeOf(Patched(Good(), 8, length)), Errc::kCorrupt) << length;
  }
}

TEST(ValidateTest, WhatFollowsAndIsNoBatchIsDropped) {
  const std::string good = Good();
  for (std::size_t size = 1; size < good.size(); ++size) {
    EXPECT_EQ(Stored(Validate(good + good.substr(0, size)).value()), good) << size;
  }
  EXPECT_EQ(Stored(Validate(good + std::string(11, '\0')).value()), good);
  EXPECT_EQ(Stored(Validate(good + std::string(90, '\1')).value()), good);
}

TEST(ValidateTest, WhatFollowsAndPretendsToBeABatchIsCorrupt) {
  EXPECT_EQ(CodeOf(Good() + std::string(12, '\0')), Errc::kCorrupt);
  EXPECT_EQ(CodeOf(Good() + std::string(90, '\xff')), Errc::kCorrupt);
  EXPECT_EQ(CodeOf(Good() + Patched(Good(), kMagicPosition, std::int8_t{3})), Errc::kCorrupt);
}

TEST(ValidateTest, ASecondBatchIsInvalidWhateverItHolds) {
  EXPECT_EQ(CodeOf(Good() + Good()), Errc::kInvalidRecord);
  EXPECT_EQ(CodeOf(Good() + Patched(Good(), kCrcPosition, 1)), Errc::kInvalidRecord);
  EXPECT_EQ(CodeOf(Good() + Patched(Good(), kMagicPosition, std::int8_t{1})), Errc::kInvalidRecord);
}

TEST(ValidateTest, UnknownCodecsAndEarlyZstdAreUnsupported) {
  for (const std::int16_t codec : std::initializer_list<std::int16_t>{5, 6, 7}) {
    BatchHeader header = TwoRecordHeader();
    header.attributes = codec;
    EXPECT_EQ(CodeOf(RawBatch(header, TwoRecords())), Errc::kUnsupportedCompression);
  }
  const std::string zstd = Packed(Codec::kZstd, 2, TwoRecords());
  EXPECT_EQ(CodeOf(zstd, {.zstd = ZstdSupport::kRefused}), Errc::kUnsupportedCompression);
  EXPECT_TRUE(
      Validate(Packed(Codec::kLz4, 2, TwoRecords()), {.zstd = ZstdSupport::kRefused}).has_value());
}

// --- The header (checks 13 to 18).

TEST(ValidateTest, AClientLeavesOffsetsToTheLog) {
  BatchHeader header = TwoRecordHeader();
  header.base_offset = Offset(5);
  const std::string batch = RawBatch(header, TwoRecords());
  EXPECT_EQ(CodeOf(batch), Errc::kInvalidRecord);
  EXPECT_TRUE(Validate(batch, {.origin = AppendOrigin::kCoordinator}).has_value());
  EXPECT_EQ(CodeOf(Patched(batch, kCrcPosition, 1)), Errc::kInvalidRecord);  // before the CRC
}

TEST(ValidateTest, TheWholeBatchCountsAgainstMaxMessageBytes) {
  const auto size = static_cast<std::int32_t>(Good().size());
  EXPECT_TRUE(Validate(Good(), {.max_message_bytes = size}).has_value());
  EXPECT_EQ(CodeOf(Good(), {.max_message_bytes = size - 1}), Errc::kMessageTooLarge);
  EXPECT_EQ(CodeOf(Patched(Good(), kCrcPosition, 1), {.max_message_bytes = size - 1}),
            Errc::kMessageTooLarge);  // before the CRC
}

TEST(ValidateTest, AndAgainstSegmentBytes) {
  const auto size = static_cast<std::int32_t>(Good().size());
  EXPECT_TRUE(Validate(Good(), {.segment_bytes = size}).has_value());
  EXPECT_EQ(CodeOf(Good(), {.segment_bytes = size - 1}), Errc::kRecordListTooLarge);
}

TEST(ValidateTest, AWrongCrcIsCorrupt) {
  EXPECT_EQ(CodeOf(Patched(Good(), kCrcPosition, 1)), Errc::kCorrupt);
}

TEST(ValidateTest, CountAndLastOffsetDeltaAgree) {
  for (const Codec codec : {Codec::kNone, Codec::kGzip}) {
    const std::string records = Compress(codec, 1, AsBytes(TwoRecords())).value();
    const auto code = [&](std::int32_t last, std::int32_t count) {
      return CodeOf(RawBatch(BatchHeader{.attributes = static_cast<std::int16_t>(codec),
                                         .last_offset_delta = last,
                                         .record_count = count},
                             records));
    };
    EXPECT_EQ(code(2, 2), Errc::kInvalidRecord);
    EXPECT_EQ(code(0, 1), Errc::kInvalidRecord);  // fewer than there are
    EXPECT_EQ(code(2, 3), Errc::kInvalidRecord);  // more
    EXPECT_EQ(code(-1, 0), Errc::kInvalidRecord);
    EXPECT_EQ(code(0, 0), Errc::kInvalidRecord);
    EXPECT_EQ(code(-2, -1), Errc::kInvalidRecord);
    EXPECT_EQ(code(0x7fffffff, -0x7fffffff - 1), Errc::kInvalidRecord);
  }
}

TEST(ValidateTest, OnlyCoordinatorsWriteControlBatches) {
  const std::string marker =
      BuildMarkerBatch({.type = ControlType::kCommit}, ProducerId(1), 0, kNow);
  EXPECT_EQ(CodeOf(marker), Errc::kInvalidRecord);
  const auto result = Validate(marker, {.origin = AppendOrigin::kCoordinator});
  EXPECT_EQ(Stored(result.value()), marker);
}

TEST(ValidateTest, AProducerIdNeedsASequence) {
  BatchHeader header = TwoRecordHeader();
  header.producer_id = ProducerId(7);
  header.producer_epoch = 0;
  EXPECT_EQ(CodeOf(RawBatch(header, TwoRecords())), Errc::kInvalidRecord);
  header.base_sequence = 0;
  EXPECT_TRUE(Validate(RawBatch(header, TwoRecords())).has_value());
  header.producer_id = ProducerId(-2);  // no id at all, whatever the sequence says
  header.base_sequence = -1;
  EXPECT_TRUE(Validate(RawBatch(header, TwoRecords())).has_value());
}

// --- The records (checks 16, 19, 20).

TEST(ValidateTest, BrokenRecordsAreInvalidInEveryCodec) {
  const std::string second = RawRecord{.offset_delta = 1}.Encode();
  const std::string bad[] = {
      RawRecord{.tail = "x"}.Encode() + second,
      RawRecord{.length = 3}.Encode() + second,
      RawRecord{}.Encode() + RawRecord{.offset_delta = 1, .length = 100}.Encode(),
      RawRecord{.length = -5}.Encode() + second,
      RawRecord{}.Encode() + Varint(0),
      RawRecord{.key = std::nullopt, .key_length = -2}.Encode() + second,
      RawRecord{.value_length = 500}.Encode() + second,
      RawRecord{.headers = Varint(-1)}.Encode() + second,
      RawRecord{.headers = Varint(1'000'000)}.Encode() + second,
      RawRecord{.headers = Varint(1) + Varint(-1) + Varint(1) + "x"}.Encode() + second,
      TwoRecords() + '\x05',
      TwoRecords() + std::string(3, '\0'),
      RawRecord{}.Encode() + RawRecord{.offset_delta = 2}.Encode(),
      RawRecord{.offset_delta = 5}.Encode() + RawRecord{.offset_delta = 6}.Encode(),
      "",
  };
  for (const Codec codec : kCodecs) {
    for (const std::string& records : bad) {
      EXPECT_EQ(CodeOf(Packed(codec, 2, records)), Errc::kInvalidRecord) << ToString(codec);
    }
  }
}

TEST(ValidateTest, APayloadThatDoesNotDecompressIsCorrupt) {
  for (const std::int16_t codec : std::initializer_list<std::int16_t>{1, 2, 3, 4}) {
    BatchHeader header = TwoRecordHeader();
    header.attributes = codec;
    EXPECT_EQ(CodeOf(RawBatch(header, "garbage garbage")), Errc::kCorrupt) << codec;
  }
  BatchHeader header = TwoRecordHeader();
  header.attributes = static_cast<std::int16_t>(Codec::kGzip);
  std::string packed = Compress(Codec::kGzip, -1, AsBytes(TwoRecords())).value();
  packed.resize(packed.size() - 8);  // without the trailer the records are all there
  EXPECT_EQ(CodeOf(RawBatch(header, packed)), Errc::kCorrupt);
}

TEST(ValidateTest, CompactedTopicsWantKeys) {
  const std::string records = RawRecord{.key = std::nullopt}.Encode() +
                              RawRecord{.offset_delta = 1, .key = ""}.Encode() +
                              RawRecord{.offset_delta = 2, .key = std::nullopt}.Encode();
  for (const Codec codec : kCodecs) {
    const std::string batch = Packed(codec, 3, records);
    EXPECT_TRUE(Validate(batch).has_value());
    const ValidationFailure failure = FailureOf(batch, {.keys = KeyRule::kRequired});
    EXPECT_EQ(failure.code, Errc::kInvalidRecord);
    EXPECT_TRUE(failure.message.has_value());
    ASSERT_EQ(failure.record_errors.size(), 2U);
    EXPECT_EQ(failure.record_errors[0].index, 0);
    EXPECT_EQ(failure.record_errors[1].index, 2);
    EXPECT_FALSE(failure.record_errors[0].text.empty());
  }
}

TEST(ValidateTest, TimestampsStayWithinTheWindow) {
  const ValidationRules rules{.timestamp_before_ms_max = 1'000, .timestamp_after_ms_max = 500};
  const auto at = [](TimestampMs timestamp) {
    return Packed(Codec::kNone, 1, RawRecord{}.Encode(), timestamp);
  };
  EXPECT_TRUE(Validate(at(kNow - 1'000), rules).has_value());
  EXPECT_TRUE(Validate(at(kNow + 500), rules).has_value());
  EXPECT_TRUE(Validate(at(kNoTimestamp), rules).has_value());
  for (const TimestampMs timestamp : {kNow - 1'001, kNow + 501, TimestampMs{-2}}) {
    const ValidationFailure failure = FailureOf(at(timestamp), rules);
    EXPECT_EQ(failure.code, Errc::kInvalidTimestamp);
    EXPECT_TRUE(failure.message.has_value());
    ASSERT_EQ(failure.record_errors.size(), 1U);
    EXPECT_NE(failure.record_errors[0].text.find(std::to_string(timestamp)), std::string::npos);
  }
}

TEST(ValidateTest, WithoutLimitsOnlyTheFarPastIsRefused) {
  const auto at = [](TimestampMs timestamp) {
    return Packed(Codec::kNone, 1, RawRecord{}.Encode(), timestamp);
  };
  EXPECT_TRUE(Validate(at(std::numeric_limits<TimestampMs>::max())).has_value());
  EXPECT_TRUE(Validate(at(-5)).has_value());
  EXPECT_EQ(FailureOf(at(std::numeric_limits<TimestampMs>::min())).code, Errc::kInvalidTimestamp);
}

TEST(ValidateTest, OneBadTimestampOutweighsMissingKeys) {
  const std::string records =
      RawRecord{.key = std::nullopt}.Encode() +
      RawRecord{.offset_delta = 1, .timestamp_delta = 9'999}.Encode() +
      // The missing key is named, its timestamp is not looked at.
      RawRecord{.offset_delta = 2, .timestamp_delta = 9'999, .key = std::nullopt}.Encode();
  const ValidationFailure failure =
      FailureOf(Packed(Codec::kNone, 3, records),
                {.keys = KeyRule::kRequired, .timestamp_after_ms_max = 1'000});
  EXPECT_EQ(failure.code, Errc::kInvalidTimestamp);
  ASSERT_EQ(failure.record_errors.size(), 3U);
  EXPECT_EQ(failure.record_errors[0].text, failure.record_errors[2].text);
  EXPECT_EQ(failure.record_errors[1].index, 1);
}

TEST(ValidateTest, TheListOfBadRecordsIsBounded) {
  std::string records;
  constexpr std::int32_t kCount = 30'000;
  for (std::int32_t i = 0; i < kCount; ++i) {
    records += RawRecord{.offset_delta = i, .key = std::nullopt}.Encode();
  }
  const ValidationFailure failure =
      FailureOf(Packed(Codec::kNone, kCount, records), {.keys = KeyRule::kRequired});
  EXPECT_EQ(failure.record_errors.size(), 10'000U);
}

// --- What is corrected.

TEST(ValidateTest, AWrongMaxTimestampIsCorrected) {
  const std::string records = RawRecord{}.Encode() +
                              RawRecord{.offset_delta = 1, .timestamp_delta = 40}.Encode() +
                              RawRecord{.offset_delta = 2, .timestamp_delta = 40}.Encode();
  for (const Codec codec : kCodecs) {
    const std::string batch = Packed(codec, 3, records);  // says kNow
    const ValidatedBatch result = Validate(batch).value();
    EXPECT_EQ(result.header.max_timestamp, kNow + 40);
    EXPECT_EQ(result.header.base_timestamp, kNow);
    EXPECT_EQ(result.max_timestamp_offset_delta, 1);
    Stored(result);
  }
}

TEST(ValidateTest, WithoutAnyTimestampTheMaximumIsMinusOne) {
  for (const TimestampMs timestamp : {TimestampMs{-1}, TimestampMs{-5}}) {
    const ValidatedBatch result = Validate(RawBatch(1, RawRecord{}.Encode(), timestamp)).value();
    EXPECT_EQ(result.header.max_timestamp, kNoTimestamp);
    EXPECT_EQ(result.header.base_timestamp, timestamp);
    Stored(result);
  }
}

TEST(ValidateTest, ALogAppendTimeTopicSetsTypeAndMaximumOnly) {
  const std::string records =
      RawRecord{}.Encode() + RawRecord{.offset_delta = 1, .timestamp_delta = 1 << 30}.Encode();
  for (const Codec codec : kCodecs) {
    for (const TimestampMs timestamp : {kNow - 777, kNoTimestamp}) {
      const std::string batch = Packed(codec, 2, records, timestamp);
      const ValidatedBatch result =
          Validate(batch,
                   {.timestamp_type = TimestampType::kLogAppendTime, .timestamp_after_ms_max = 0})
              .value();
      EXPECT_EQ(result.header.timestamp_type(), TimestampType::kLogAppendTime);
      EXPECT_EQ(result.header.max_timestamp, kNow);
      EXPECT_EQ(result.header.base_timestamp, timestamp);
      EXPECT_EQ(result.log_append_time, kNow);
      EXPECT_EQ(result.max_timestamp_offset_delta, 0);
      EXPECT_EQ(Stored(result).substr(kHeaderBytes), batch.substr(kHeaderBytes));
    }
  }
}

TEST(ValidateTest, AClientsLogAppendTimeBitIsClearedWhereThereIsATimestamp) {
  BatchHeader header = TwoRecordHeader();
  header.attributes = kLogAppendTimeBit;
  header.max_timestamp = kNow - 5;  // the type makes it the time of every record, until cleared
  const ValidatedBatch result = Validate(RawBatch(header, TwoRecords())).value();
  EXPECT_EQ(result.header.timestamp_type(), TimestampType::kCreateTime);
  EXPECT_EQ(result.header.max_timestamp, kNow);
  EXPECT_EQ(result.header.base_timestamp, kNow);
  Stored(result);
}

TEST(ValidateTest, AndRefusedWhereThereIsNoneOrTheTopicHasThatType) {
  BatchHeader header = TwoRecordHeader();
  header.attributes = kLogAppendTimeBit;
  const std::string timed = RawBatch(header, TwoRecords());
  header.max_timestamp = kNoTimestamp;
  const std::string untimed = RawBatch(header, TwoRecords());
  for (const ValidationFailure& failure :
       {FailureOf(untimed), FailureOf(timed, {.timestamp_type = TimestampType::kLogAppendTime})}) {
    EXPECT_EQ(failure.code, Errc::kInvalidTimestamp);
    EXPECT_EQ(failure.record_errors.size(), 2U);
  }
}

// --- Another codec than the topic's.

TEST(ValidateTest, TheTopicsCodecReplacesTheProducers) {
  const std::string records = TwoRecords();
  for (const Codec from : kCodecs) {
    for (const Codec to : kCodecs) {
      const ValidatedBatch result = Validate(Packed(from, 2, records), {.codec = to}).value();
      EXPECT_EQ(result.rebuilt, from != to);
      EXPECT_EQ(result.header.codec(), to);
      EXPECT_EQ(Decompress(to, result.records.view(), 1 << 20).value(), records);
      Stored(result);
    }
  }
}

TEST(ValidateTest, TheLevelIsTheTopics) {
  std::string value;
  for (int i = 0; i < 20'000; ++i) value += std::to_string(i * i % 1013);
  const std::string batch = Packed(Codec::kNone, 1, RawRecord{.value = value}.Encode());
  const auto size = [&](int level) {
    return Validate(batch, {.codec = Codec::kGzip, .level = level})->records.size();
  };
  EXPECT_LT(size(9), size(1));
}

TEST(ValidateTest, ARebuiltBatchMayBecomeTooLarge) {
  const std::string records = RawRecord{.value = std::string(10'000, 'x')}.Encode();
  const std::string batch = Packed(Codec::kZstd, 1, records);
  const auto size = static_cast<std::int32_t>(kHeaderBytes + records.size());
  EXPECT_TRUE(Validate(batch, {.max_message_bytes = size, .codec = Codec::kNone}).has_value());
  EXPECT_EQ(CodeOf(batch, {.max_message_bytes = size - 1, .codec = Codec::kNone}),
            Errc::kMessageTooLarge);
  EXPECT_EQ(CodeOf(batch, {.max_message_bytes = 1'000, .codec = Codec::kNone}),
            Errc::kMessageTooLarge);
}

// --- Hostile compression.

TEST(ValidateTest, ABombIsRefusedAtItsLimit) {
  const std::string records = RawRecord{.value = std::string(50 << 20, '\0')}.Encode();
  for (const Codec codec : {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    const std::string bomb = Packed(codec, 1, records);
    ValidationRules rules{.max_message_bytes = 100 << 20, .decompressed_bytes_max = 1 << 20};
    EXPECT_EQ(CodeOf(bomb, rules), Errc::kMessageTooLarge) << ToString(codec);
    rules.decompressed_bytes_max = records.size();
    EXPECT_TRUE(Validate(bomb, rules).has_value()) << ToString(codec);
  }
}

}  // namespace
}  // namespace gneiss::records
