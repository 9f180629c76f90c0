// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <string_view>
#include <vector>

#include "engine/format.h"
#include "protocol/base/result.h"

// How the tools come by a database of ours: a store, or the metadata.
namespace gneiss::engine {

// The database that `path` means. A store or the metadata is itself; in a data directory it is the
// store that holds `family`. kNotFound, in a sentence, if there is none.
Result<std::filesystem::path> FindStore(const std::filesystem::path& path, std::string_view family);

// Whose family `name` is, by the binding in the state family. Reads the store: kNotFound, kStorage.
Result<format::PartitionRef> FindPartition(const std::filesystem::path& store,
                                           std::string_view name);

// A data directory that a newer build wrote may be looked at, not changed: kUnsupportedVersion
// unless `command` of ldb only reads. Anything without a FORMAT file beside it is let through.
Status CheckCommand(const std::filesystem::path& database, std::string_view command);

// As the broker opens it, so that what the tools write is what the broker would have written; with
// fewer files open, and nothing is created.
struct ToolOptions {
  rocksdb::Options options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;  // all there are
};
ToolOptions OptionsFor(const std::filesystem::path& database);

}  // namespace gneiss::engine
