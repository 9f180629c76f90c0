// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/tool_store.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "engine/format.h"
#include "engine/housekeeping/log_filter.h"
#include "engine/rocks_options.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

namespace fs = std::filesystem;

constexpr int kOpenFilesMax = 256;  // leaves room for the directory handles of many families

// Commands of ldb that open a database read-only, or only read its files.
constexpr std::array<std::string_view, 16> kReading{"approxsize",
                                                    "checkconsistency",
                                                    "dump",
                                                    "dump_live_files",
                                                    "dump_wal",
                                                    "file_checksum_dump",
                                                    "get",
                                                    "get_property",
                                                    "idump",
                                                    "list_column_families",
                                                    "list_file_range_deletes",
                                                    "list_live_files_metadata",
                                                    "manifest_dump",
                                                    "multi_get",
                                                    "scan",
                                                    "verify_checksum"};

bool IsDatabase(const fs::path& path) { return fs::exists(path / "CURRENT"); }

std::vector<std::string> FamiliesOf(const fs::path& database) {
  std::vector<std::string> names;
  const rocksdb::Status listed =
      rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), database.string(), &names);
  return listed.ok() ? names : std::vector<std::string>();
}

}  // namespace

Result<fs::path> FindStore(const fs::path& path, std::string_view family) {
  if (IsDatabase(path) || !fs::exists(path / format::kFormatFile)) return path;
  std::error_code error;
  std::string names;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    if (!IsDatabase(entry.path())) continue;
    names += " " + entry.path().filename().string();
    if (family.empty() || family == format::kStateFamily) continue;
    if (std::ranges::count(FamiliesOf(entry.path()), family) > 0) return entry.path();
  }
  if (family.empty() || family == format::kStateFamily) {
    return Fail(Errc::kNotFound,
                path.string() + " is a data directory; --db may name one of:" + names);
  }
  return Fail(Errc::kNotFound, "no column family " + std::string(family) + " in" + names);
}

Result<format::PartitionRef> FindPartition(const fs::path& store, std::string_view name) {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  GNEISS_RETURN_IF_ERROR(FromRocks(
      rocksdb::DB::OpenForReadOnly(
          rocksdb::DBOptions(), store.string(),
          {{rocksdb::kDefaultColumnFamilyName, {}}, {format::kStateFamily, StateFamilyOptions()}},
          &handles, &opened),
      "open " + store.string()));
  std::string value;
  const rocksdb::Status status =
      opened->Get(rocksdb::ReadOptions(), handles.back(), format::BindingKey(name), &value);
  for (rocksdb::ColumnFamilyHandle* handle : handles) opened->DestroyColumnFamilyHandle(handle);
  delete opened;
  GNEISS_RETURN_IF_ERROR(FromRocks(status, "find the binding of " + std::string(name)));
  GNEISS_ASSIGN_OR_RETURN(const format::Binding binding, format::DecodeBinding(value));
  return binding.partition;
}

Status CheckCommand(const fs::path& database, std::string_view command) {
  std::ifstream file(fs::absolute(database).lexically_normal() / ".." / format::kFormatFile);
  if (!file) return {};
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const Result<int> written = format::ParseFormatFile(text);
  if (!written || *written <= format::kDirectoryFormat) return {};
  if (std::ranges::find(kReading, command) != kReading.end()) return {};
  return Fail(Errc::kUnsupportedVersion,
              "the data directory has format " + std::to_string(*written) + ", this build knows " +
                  std::to_string(format::kDirectoryFormat) + ": it is read-only here");
}

ToolOptions OptionsFor(const fs::path& database) {
  const std::vector<std::string> names = FamiliesOf(database);
  const bool store = std::ranges::count(names, format::kStateFamily) > 0;
  const StoreBudget budget{.open_files_max = kOpenFilesMax};
  rocksdb::ColumnFamilyOptions partition = PartitionFamilyOptions(budget);
  partition.compaction_filter_factory = std::make_shared<LogFilterFactory>();

  ToolOptions tool;
  tool.options = store ? rocksdb::Options(StoreDbOptions(budget), partition) : MetadataOptions();
  tool.options.create_if_missing = false;
  tool.options.create_missing_column_families = false;
  for (const std::string& name : names) {
    const bool state = store && name == format::kStateFamily;
    tool.families.emplace_back(
        name, state ? StateFamilyOptions() : rocksdb::ColumnFamilyOptions(tool.options));
  }
  return tool;
}

}  // namespace gneiss::engine
