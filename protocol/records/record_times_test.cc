// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/record_times.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/batch_builder.h"
#include "protocol/records/testing/raw_batch.h"

namespace gneiss::records {
namespace {

using testing::RawBatch;
using testing::RawRecord;

RecordBatchView View(std::string_view batch) {
  return RecordBatchView::Parse(AsBytes(batch)).value();
}

Result<std::vector<RecordTime>> TimesOf(std::string_view batch) {
  RecordTimes times(View(batch));
  std::vector<RecordTime> all;
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const std::optional<RecordTime> time, times.Next());
    if (!time.has_value()) return all;
    all.push_back(*time);
  }
}

TEST(RecordTimesTest, GivesOffsetsAndTimesInEveryCodec) {
  for (const Codec codec :
       {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    BatchBuilder builder({.base_offset = Offset(10), .codec = codec});
    builder.AddAt(Offset(12), {.timestamp = 50, .key = "k", .value = std::string(200'000, 'x')});
    builder.AddAt(Offset(17), {.timestamp = 40});
    const std::string batch = builder.Build().value();
    EXPECT_EQ(TimesOf(batch).value(),
              (std::vector<RecordTime>{{Offset(12), 50}, {Offset(17), 40}}));
  }
}

TEST(RecordTimesTest, UnderLogAppendTimeAllAreTheSame) {
  BatchBuilder builder({.timestamp_type = TimestampType::kLogAppendTime, .log_append_time = 99});
  builder.Add("k", "v", 1);
  builder.Add("k", "v", 2);
  const std::string batch = builder.Build().value();
  EXPECT_EQ(TimesOf(batch).value(), (std::vector<RecordTime>{{Offset(0), 99}, {Offset(1), 99}}));
}

TEST(RecordTimesTest, AnEmptiedBatchHasNone) {
  EXPECT_TRUE(TimesOf(RawBatch(BatchHeader{.attributes = 4}, "")).value().empty());
}

TEST(RecordTimesTest, BrokenRecordsAndStreamsAreTold) {
  EXPECT_EQ(TimesOf(RawBatch(2, RawRecord{}.Encode())).error().code, Errc::kInvalidRecord);
  EXPECT_EQ(TimesOf(RawBatch(1, RawRecord{.length = 3}.Encode())).error().code,
            Errc::kInvalidRecord);
  const BatchHeader zstd{.attributes = 4, .record_count = 1};
  EXPECT_EQ(TimesOf(RawBatch(zstd, "garbage")).error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace gneiss::records
