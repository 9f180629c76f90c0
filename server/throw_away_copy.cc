// SPDX-License-Identifier: Apache-2.0
#include "server/throw_away_copy.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <glog/logging.h>
#include <unistd.h>

#include "engine/snapshot/directory_copy.h"

namespace gneiss::server {
namespace {

namespace fs = std::filesystem;

fs::path ScratchFor(const fs::path& original, const std::string& wanted) {
  if (!wanted.empty()) return fs::absolute(wanted);
  const fs::path beside = original.parent_path();
  return ::access(beside.c_str(), W_OK) == 0 ? beside : fs::temp_directory_path();
}

}  // namespace

Result<std::unique_ptr<ThrowAwayCopy>> ThrowAwayCopy::Make(const std::string& from,
                                                           const std::string& scratch_dir) {
  std::error_code error;
  const fs::path original = fs::canonical(from, error);
  if (error) return Fail(Errc::kNotFound, "--from=" + from + ": " + error.message());
  const fs::path scratch = ScratchFor(original, scratch_dir);
  std::string root = scratch / "gneiss-run-XXXXXX";
  if (::mkdtemp(root.data()) == nullptr) {
    return Fail(Errc::kStorage, "cannot make a directory in " + scratch.string() + ": " +
                                    std::generic_category().message(errno));
  }
  std::unique_ptr<ThrowAwayCopy> copy(new ThrowAwayCopy(root));
  GNEISS_ASSIGN_OR_RETURN(
      const engine::SnapshotReport report,
      engine::CopyDataDirectories({.data_dirs = engine::WithSnapshotDataDirs({original}),
                                   .metadata_dir = original,
                                   .durability = engine::FileTransfer::Durability::kNone},
                                  copy->data_dir()));
  LOG(INFO) << "running on a throw-away copy from=" << original.string()
            << " data_dir=" << copy->data_dir().string()
            << " linked_bytes=" << report.files.linked_bytes
            << " copied_bytes=" << report.files.copied_bytes;
  return copy;
}

ThrowAwayCopy::~ThrowAwayCopy() {
  std::error_code error;
  fs::remove_all(root_, error);
  LOG_IF(WARNING, error) << "cannot remove path=" << root_.string() << " error=" << error.message();
}

}  // namespace gneiss::server
