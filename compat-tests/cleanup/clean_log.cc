// SPDX-License-Identifier: Apache-2.0
//
// clean_log show FILE END              prints the batches of FILE, one line per record
// clean_log clean FILE END RETENTION   the same after log compaction by Gneiss's cleaner
//
// FILE holds record batches as Fetch answers them, from offset 0 on without gaps, markers of
// transactions included. END: what lies at or above is not printed. RETENTION is
// delete.retention.ms; with 0 the cleaner comes again until nothing more can go.
#include <glog/logging.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cleaner/cleaner_pool.h"
#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/manual_clock.h"
#include "engine/testing/temp_dir.h"
#include "protocol/records/control_record.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine::testing {
namespace {

using records::BatchHeader;
using records::RecordBatchView;

constexpr std::int64_t kHourMs = 3'600'000;
// The first gives tombstones and markers their time, the second removes what that is over for, and
// markers go a clean after their transaction's last record.
constexpr int kCleans = 4;

std::vector<SharedBytes> ReadBatches(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  CHECK(file) << path;
  const SharedBytes all = SharedBytes::Own(std::string(std::istreambuf_iterator<char>(file), {}));
  std::vector<SharedBytes> batches;
  for (std::size_t at = 0; at < all.size();) {
    const auto header = BatchHeader::Parse(all.view().subspan(at));
    CHECK(header.has_value()) << header.error().detail;
    batches.push_back(all.Slice(at, header->size_in_bytes()));
    at += header->size_in_bytes();
  }
  return batches;
}

std::string Hex(std::optional<std::string_view> bytes) {
  if (!bytes) return "null";
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex = "'";
  for (const char c : *bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex + "'";
}

void PrintRecord(const BatchHeader& header, const records::RecordView& record) {
  std::cout << record.offset.value() << " producer=" << header.producer_id.value();
  if (header.is_control()) {
    const auto type = records::ParseControlType(record);
    CHECK(type.has_value()) << type.error().detail;
    std::cout << (*type == records::ControlType::kCommit ? " commit" : " abort") << "\n";
    return;
  }
  std::cout << " time=" << record.timestamp << " key=" << Hex(record.key)
            << " value=" << Hex(record.value);
  for (const records::HeaderView& field : record.headers) {
    std::cout << " " << Hex(field.key) << ":" << Hex(field.value);
  }
  std::cout << "\n";
}

void Print(const std::vector<SharedBytes>& batches, Offset end) {
  for (const SharedBytes& bytes : batches) {
    const RecordBatchView batch = RecordBatchView::Parse(bytes.view()).value();
    CHECK(batch.VerifyCrc().has_value());
    auto records = records::RecordIterator::Open(batch).value();
    while (const auto record = records.Next().value()) {
      if (record->offset < end) PrintRecord(batch.header(), *record);
    }
  }
}

// One compacted partition.
class Log {
 public:
  explicit Log(std::int64_t delete_retention_ms) {
    EngineOptions options;
    options.data_dirs = {dir_.path()};
    options.metadata_dir = dir_.path();
    options.clock = &clock_;
    options.cleaner.enabled = false;  // Clean decides when
    auto engine = RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
    CHECK(engine.has_value()) << engine.error().detail;
    engine_ = std::move(*engine);
    LogConfig config;
    config.cleanup_compact = true;
    config.cleanup_delete = false;
    config.min_cleanable_dirty_ratio = 0;
    config.delete_retention_ms = delete_retention_ms;
    auto log = engine_->OpenPartition({"orders", PartitionId(0)}, topic_id_, config);
    CHECK(log.has_value()) << log.error().detail;
    log_ = std::static_pointer_cast<RocksPartitionLog>(*log);
  }

  void Append(const SharedBytes& bytes) {
    const BatchHeader header = BatchHeader::Parse(bytes.view()).value();
    CHECK(header.base_offset == log_->offsets().log_end) << "the input has a gap";
    records::ValidationRules rules;
    if (header.is_control()) rules.origin = records::AppendOrigin::kCoordinator;
    std::string sent(bytes.text());
    std::fill_n(sent.begin(), sizeof(std::int64_t),
                '\0');  // the base offset; the CRC leaves it out
    auto batch = records::ValidateForAppend(SharedBytes::Own(sent), rules, clock_.WallMs());
    CHECK(batch.has_value()) << batch.error().detail;
    const auto appended = AppendAndWait(*log_, std::move(*batch));
    CHECK(appended.has_value()) << appended.error().detail;
  }

  // Something new makes the log dirty, so that it is looked at again.
  void Clean() {
    CleanerPool pool({.threads = 0}, clock_, [this] { return std::vector{log_}; });
    for (int i = 0; i < kCleans; ++i) {
      CHECK(AppendAndWait(*log_, BatchOf({"filler " + std::to_string(i)}, {.keyed = true}))
                .has_value());
      for (const auto& store : engine_->stores()) {
        const auto family = store->FindFamily({topic_id_, PartitionId(0)});
        if (family != nullptr) {
          CHECK(family->db().Flush(rocksdb::FlushOptions(), family->handle()).ok());
        }
      }
      while (pool.CleanDirtiest()) {
      }
      clock_.Advance(kHourMs);
    }
  }

  std::vector<SharedBytes> Contents() const {
    constexpr auto kEverything = std::numeric_limits<std::int64_t>::max();
    auto view = log_->Read(Offset(0), {.bytes_max = std::numeric_limits<std::size_t>::max(),
                                       .upper_bound = Offset(kEverything)});
    CHECK(view.has_value()) << view.error().detail;
    return std::move(view->batches);
  }

 private:
  TempDir dir_;
  ManualClock clock_{Clock::System().WallMs()};
  const Uuid topic_id_ = Uuid::Random();
  std::unique_ptr<RocksEngine> engine_;
  std::shared_ptr<RocksPartitionLog> log_;
};

}  // namespace
}  // namespace gneiss::engine::testing

int main(int argc, char** argv) {
  using namespace gneiss::engine::testing;
  google::InitGoogleLogging(argv[0]);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "show" && argc == 4) {
    Print(ReadBatches(argv[2]), gneiss::Offset(std::stoll(argv[3])));
  } else if (mode == "clean" && argc == 5) {
    Log log(std::stoll(argv[4]));
    for (const auto& batch : ReadBatches(argv[2])) log.Append(batch);
    log.Clean();
    Print(log.Contents(), gneiss::Offset(std::stoll(argv[3])));
  } else {
    std::cerr << "usage: clean_log show FILE END | clean FILE END RETENTION\n";
    return 1;
  }
}
