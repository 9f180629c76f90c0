// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/options.h>

#include <string>
#include <vector>

#include "protocol/base/result.h"

namespace gneiss::engine {

// Families that share their options.
struct FamilyKind {
  rocksdb::ColumnFamilyOptions options;
  std::vector<std::string> names;
};

// The text of an OPTIONS file as RocksDB writes it, for stock tools. RocksDB's own way to write one
// holds up all writers for as long as it takes, 0.4 ms per family. `kinds` begins with that of the
// family "default".
Result<std::string> OptionsText(const rocksdb::DBOptions& options,
                                const std::vector<FamilyKind>& kinds);

}  // namespace gneiss::engine
