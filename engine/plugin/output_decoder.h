// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace gneiss::engine {

enum class RecordDetail {
  kNone,     // a line per batch
  kRecords,  // and a line per record
};

// OutputDecoder turns what RocksDB's tools print in hex into words, line by line: the pairs and
// keys of `scan`, `dump`, `idump`, `dump_wal` and `manifest_dump`, those of sst_dump, and the file
// properties of ours. Whatever it does not know stays as it is, so that a change of RocksDB's
// output costs words and hides nothing. Threads: any.
class OutputDecoder {
 public:
  explicit OutputDecoder(RecordDetail detail) : detail_(detail) {}

  // `line` without its line break. With kRecords the answer may have several lines.
  std::string Decode(std::string_view line) const;

 private:
  const RecordDetail detail_;
};

}  // namespace gneiss::engine
