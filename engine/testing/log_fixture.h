// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::engine::testing {

// LogFixture is an engine in a directory of its own and one partition, orders-0, with words for
// what tests do to it: Append, Read, Reopen.
class LogFixture : public ::testing::Test {
 protected:
  // `file_system` lies below RocksDB.
  explicit LogFixture(
      std::shared_ptr<rocksdb::FileSystem> file_system = rocksdb::FileSystem::Default());
  ~LogFixture() override;

  Result<AppendResult> TryAppend(records::ValidatedBatch batch) {
    return AppendAndWait(*log_, std::move(batch));
  }
  // The base offset; a failure fails the test.
  Offset Append(const Values& values, const From& from = {});
  Offset Append(records::ValidatedBatch batch);
  std::future<Result<AppendResult>> StartAppend(records::ValidatedBatch batch) {
    return testing::StartAppend(*log_, std::move(batch));
  }
  Result<Offset> AdvanceLogStart(Offset to) { return AdvanceLogStartAndWait(*log_, to); }

  Result<ReadView> Read(Offset from, ReadLimits limits) const { return log_->Read(from, limits); }
  Values ReadFrom(Offset from) const;
  Values ReadAll() const { return ReadFrom(log_->offsets().log_start); }

  void Close();
  void Open();
  // Lets go of the engine as a crash would: no checkpoint, no flush.
  void Abandon();
  void Reopen() {
    Close();
    Open();
  }
  // Moves what is in memory to files.
  void Flush();
  rocksdb::ColumnFamilyHandle* family() const;
  Store& store() const { return *engine_->stores().front(); }

  TempDir dir_;
  TopicPartition tp_{"orders", PartitionId(0)};
  Uuid topic_id_;
  LogConfig config_{.retention_ms = -1};  // the records of tests are of 1970
  EngineOptions engine_options_;  // but for the directories, from the next Open on
  const std::shared_ptr<rocksdb::FileSystem> file_system_;
  std::unique_ptr<RocksEngine> engine_;
  std::shared_ptr<PartitionLog> log_;
};

}  // namespace gneiss::engine::testing
