// SPDX-License-Identifier: Apache-2.0
//
// Takes the input for what a producer sends and for what a fetch brings. Whatever the bytes: no
// crash, and what validation accepts must be readable and pass a second validation unchanged.
#include <glog/logging.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "protocol/base/shared_bytes.h"
#include "protocol/fuzz/allocations.h"
#include "protocol/records/record_iterator.h"
#include "protocol/records/validate.h"

namespace {

using namespace gneiss;           // NOLINT: a program of its own
using namespace gneiss::records;  // NOLINT

constexpr TimestampMs kNow = 1'700'000'000'000;
constexpr std::size_t kPlainBytesMax = std::size_t{1} << 20;  // bounds the time of one input

// Reads all records; the number read, or -1.
std::int64_t CountRecords(const RecordBatchView& batch) {
  auto records = RecordIterator::Open(batch, {.decompressed_bytes_max = kPlainBytesMax});
  if (!records.has_value()) return -1;
  std::int64_t count = 0;
  while (true) {
    const auto record = records->Next();
    if (!record.has_value()) return -1;
    if (!record->has_value()) return count;
    std::size_t touched = (*record)->key.value_or("").size() + (*record)->value.value_or("").size();
    for (const HeaderView& header : (*record)->headers) touched += header.key.size();
    CHECK_LE(touched, kPlainBytesMax);
    ++count;
  }
}

std::string Assembled(const ValidatedBatch& batch) {
  return std::string(AsText(batch.stamped.bytes())).append(batch.records.text());
}

void CheckAccepted(const ValidatedBatch& batch, const ValidationRules& rules) {
  const std::string stored = Assembled(batch);
  const auto view = RecordBatchView::Parse(AsBytes(stored));
  CHECK(view.has_value());
  CHECK(view->VerifyCrc().has_value());
  CHECK_EQ(CountRecords(*view), batch.header.record_count);
  if (rules.timestamp_type == TimestampType::kLogAppendTime) return;  // a client may not send that
  const auto again = ValidateForAppend(SharedBytes::CopyOf(stored), rules, kNow);
  CHECK(again.has_value()) << again.error().detail;
  CHECK(Assembled(*again) == stored);
}

void TryAppend(std::string_view bytes, const ValidationRules& rules) {
  const auto result = ValidateForAppend(SharedBytes::CopyOf(bytes), rules, kNow);
  if (result.has_value()) CheckAccepted(*result, rules);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  BatchScanner scanner(bytes);
  while (true) {
    const auto batch = scanner.Next();
    if (!batch.has_value() || !batch->has_value()) break;
    CountRecords(**batch);
  }

  // A fuzzer does not guess CRCs, so the input is tried with the right one as well.
  std::string sealed(AsText(bytes));
  if (const auto view = RecordBatchView::Parse(bytes); view.has_value()) {
    StampedHeader header(bytes);
    header.Seal(view->records());
    sealed.replace(0, kHeaderBytes, AsText(header.bytes()));
  }
  ValidationRules rules{.decompressed_bytes_max = kPlainBytesMax};
  {
    // The stream's buffer and a full list of bad records; snappy needs its largest block whole.
    const fuzz::AllocationLimit limit((std::size_t{4} << 20) + 32 * size);
    (void)ValidateForAppend(SharedBytes::CopyOf(sealed), rules, kNow);
  }
  TryAppend(AsText(bytes), rules);
  TryAppend(sealed, rules);
  rules.keys = KeyRule::kRequired;
  rules.codec = Codec::kLz4;
  TryAppend(sealed, rules);
  rules.timestamp_type = TimestampType::kLogAppendTime;
  rules.codec = Codec::kNone;
  TryAppend(sealed, rules);
  return 0;
}
