// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/cleaner_fixture.h"

#include <limits>
#include <memory>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine::testing {
namespace {

std::string Describe(const records::BatchHeader& header, const records::RecordView& record) {
  const std::string offset = std::to_string(record.offset.value()) + " ";
  if (header.is_control()) {
    const auto type = records::ParseControlType(record);
    return offset + (type && *type == records::ControlType::kCommit ? "commit" : "abort");
  }
  return offset + std::string(record.key.value_or("null")) + "=" +
         std::string(record.value.value_or("null"));
}

}  // namespace

CleanerFixture::CleanerFixture() {
  engine_options_.clock = &clock_;
  engine_options_.cleaner.enabled = false;
  config_.cleanup_compact = true;
  config_.cleanup_delete = false;
  config_.min_cleanable_dirty_ratio = 0;
  cleaner_options_.threads = 0;
  ReopenAll();
}

void CleanerFixture::ReopenAll() {
  pool_.reset();
  Reopen();
  SetCleanerOptions(cleaner_options_);
}

void CleanerFixture::SetCleanerOptions(const CleanerOptions& options) {
  cleaner_options_ = options;
  cleaner_options_.threads = 0;
  pool_ = std::make_unique<CleanerPool>(cleaner_options_, clock_, [this] {
    return std::vector{std::static_pointer_cast<RocksPartitionLog>(log_)};
  });
}

Offset CleanerFixture::Put(const std::vector<KeyValue>& records, records::BatchOptions options) {
  records::BatchBuilder builder(std::move(options));
  for (const auto& [key, value] : records) builder.Add(key, value, clock_.WallMs());
  auto validated = records::ValidateForAppend(SharedBytes::Own(builder.Build().value()),
                                              records::ValidationRules(), clock_.WallMs());
  EXPECT_TRUE(validated.has_value()) << validated.error().detail;
  return Append(std::move(*validated));
}

Offset CleanerFixture::PutMarker(records::ControlType type, const From& from) {
  return Append(MarkerOf(type, from));
}

bool CleanerFixture::Clean() {
  Flush();
  return CleanFiles();
}

bool CleanerFixture::CleanFiles() { return pool_->CleanDirtiest(); }

CleaningStatus CleanerFixture::Status() const {
  return pool_->StatusOf(rocks_log()).value_or(CleaningStatus());
}

std::vector<std::string> CleanerFixture::Contents() const {
  const auto view = Read(log_->offsets().log_start,
                         {.bytes_max = std::numeric_limits<std::size_t>::max(),
                          .upper_bound = Offset(std::numeric_limits<std::int64_t>::max())});
  EXPECT_TRUE(view.has_value()) << view.error().detail;
  std::vector<std::string> contents;
  for (const SharedBytes& bytes : view->batches) {
    const auto batch = records::RecordBatchView::Parse(bytes.view()).value();
    EXPECT_TRUE(batch.VerifyCrc().has_value());
    auto records = records::RecordIterator::Open(batch).value();
    while (const auto record = records.Next().value()) {
      contents.push_back(Describe(batch.header(), *record));
    }
  }
  return contents;
}

std::vector<std::string> CleanerFixture::Batches() const {
  const auto view = Read(log_->offsets().log_start,
                         {.bytes_max = std::numeric_limits<std::size_t>::max(),
                          .upper_bound = Offset(std::numeric_limits<std::int64_t>::max())});
  EXPECT_TRUE(view.has_value()) << view.error().detail;
  std::vector<std::string> batches;
  for (const SharedBytes& bytes : view->batches) {
    const auto header = records::BatchHeader::Parse(bytes.view()).value();
    batches.push_back(std::to_string(header.base_offset.value()) + "-" +
                      std::to_string(header.last_offset().value()));
  }
  return batches;
}

}  // namespace gneiss::engine::testing
