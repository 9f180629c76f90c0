// SPDX-License-Identifier: Apache-2.0
#include "server/repair_command.h"

#include <filesystem>
#include <memory>
#include <ostream>
#include <system_error>
#include <vector>

#include "engine/data_directory.h"
#include "engine/format.h"
#include "engine/repair/repair.h"
#include "engine/snapshot/directory_copy.h"

namespace gneiss::server {
namespace {

void Print(const std::string& store, const engine::RepairReport& report, bool dry_run,
           std::ostream& out) {
  const std::string name = "store=" + store;
  if (!report.damaged) {
    out << name << " whole\n";
    return;
  }
  for (const engine::DamagedFile& file : report.files) {
    out << name << " damaged file=" << file.name << " family=" << file.partition << " damage=\""
        << file.damage << "\"\n";
  }
  std::int64_t records = 0;
  for (const engine::LostRange& range : report.lost) {
    records += range.to - range.from;
    out << name << " lost family=" << range.partition << " from_offset=" << range.from.value()
        << " to_offset=" << range.to.value() - 1 << " records_max=" << range.to - range.from
        << '\n';
  }
  for (const std::string& family : report.unowned) {
    out << name << " offline family=" << family << " because=\"its owner is not known\"\n";
  }
  out << name << (dry_run ? " would be repaired" : " repaired")
      << " batches_kept=" << report.batches_kept << " records_lost_max=" << records;
  if (!dry_run) out << " damaged_kept_at=" << report.damaged_kept_at.string();
  out << '\n';
}

}  // namespace

Status RepairStores(const BrokerConfig& config, const std::string& store, bool dry_run,
                    std::ostream& out) {
  bool found = false;
  for (const auto& directory : engine::WithSnapshotDataDirs(config.log_dirs)) {
    std::error_code error;  // before it is claimed: that would make it
    if (!std::filesystem::exists(directory / engine::format::kFormatFile, error)) {
      return Fail(Errc::kNotFound, directory.string() +
                                       " is not a data directory: it has no file " +
                                       engine::format::kFormatFile + ".");
    }
    GNEISS_ASSIGN_OR_RETURN(const auto claim, engine::DataDirectory::Claim(directory));
    for (const auto& path : engine::FindStores(directory)) {
      if (!store.empty() && path.filename() != store) continue;
      found = true;
      GNEISS_ASSIGN_OR_RETURN(const auto report,
                              engine::RepairStore({.store = path, .dry_run = dry_run}));
      Print(path.string(), report, dry_run, out);
    }
  }
  if (!found) {
    return Fail(Errc::kNotFound, store.empty()
                                     ? "There are no stores in the data directories."
                                     : "There is no store " + store + " in the data directories.");
  }
  return {};
}

}  // namespace gneiss::server
