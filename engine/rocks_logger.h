// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/env.h>

#include <cstdarg>
#include <string>

namespace gneiss::engine {

// RocksLogger sends what RocksDB logs to glog: warnings and errors as such, the rest only with
// --v=1 or more. There is no LOG file in the stores. Threads: any.
class RocksLogger : public rocksdb::Logger {
 public:
  // `name` stands in front of each line: "store-00".
  explicit RocksLogger(std::string name);

  using rocksdb::Logger::Logv;
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list args) override;
  // The dump of all options at open, some hundred lines per family.
  void LogHeader(const char* format, va_list args) override;

 private:
  std::string name_;
};

}  // namespace gneiss::engine
