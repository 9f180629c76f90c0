// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <glog/logging.h>

#include "protocol/base/mutex.h"

namespace gneiss::server::testing {

// CapturedLog collects the warnings and errors that are logged while it lives, from any thread.
class CapturedLog : private google::LogSink {
 public:
  CapturedLog() { google::AddLogSink(this); }
  ~CapturedLog() override { google::RemoveLogSink(this); }

  std::vector<std::string> Lines() const {
    MutexLock lock(mutex_);
    return lines_;
  }
  int Count(std::string_view part) const {
    int count = 0;
    for (const std::string& line : Lines()) count += line.find(part) != std::string::npos ? 1 : 0;
    return count;
  }

 private:
  void send(google::LogSeverity severity, const char*, const char*, int,
            const google::LogMessageTime&, const char* message, std::size_t size) override {
    if (severity < google::GLOG_WARNING) return;
    MutexLock lock(mutex_);
    lines_.emplace_back(message, size);
  }

  mutable Mutex mutex_;
  std::vector<std::string> lines_ GUARDED_BY(mutex_);
};

}  // namespace gneiss::server::testing
