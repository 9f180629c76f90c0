// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/log_fixture.h"

#include <chrono>
#include <limits>
#include <utility>

namespace gneiss::engine::testing {

LogFixture::LogFixture(std::shared_ptr<rocksdb::FileSystem> file_system)
    : topic_id_(Uuid::Random()), file_system_(std::move(file_system)) {
  // A slow machine must not make a difference to what a power cut leaves.
  engine_options_.log_end_interval = std::chrono::hours(1);
  Open();
}

LogFixture::~LogFixture() { Close(); }

Offset LogFixture::Append(records::ValidatedBatch batch) {
  const Result<AppendResult> result = TryAppend(std::move(batch));
  EXPECT_TRUE(result.has_value()) << result.error().detail;
  return result ? result->base_offset : kNoOffset;
}

Offset LogFixture::Append(const Values& values, const From& from) {
  return Append(BatchOf(values, from));
}

Values LogFixture::ReadFrom(Offset from) const {
  const Result<ReadView> view =
      log_->Read(from, {.bytes_max = std::numeric_limits<std::size_t>::max(),
                        .upper_bound = Offset(std::numeric_limits<std::int64_t>::max())});
  EXPECT_TRUE(view.has_value()) << view.error().detail;
  return view ? ValuesOf(*view) : Values{"unreadable"};
}

void LogFixture::Open() {
  EngineOptions options = engine_options_;
  options.data_dirs = {dir_.path()};
  options.metadata_dir = dir_.path();
  Result<std::unique_ptr<RocksEngine>> engine = RocksEngine::Open(std::move(options), file_system_);
  ASSERT_TRUE(engine.has_value()) << engine.error().detail;
  engine_ = std::move(*engine);
  Result<std::shared_ptr<PartitionLog>> log = engine_->OpenPartition(tp_, topic_id_, config_);
  ASSERT_TRUE(log.has_value()) << log.error().detail;
  log_ = std::move(*log);
}

void LogFixture::Close() {
  if (engine_ != nullptr) {
    const Status closed = engine_->Close();
    EXPECT_TRUE(closed.has_value()) << closed.error().detail;
  }
  log_.reset();
  engine_.reset();
}

void LogFixture::Abandon() {
  log_.reset();
  engine_.reset();
}

void LogFixture::Flush() {
  const rocksdb::Status status = store().db().Flush(rocksdb::FlushOptions(), family());
  ASSERT_TRUE(status.ok()) << status.ToString();
}

rocksdb::ColumnFamilyHandle* LogFixture::family() const {
  return store().FindFamily({topic_id_, tp_.partition})->handle();
}

}  // namespace gneiss::engine::testing
