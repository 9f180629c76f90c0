// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/cleaner/cleaner_pool.h"
#include "engine/testing/log_fixture.h"
#include "engine/testing/manual_clock.h"
#include "protocol/records/batch_builder.h"
#include "protocol/records/control_record.h"

namespace gneiss::engine::testing {

using KeyValue = std::pair<std::string, std::optional<std::string>>;

// CleanerFixture is a compacted partition that is cleaned when a test says so.
class CleanerFixture : public LogFixture {
 protected:
  CleanerFixture();

  // Appends a batch of these records with the clock's time; returns its base offset.
  Offset Put(const std::vector<KeyValue>& records, records::BatchOptions options = {});
  Offset PutMarker(records::ControlType type, const From& from);

  // Flushes, looks and cleans what is due; false if nothing was.
  bool Clean();
  // The same for what is in files already.
  bool CleanFiles();
  CleaningStatus Status() const;
  RocksPartitionLog& rocks_log() const { return static_cast<RocksPartitionLog&>(*log_); }
  Offset FirstDirty() const { return rocks_log().cleaning_view().first_dirty; }

  // "OFFSET KEY=VALUE" of all records from the log start; markers are "OFFSET commit" and "abort".
  std::vector<std::string> Contents() const;
  // Base and last offset of every batch on disk or in memory, as "BASE-LAST".
  std::vector<std::string> Batches() const;

  // Restarts the pool with these, in place of no bounds.
  void SetCleanerOptions(const CleanerOptions& options);
  void ReopenAll();

  ManualClock clock_;
  CleanerOptions cleaner_options_;
  std::unique_ptr<CleanerPool> pool_;
};

}  // namespace gneiss::engine::testing
