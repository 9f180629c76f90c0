// SPDX-License-Identifier: Apache-2.0
//
// Prints record batches, or builds them anew: our half of java_batches_test.py.
//   dump_batches dump FILE
//   dump_batches rebuild FILE OUT
#include <glog/logging.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/batch_builder.h"
#include "protocol/records/control_record.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::records {
namespace {

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Calls `visit` for each batch of `bytes`, which must hold nothing else.
template <class Visit>
void ForEachBatch(std::string_view bytes, Visit visit) {
  BatchScanner scanner(AsBytes(bytes));
  while (true) {
    const auto batch = scanner.Next();
    CHECK(batch.has_value()) << batch.error().detail;
    if (!batch->has_value()) break;
    const Status crc = (*batch)->VerifyCrc();
    CHECK(crc.has_value()) << crc.error().detail;
    visit(**batch);
  }
  CHECK(scanner.rest().empty());
}

template <class Visit>
void ForEachRecord(const RecordBatchView& batch, Visit visit) {
  auto records = RecordIterator::Open(batch);
  CHECK(records.has_value()) << records.error().detail;
  while (true) {
    const auto record = records->Next();
    CHECK(record.has_value()) << record.error().detail;
    if (!record->has_value()) break;
    visit(**record);
  }
}

std::string Hex(const std::optional<std::string_view>& bytes) {
  if (!bytes.has_value()) return "null";
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : *bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

const char* YesNo(bool value) { return value ? "true" : "false"; }

std::string Describe(const BatchHeader& header) {
  const auto number = [](auto value) { return std::to_string(value); };
  return "batch base=" + number(header.base_offset.value()) +
         " last=" + number(header.last_offset().value()) +
         " next=" + number(header.next_offset().value()) +
         " codec=" + number(static_cast<int>(header.codec())) +
         " log_append_time=" + YesNo(header.timestamp_type() == TimestampType::kLogAppendTime) +
         " transactional=" + YesNo(header.is_transactional()) +
         " control=" + YesNo(header.is_control()) +
         " horizon=" + number(header.has_delete_horizon() ? header.base_timestamp : -1) +
         " max_time=" + number(header.max_timestamp) +
         " producer=" + number(header.producer_id.value()) + "," + number(header.producer_epoch) +
         "," + number(header.base_sequence) + "," + number(header.last_sequence()) +
         " leader_epoch=" + number(header.leader_epoch.value()) +
         " count=" + number(header.record_count);
}

std::string Describe(const RecordView& record) {
  std::string headers;
  for (const HeaderView& header : record.headers) {
    headers += (headers.empty() ? "" : ",") + Hex(header.key) + ":" + Hex(header.value);
  }
  return "  " + std::to_string(record.offset.value()) +
         " time=" + std::to_string(record.timestamp) + " key=" + Hex(record.key) +
         " value=" + Hex(record.value) + " headers=" + headers;
}

void Dump(std::string_view bytes) {
  ForEachBatch(bytes, [](const RecordBatchView& batch) {
    std::puts(Describe(batch.header()).c_str());
    ForEachRecord(batch, [&](const RecordView& record) {
      std::puts(Describe(record).c_str());
      if (!batch.header().is_control()) return;
      const auto marker = TransactionMarker::Parse(record);
      CHECK(marker.has_value()) << marker.error().detail;
      std::printf("  marker %d %d\n", static_cast<int>(marker->type), marker->coordinator_epoch);
    });
  });
}

BatchOptions OptionsOf(const BatchHeader& header) {
  BatchOptions options{.base_offset = header.base_offset,
                       .leader_epoch = header.leader_epoch,
                       .codec = header.codec(),
                       .timestamp_type = header.timestamp_type(),
                       .log_append_time = header.max_timestamp,
                       .producer_id = header.producer_id,
                       .producer_epoch = header.producer_epoch,
                       .base_sequence = header.base_sequence,
                       .is_transactional = header.is_transactional(),
                       .is_control = header.is_control()};
  if (header.has_delete_horizon()) options.delete_horizon = header.base_timestamp;
  return options;
}

// The same batch, encoded by us. Without compression and with the records' own times it must have
// the very bytes of the original.
std::string Rebuilt(const RecordBatchView& batch) {
  BatchBuilder builder(OptionsOf(batch.header()));
  ForEachRecord(batch, [&](const RecordView& record) {
    const std::vector<HeaderView> headers(record.headers.begin(), record.headers.end());
    builder.AddAt(record.offset, {.timestamp = record.timestamp,
                                  .key = record.key,
                                  .value = record.value,
                                  .headers = headers});
  });
  builder.SetLastOffset(batch.header().last_offset());
  std::string bytes = builder.Build().value();
  if (batch.header().codec() == Codec::kNone &&
      batch.header().timestamp_type() == TimestampType::kCreateTime) {
    CHECK(bytes == AsText(batch.bytes())) << Describe(batch.header());
  }
  return bytes;
}

void Rebuild(std::string_view bytes, const char* path) {
  std::ofstream out(path, std::ios::binary);
  ForEachBatch(bytes, [&](const RecordBatchView& batch) {
    // What is left of an emptied batch is its header, which no builder makes.
    out << (batch.header().record_count == 0 ? std::string(AsText(batch.bytes())) : Rebuilt(batch));
  });
  CHECK(out.good()) << path;
}

}  // namespace
}  // namespace gneiss::records

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  const std::string_view mode = argc > 2 ? argv[1] : "";
  if (mode == "dump" && argc == 3) {
    gneiss::records::Dump(gneiss::records::ReadFile(argv[2]));
  } else if (mode == "rebuild" && argc == 4) {
    gneiss::records::Rebuild(gneiss::records::ReadFile(argv[2]), argv[3]);
  } else {
    std::fprintf(stderr, "usage: %s dump FILE | rebuild FILE OUT\n", argv[0]);
    return 2;
  }
  return 0;
}
