// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/repair.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <string_view>
#include <system_error>

#include "engine/repair/store_salvage.h"

namespace gneiss::engine {
namespace {

constexpr std::string_view kStorePrefix = "store-";
// Stands in the new store while it is being built: without it the directory is the old one.
constexpr char kUnfinished[] = "UNFINISHED";

std::string Reason() { return std::generic_category().message(errno); }

std::filesystem::path Beside(const std::filesystem::path& store, const std::string& suffix) {
  return store.parent_path() / (store.filename().string() + suffix);
}

// A name that is free.
std::filesystem::path AsideName(const std::filesystem::path& store) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  std::filesystem::path name;
  do {
    name = Beside(store, ".damaged-" + std::to_string(seconds++));
  } while (std::filesystem::exists(name));
  return name;
}

Status Move(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error) return Fail(Errc::kStorage, "rename " + from.string() + ": " + error.message());
  return {};
}

Status SyncDirectory(const std::filesystem::path& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && ::fsync(directory) == 0;
  const std::string reason = synced ? "" : Reason();
  if (directory >= 0) ::close(directory);
  if (!synced) return Fail(Errc::kStorage, "sync " + path.string() + ": " + reason);
  return {};
}

// What an interrupted repair has left: its unfinished work is thrown away; a store that was already
// exchanged is kept.
Status ClearWorkplace(const std::filesystem::path& store, const std::filesystem::path& work) {
  if (!std::filesystem::exists(work)) return {};
  if (!std::filesystem::exists(work / kUnfinished)) return Move(work, AsideName(store));
  std::error_code error;
  std::filesystem::remove_all(work, error);
  if (error) return Fail(Errc::kStorage, "remove " + work.string() + ": " + error.message());
  return {};
}

Status BeginWork(const std::filesystem::path& work) {
  std::error_code error;
  std::filesystem::create_directory(work, error);
  std::ofstream marker(work / kUnfinished);
  if (error || !marker) return Fail(Errc::kStorage, "cannot write to " + work.string());
  return {};
}

// In one step where the file system can do that.
Status Exchange(const std::filesystem::path& store, const std::filesystem::path& work,
                const std::filesystem::path& aside) {
  std::error_code error;
  std::filesystem::remove(work / kUnfinished, error);
  if (error) return Fail(Errc::kStorage, "finish " + work.string() + ": " + error.message());
  GNEISS_RETURN_IF_ERROR(SyncDirectory(work));
  if (::renameat2(AT_FDCWD, work.c_str(), AT_FDCWD, store.c_str(), RENAME_EXCHANGE) != 0) {
    const std::string reason = Reason();
    std::ofstream(work / kUnfinished).flush();  // so that it is not taken for the damaged one
    return Fail(Errc::kStorage, "exchange " + store.string() + ": " + reason);
  }
  GNEISS_RETURN_IF_ERROR(Move(work, aside));
  return SyncDirectory(store.parent_path());
}

Status Repair(const RepairOptions& options, const std::filesystem::path& work,
              RepairReport& report) {
  StoreSalvage salvage(options.store, work);
  GNEISS_ASSIGN_OR_RETURN(report.damaged, salvage.Check());
  if (!report.damaged) return {};
  GNEISS_RETURN_IF_ERROR(BeginWork(work));
  GNEISS_RETURN_IF_ERROR(salvage.Build(report));
  if (options.dry_run) return {};
  const std::filesystem::path aside = AsideName(options.store);
  GNEISS_RETURN_IF_ERROR(Exchange(options.store, work, aside));
  report.damaged_kept_at = aside;
  return {};
}

}  // namespace

Result<RepairReport> RepairStore(const RepairOptions& options) {
  if (!std::filesystem::is_directory(options.store)) {
    return Fail(Errc::kNotFound, "There is no store " + options.store.string() + ".");
  }
  const std::filesystem::path work = Beside(options.store, ".repair");
  GNEISS_RETURN_IF_ERROR(ClearWorkplace(options.store, work));
  RepairReport report;
  const Status repaired = Repair(options, work, report);
  GNEISS_RETURN_IF_ERROR(ClearWorkplace(options.store, work));
  GNEISS_RETURN_IF_ERROR(repaired);
  return report;
}

std::vector<std::filesystem::path> FindStores(const std::filesystem::path& data_dir) {
  std::vector<std::filesystem::path> stores;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir, error)) {
    const std::string name = entry.path().filename();
    const bool numbered = name.starts_with(kStorePrefix) && name.size() > kStorePrefix.size() &&
                          std::ranges::all_of(name.substr(kStorePrefix.size()), [](char c) {
                            return std::isdigit(static_cast<unsigned char>(c)) != 0;
                          });
    if (numbered && entry.is_directory()) stores.push_back(entry.path());
  }
  std::ranges::sort(stores);
  return stores;
}

}  // namespace gneiss::engine
