// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/metadata_log.h"
#include "protocol/base/mutex.h"
#include "protocol/base/shared_bytes.h"

namespace gneiss::server::testing {

// A metadata log in memory that counts appends and fails them on demand. It outlives controllers,
// which is a restart. Threads: any.
class MemoryMetadataLog final : public engine::MetadataLog {
 public:
  Offset log_end() const override {
    const MutexLock lock(mutex_);
    return EndLocked();
  }
  Offset snapshot_end() const override {
    const MutexLock lock(mutex_);
    return snapshot_end_;
  }

  Result<Offset> Append(std::span<const std::string> records) override {
    const MutexLock lock(mutex_);
    if (failing_) return Fail(Errc::kStorage, "the test's disk is broken");
    ++appends_;
    const Offset first = EndLocked();
    records_.insert(records_.end(), records.begin(), records.end());
    return first;
  }

  Status WriteSnapshot(Offset end, const SnapshotSource& source) override {
    std::vector<std::string> snapshot;
    GNEISS_RETURN_IF_ERROR(source([&](std::string_view record) {
      snapshot.emplace_back(record);
      return Status();
    }));
    const MutexLock lock(mutex_);
    if (failing_) return Fail(Errc::kStorage, "the test's disk is broken");
    records_.erase(records_.begin(), records_.begin() + (end - snapshot_end_));
    snapshot_ = std::move(snapshot);
    snapshot_end_ = end;
    snapshot_taken_.NotifyAll();
    return {};
  }

  Status Replay(const RecordVisitor& record) override {
    const std::vector<std::string> of_snapshot = snapshot();
    for (const std::string& bytes : of_snapshot) {
      GNEISS_RETURN_IF_ERROR(record(snapshot_end() - 1, AsBytes(bytes)));
    }
    Offset offset = snapshot_end();
    for (const std::string& bytes : records()) {
      GNEISS_RETURN_IF_ERROR(record(offset, AsBytes(bytes)));
      ++offset;
    }
    return {};
  }

  Result<std::string> GetProperty(const std::string& name) override {
    const MutexLock lock(mutex_);
    const auto found = properties_.find(name);
    if (found == properties_.end()) return Fail(Errc::kNotFound, "no property " + name);
    return found->second;
  }

  Status SetProperty(const std::string& name, const std::string& value) override {
    const MutexLock lock(mutex_);
    properties_[name] = value;
    return {};
  }

  void WaitForSnapshot(Offset end) {
    const MutexLock lock(mutex_);
    while (snapshot_end_ < end) snapshot_taken_.Wait(mutex_);
  }

  // Snapshots, too.
  void FailAppends(bool failing) {
    const MutexLock lock(mutex_);
    failing_ = failing;
  }
  std::size_t appends() const {
    const MutexLock lock(mutex_);
    return appends_;
  }
  // Those behind the snapshot.
  std::vector<std::string> records() const {
    const MutexLock lock(mutex_);
    return records_;
  }
  std::vector<std::string> snapshot() const {
    const MutexLock lock(mutex_);
    return snapshot_;
  }

 private:
  Offset EndLocked() const REQUIRES(mutex_) { return snapshot_end_ + std::ssize(records_); }

  mutable Mutex mutex_;
  CondVar snapshot_taken_;
  Offset snapshot_end_ GUARDED_BY(mutex_){0};
  std::vector<std::string> snapshot_ GUARDED_BY(mutex_);
  std::vector<std::string> records_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> properties_ GUARDED_BY(mutex_);
  std::size_t appends_ GUARDED_BY(mutex_) = 0;
  bool failing_ GUARDED_BY(mutex_) = false;
};

}  // namespace gneiss::server::testing
