// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/file_rewrite.h"

#include <rocksdb/perf_context.h>

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "engine/rocks_status.h"

namespace gneiss::engine {

Result<RewriteResult> RewriteFiles(const std::shared_ptr<Family>& family,
                                   std::span<const LogFile> files, std::int64_t bytes_max) {
  const std::optional<FamilyClaim> claim = FamilyClaim::Try(family);
  if (!claim) return RewriteResult{};
  std::vector<std::string> names;
  for (const LogFile& file : files) names.push_back(file.name);
  rocksdb::CompactionOptions options;
  options.compression = rocksdb::kNoCompression;
  options.output_file_size_limit = static_cast<std::uint64_t>(bytes_max);
  // CompactFiles works on the calling thread, whose counter tells the blocks that were read.
  const std::uint64_t& bytes_read = rocksdb::get_perf_context()->block_read_byte;
  const std::uint64_t read_before = bytes_read;
  const int last_level = family->db().NumberLevels(family->handle()) - 1;
  std::vector<std::string> made;
  const rocksdb::Status status = family->db().CompactFiles(options, family->handle(), names,
                                                           last_level, /*output_path_id=*/-1, &made);
  // Aborted: a file is being compacted; InvalidArgument: it is not there any more.
  if (status.IsAborted() || status.IsInvalidArgument()) return RewriteResult{};
  GNEISS_RETURN_IF_ERROR(FromRocks(status, "rewrite files of " + family->name()));
  RewriteResult result{.done = true, .bytes_read = bytes_read - read_before};
  for (const std::string& path : made) {
    std::error_code gone;  // the next compaction may have taken it already
    const std::uintmax_t size = std::filesystem::file_size(path, gone);
    if (!gone) result.bytes_written += size;
  }
  return result;
}

}  // namespace gneiss::engine
