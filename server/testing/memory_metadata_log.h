// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
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
    return Offset(static_cast<std::int64_t>(records_.size()));
  }

  Result<Offset> Append(std::span<const std::string> records) override {
    const MutexLock lock(mutex_);
    if (failing_) return Fail(Errc::kStorage, "the test's disk is broken");
    ++appends_;
    const Offset first(static_cast<std::int64_t>(records_.size()));
    records_.insert(records_.end(), records.begin(), records.end());
    return first;
  }

  Status Replay(const std::function<Status(Offset, std::span<const std::byte>)>& record) override {
    const std::vector<std::string> all = records();
    for (std::size_t i = 0; i < all.size(); ++i) {
      GNEISS_RETURN_IF_ERROR(record(Offset(static_cast<std::int64_t>(i)), AsBytes(all[i])));
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

  void FailAppends(bool failing) {
    const MutexLock lock(mutex_);
    failing_ = failing;
  }
  std::size_t appends() const {
    const MutexLock lock(mutex_);
    return appends_;
  }
  std::vector<std::string> records() const {
    const MutexLock lock(mutex_);
    return records_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::string> records_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> properties_ GUARDED_BY(mutex_);
  std::size_t appends_ GUARDED_BY(mutex_) = 0;
  bool failing_ GUARDED_BY(mutex_) = false;
};

}  // namespace gneiss::server::testing
