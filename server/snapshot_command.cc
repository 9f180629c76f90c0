// SPDX-License-Identifier: Apache-2.0
#include "server/snapshot_command.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/snapshot/directory_copy.h"
#include "server/http/control_client.h"
#include "server/http/pages.h"

namespace gneiss::server {

Result<std::string> TakeSnapshotOf(const BrokerConfig& config, const std::string& to) {
  // The broker's own working directory may be another one.
  std::string target = std::filesystem::absolute(to).lexically_normal().string();
  if (target.size() > 1 && target.ends_with('/')) target.pop_back();
  const std::filesystem::path metadata_dir =
      config.metadata_log_dir.value_or(config.log_dirs.front());
  Result<HttpResponse> answer =
      AskBroker(metadata_dir, "POST", "/snapshot?to=" + EncodeForQuery(target));
  if (answer && answer->status == 200) return std::move(answer->body);
  if (answer) return Fail(Errc::kStorage, "the broker refused: " + answer->body);
  if (answer.error().code != Errc::kNotFound) return std::unexpected(std::move(answer.error()));
  GNEISS_ASSIGN_OR_RETURN(
      const engine::SnapshotReport report,
      engine::CopyDataDirectories({.data_dirs = engine::WithSnapshotDataDirs(config.log_dirs),
                                   .metadata_dir = metadata_dir},
                                  target));
  return SnapshotJson(report);
}

}  // namespace gneiss::server
