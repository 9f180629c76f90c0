// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/log_files.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "engine/batch_properties.h"
#include "engine/format.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;
// Of a file with the cut of a clone, until its properties tell where its batches end.
constexpr Offset kBehindAll(std::numeric_limits<std::int64_t>::max() - 1);

std::string BareName(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

// What the listing alone tells. Without properties a file is never old enough.
Result<LogFile> FromListing(const rocksdb::SstFileMetaData& listed, int level) {
  LogFile file;
  file.name = BareName(listed.name);
  file.level = level;
  GNEISS_ASSIGN_OR_RETURN(file.min_offset, format::DecodeBatchKey(listed.smallestkey));
  file.max_offset = kBehindAll;
  if (listed.largestkey != format::kBatchKeysEnd) {
    GNEISS_ASSIGN_OR_RETURN(file.max_offset, format::DecodeBatchKey(listed.largestkey));
  }
  file.newest = std::numeric_limits<TimestampMs>::max();
  file.file_bytes = static_cast<std::int64_t>(listed.size);
  file.batch_bytes = file.file_bytes;
  return file;
}

void TakeProperties(const rocksdb::TableProperties& table, LogFile& file) {
  file.written_first = static_cast<TimestampMs>(table.creation_time) * kMsPerSecond;
  const std::optional<BatchProperties> batches = ReadBatchProperties(table);
  if (!batches) {
    if (file.max_offset == kBehindAll) file.max_offset = file.min_offset - 1;  // nothing but a cut
    return;
  }
  file.min_offset = batches->min_offset;
  file.max_offset = batches->max_offset;
  file.batch_bytes = batches->bytes;
  // Kafka takes the time of a segment's last write then. A merge follows the flush of its newest
  // part, so the time of the rewrite is nearly that.
  file.newest = batches->max_timestamp >= 0
                    ? batches->max_timestamp
                    : static_cast<TimestampMs>(table.file_creation_time) * kMsPerSecond;
}

// Reads the properties of `unknown`, in one call over the range of their keys.
Status ReadProperties(const Family& family, std::vector<LogFile*>& unknown) {
  if (unknown.empty()) return {};
  const auto [first, last] = std::ranges::minmax(unknown, {}, &LogFile::min_offset);
  const auto newest = std::ranges::max(unknown, {}, &LogFile::max_offset);
  const format::BatchKey from = format::EncodeBatchKey(first->min_offset);
  const format::BatchKey to =
      format::EncodeBatchKey(std::max(last->min_offset, newest->max_offset));
  const rocksdb::Range range({from.data(), from.size()}, {to.data(), to.size()});
  rocksdb::TablePropertiesCollection tables;
  GNEISS_RETURN_IF_ERROR(
      FromRocks(family.db().GetPropertiesOfTablesInRange(family.handle(), &range, 1, &tables),
                "read the file properties of " + family.name()));
  std::map<std::string, const rocksdb::TableProperties*> by_name;
  for (const auto& [path, table] : tables) by_name.emplace(BareName(path), table.get());
  for (LogFile* file : unknown) {
    if (const auto table = by_name.find(file->name); table != by_name.end()) {
      TakeProperties(*table->second, *file);
    }
  }
  return {};
}

}  // namespace

Result<bool> LogFiles::Refresh(const std::shared_ptr<const Family>& family) {
  std::uint64_t version = 0;
  family->db().GetIntProperty(family->handle(), rocksdb::DB::Properties::kCurrentSuperVersionNumber,
                              &version);
  const bool same_family = family_.lock() == family;
  if (same_family && version == version_) return false;

  std::map<std::string, LogFile> known;
  if (same_family) {
    for (LogFile& file : files_) known.emplace(file.name, std::move(file));
  }
  family_.reset();  // until all is read: a failure starts anew
  rocksdb::ColumnFamilyMetaData listing;
  family->db().GetColumnFamilyMetaData(family->handle(), &listing);
  files_.clear();
  std::vector<std::size_t> fresh;
  for (const rocksdb::LevelMetaData& level : listing.levels) {
    for (const rocksdb::SstFileMetaData& listed : level.files) {
      if (const auto at = known.find(BareName(listed.name)); at != known.end()) {
        files_.push_back(std::move(at->second));
        files_.back().level = level.level;
        continue;
      }
      GNEISS_ASSIGN_OR_RETURN(LogFile file, FromListing(listed, level.level));
      fresh.push_back(files_.size());
      files_.push_back(std::move(file));
    }
  }
  std::vector<LogFile*> unknown;
  for (const std::size_t index : fresh) unknown.push_back(&files_[index]);
  GNEISS_RETURN_IF_ERROR(ReadProperties(*family, unknown));
  std::erase_if(files_, [](const LogFile& file) { return file.max_offset < file.min_offset; });
  std::ranges::sort(files_, {}, &LogFile::min_offset);
  family_ = family;
  version_ = version;
  return true;
}

}  // namespace gneiss::engine
