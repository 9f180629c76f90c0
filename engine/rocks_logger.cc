// SPDX-License-Identifier: Apache-2.0
#include "engine/rocks_logger.h"

#include <glog/logging.h>

#include <cstdio>
#include <string_view>
#include <utility>

namespace gneiss::engine {
namespace {

constexpr int kVerbose = 1;
constexpr int kVeryVerbose = 2;

// Warnings that are no news: OPTIONS files, which we refuse ourselves (rocks_file_system.h),
// writers that wait for a flush, which is how a store under load paces them, and that deletions
// were held off twice, which a snapshot and RocksDB's own listing of the WAL within it do, and that
// an imported file (a clone's) has no unique id in the MANIFEST.
bool IsExpected(std::string_view line) {
  return line.find("ersist options") != line.npos || line.find("ing writes because") != line.npos ||
         line.find("File Deletions ") != line.npos ||
         line.find("without unique ID to verify") != line.npos;
}

}  // namespace

RocksLogger::RocksLogger(std::string name)
    : rocksdb::Logger(VLOG_IS_ON(kVerbose) ? rocksdb::InfoLogLevel::INFO_LEVEL
                                           : rocksdb::InfoLogLevel::WARN_LEVEL),
      name_(std::move(name)) {}

void RocksLogger::Logv(const rocksdb::InfoLogLevel level, const char* format, va_list args) {
  if (level < GetInfoLogLevel()) return;
  char line[1024];  // longer lines are cut
  std::vsnprintf(line, sizeof line, format, args);
  switch (level) {
    case rocksdb::InfoLogLevel::FATAL_LEVEL:
    case rocksdb::InfoLogLevel::ERROR_LEVEL:
      LOG(ERROR) << "rocksdb store=" << name_ << ' ' << line;
      break;
    case rocksdb::InfoLogLevel::WARN_LEVEL:
      if (!IsExpected(line)) {
        LOG(WARNING) << "rocksdb store=" << name_ << ' ' << line;
        break;
      }
      [[fallthrough]];
    default:
      VLOG(kVerbose) << "rocksdb store=" << name_ << ' ' << line;
      break;
  }
}

void RocksLogger::LogHeader(const char* format, va_list args) {
  if (VLOG_IS_ON(kVeryVerbose)) Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, args);
}

}  // namespace gneiss::engine
