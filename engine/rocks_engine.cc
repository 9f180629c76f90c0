// SPDX-License-Identifier: Apache-2.0
#include "engine/rocks_engine.h"

#include <glog/logging.h>

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/clone/partition_cloner.h"
#include "engine/fault_point.h"
#include "engine/format.h"
#include "engine/parallel.h"
#include "engine/snapshot/engine_snapshot.h"

namespace gneiss::engine {
namespace {

// Reading the state of a partition is a few lookups, and computes more than it waits.
constexpr std::size_t kLogsPerOpener = 200;
// Closing waits for fsyncs.
constexpr std::size_t kClosers = 8;

// What makes a data directory unusable without a mistake of the operator: others can be served.
bool MayBeOffline(Errc code) { return code == Errc::kStorage; }

// What `gneiss repair` has left for people to look at and remove (engine/repair).
std::uint64_t CountDamagedStores(const std::vector<std::filesystem::path>& data_dirs) {
  std::uint64_t count = 0;
  for (const std::filesystem::path& directory : data_dirs) {
    std::error_code error;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
      if (it->path().filename().string().find(".damaged-") != std::string::npos) ++count;
    }
  }
  return count;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(EngineOptions options) {
  return RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
}

Result<std::unique_ptr<RocksEngine>> RocksEngine::Open(
    EngineOptions options, std::shared_ptr<rocksdb::FileSystem> file_system) {
  std::unique_ptr<RocksEngine> engine(new RocksEngine(std::move(options)));
  for (const auto priority : {rocksdb::Env::Priority::LOW, rocksdb::Env::Priority::HIGH}) {
    rocksdb::Env::Default()->SetBackgroundThreads(engine->options_.background_threads, priority);
  }
  GNEISS_ASSIGN_OR_RETURN(auto directories, engine->ClaimDirectories());
  engine->stores_ =
      std::make_unique<StoreSet>(engine->options_, std::move(directories), file_system);
  // The metadata log opens beside the stores: most of either is waiting for the disk.
  Result<std::unique_ptr<RocksMetadataLog>> metadata_log;
  std::thread opener([&] {
    metadata_log = RocksMetadataLog::Open(
        engine->options_.metadata_dir / format::kMetadataDirectory, file_system);
  });
  engine->stores_->OpenExisting();
  opener.join();
  if (!metadata_log) return std::unexpected(std::move(metadata_log.error()));
  engine->metadata_log_ = std::move(*metadata_log);
  engine->placements_ = std::make_unique<PlacementTable>(*engine->metadata_log_);
  GNEISS_RETURN_IF_ERROR(engine->stores_->Adopt(*engine->placements_));
  if (engine->metadata_directory_ != nullptr) {
    GNEISS_RETURN_IF_ERROR(engine->metadata_directory_->RaiseFormat());
  }
  engine->housekeeper_ = std::make_unique<Housekeeper>(
      Housekeeper::Options{.clock = engine->options_.clock,
                           .check_interval = engine->options_.retention_check_interval});
  engine->log_ends_ =
      std::make_unique<LogEndRecord>(*engine->metadata_log_, engine->options_.log_end_interval);
  GNEISS_RETURN_IF_ERROR(engine->log_ends_->Load());
  if (engine->options_.cleaner.enabled) {
    engine->cleaner_ =
        std::make_unique<CleanerPool>(engine->options_.cleaner, *engine->options_.clock,
                                      [self = engine.get()] { return self->Logs(); });
  }
  return engine;
}

std::vector<std::shared_ptr<RocksPartitionLog>> RocksEngine::Logs() const {
  std::vector<std::shared_ptr<RocksPartitionLog>> logs;
  MutexLock lock(mutex_);
  logs.reserve(logs_.size());
  for (const auto& [ref, log] : logs_) logs.push_back(log);
  return logs;
}

RocksEngine::~RocksEngine() {
  const Status closed = CloseStores(Shutdown::kAbrupt);
  LOG_IF(ERROR, !closed) << "close of the engine failed error=" << closed.error().detail;
}

Result<std::vector<LogDirectory>> RocksEngine::ClaimDirectories() {
  if (options_.data_dirs.empty()) {
    return Fail(Errc::kInvalidArgument, "No data directory is given.");
  }
  const std::set<std::filesystem::path> paths(options_.data_dirs.begin(), options_.data_dirs.end());
  if (paths.size() != options_.data_dirs.size()) {
    return Fail(Errc::kInvalidArgument, "A data directory is given twice.");
  }
  if (!paths.contains(options_.metadata_dir)) {
    GNEISS_ASSIGN_OR_RETURN(metadata_directory_, DataDirectory::Claim(options_.metadata_dir));
  }
  std::vector<LogDirectory> directories;
  std::optional<Error> failure;
  for (const std::filesystem::path& path : options_.data_dirs) {
    LogDirectory& directory = directories.emplace_back();
    directory.path = path;
    auto claim = DataDirectory::Claim(path);
    if (claim) {
      directory.claim = std::move(*claim);
      continue;
    }
    failure = claim.error();
    if (!MayBeOffline(failure->code) || path == options_.metadata_dir) {
      return std::unexpected(std::move(*failure));
    }
    LOG(ERROR) << "data directory is offline, the others are served path=" << path.string()
               << " cause=\"" << failure->detail << "\"";
  }
  if (std::ranges::none_of(directories, [](const auto& d) { return d.claim != nullptr; })) {
    return std::unexpected(std::move(*failure));
  }
  return directories;
}

void RocksEngine::SetCleanerOptions(const CleanerOptions& options) {
  if (cleaner_ != nullptr) cleaner_->SetOptions(options);
}

Status RocksEngine::Close() { return CloseStores(Shutdown::kClean); }

Status RocksEngine::CloseStores(Shutdown how) {
  if (cleaner_ != nullptr) cleaner_->Stop();
  std::map<format::PartitionRef, std::shared_ptr<RocksPartitionLog>> logs;
  {
    MutexLock lock(mutex_);
    if (std::exchange(closed_, true) || stores_ == nullptr) return {};
    logs.swap(logs_);
  }
  if (housekeeper_ != nullptr) housekeeper_->Stop();
  if (log_ends_ != nullptr) log_ends_->Stop();
  if (how == Shutdown::kClean) {
    for (const auto& [ref, log] : logs) log->WriteCheckpoint([](const Status&) {});
  }
  const std::vector<std::shared_ptr<Store>> stores = stores_->stores();
  std::vector<Status> synced(stores.size());
  RunInParallel(stores.size(), kClosers, [&](std::size_t i) {
    stores[i]->Stop();
    if (how == Shutdown::kClean) synced[i] = stores[i]->Sync();
  });
  for (const auto& [ref, log] : logs) log->Close();
  RunInParallel(stores.size(), kClosers, [&](std::size_t i) { stores[i]->Release(); });
  for (Status& status : synced) GNEISS_RETURN_IF_ERROR(std::move(status));
  return {};
}

std::vector<Engine::OpenedPartition> RocksEngine::OpenPartitions(
    std::span<const PartitionToOpen> partitions) {
  std::vector<OpenedPartition> opened(partitions.size());
  MutexLock lock(mutex_);
  std::vector<std::size_t> fresh;
  std::vector<format::PartitionRef> refs;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const format::PartitionRef ref{partitions[i].topic_id, partitions[i].tp.partition};
    if (const auto known = logs_.find(ref); known != logs_.end()) {
      opened[i] = known->second;
    } else if (closed_) {
      opened[i] = Fail(Errc::kShuttingDown, "the engine is closed");
    } else {
      fresh.push_back(i);
      refs.push_back(ref);
    }
  }
  if (fresh.empty()) return opened;
  const std::vector<Result<StoreSet::Place>> places = stores_->Find(refs);
  std::vector<std::shared_ptr<RocksPartitionLog>> logs(fresh.size());
  RunInParallel(fresh.size(), fresh.size() / kLogsPerOpener + 1, [&](std::size_t i) {
    opened[fresh[i]] = OpenLog(partitions[fresh[i]], places[i], logs[i]);
  });
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (logs[i] == nullptr) continue;
    const std::int64_t lost = logs[i]->records_lost_at_open();
    records_lost_ += static_cast<std::uint64_t>(lost);
    if (lost > 0) ++partitions_with_losses_;
    housekeeper_->Add(logs[i]);
    log_ends_->Add(logs[i]);
    logs_.emplace(refs[i], std::move(logs[i]));
  }
  return opened;
}

Engine::OpenedPartition RocksEngine::OpenLog(const PartitionToOpen& partition,
                                             const Result<StoreSet::Place>& place,
                                             std::shared_ptr<RocksPartitionLog>& log) const {
  if (!place) return std::unexpected(place.error());
  GNEISS_ASSIGN_OR_RETURN(
      log, RocksPartitionLog::Open(
               {.tp = partition.tp,
                .topic_id = partition.topic_id,
                .log_dir_index = static_cast<int>(place->directory),
                .store = place->store,
                .ended_at = log_ends_->EndOf({partition.topic_id, partition.tp.partition}),
                .clock = options_.clock,
                .attention = housekeeper_->attention()},
               partition.config));
  return log;
}

void RocksEngine::DropPartition(const TopicPartition& tp, const Uuid& topic_id) {
  const format::PartitionRef ref{topic_id, tp.partition};
  std::shared_ptr<RocksPartitionLog> log;
  {
    MutexLock lock(mutex_);
    if (const auto known = logs_.find(ref); known != logs_.end()) {
      log = std::move(known->second);
      logs_.erase(known);
    }
  }
  // What was not open, its store being offline, is erased when the store is back (DropRemoved).
  if (log != nullptr) log->Drop();
  log_ends_->Forget(ref);
}

Status RocksEngine::ClonePartitions(std::span<const PartitionToClone> clones) {
  std::vector<std::pair<std::shared_ptr<Store>, format::PartitionRef>> begun;
  Status cloned;
  for (std::size_t i = 0; i < clones.size() && cloned; ++i) {
    const PartitionToClone& clone = clones[i];
    const format::PartitionRef source{clone.source_id, clone.source.partition};
    const format::PartitionRef target{clone.target_id, clone.target.partition};
    const std::shared_ptr<RocksPartitionLog> log = FindLog(source);
    const std::shared_ptr<Store> store = log == nullptr ? nullptr : log->store().lock();
    if (store == nullptr) {
      cloned = Fail(Errc::kNotFound, clone.source.ToString() + " is not served here.");
      break;
    }
    // In the store of its source: files cannot be linked into another database.
    stores_->PlaceBeside(source, target);
    begun.emplace_back(store, target);
    cloned = ClonePartition(*store, *log, clone);
  }
  if (cloned) {
    GNEISS_FAULT_POINT("clone.before_record");
    return {};
  }
  GNEISS_FAULT_POINT("clone.before_undo");
  for (const auto& [store, ref] : begun) store->Erase(ref);
  return cloned;
}

std::shared_ptr<RocksPartitionLog> RocksEngine::FindLog(const format::PartitionRef& ref) const {
  MutexLock lock(mutex_);
  const auto known = logs_.find(ref);
  return closed_ || known == logs_.end() ? nullptr : known->second;
}

// The metadata is complete by now, and has not heard of them.
std::set<format::PartitionRef> RocksEngine::DropInterruptedClones() {
  std::set<format::PartitionRef> dropped;
  for (const std::shared_ptr<Store>& store : stores_->stores()) {
    for (const format::PartitionRef& ref : store->clones().List()) {
      LOG(INFO) << "dropping a clone that was interrupted topic_id=" << ref.topic_id
                << " partition=" << ref.partition;
      GNEISS_FAULT_POINT("clone.before_drop");
      store->Erase(ref);
      dropped.insert(ref);
    }
  }
  return dropped;
}

void RocksEngine::DropRemoved(const std::function<bool(const Uuid&)>& is_removed) {
  const std::set<format::PartitionRef> clones = DropInterruptedClones();
  for (const StoreSet::Placed& placed : stores_->Partitions()) {
    const format::PartitionRef& ref = placed.partition;
    if (placed.store == nullptr || clones.contains(ref)) continue;
    {
      MutexLock lock(mutex_);
      if (logs_.contains(ref)) continue;
    }
    // Without a family nothing is left of it but where it was: a clone's removal was interrupted at
    // its very end.
    if (is_removed(ref.topic_id) || placed.store->FindFamily(ref) == nullptr) {
      placed.store->Erase(ref);
    } else {
      LOG(WARNING) << "partition is not in the metadata and stays offline topic_id=" << ref.topic_id
                   << " partition=" << ref.partition;
    }
  }
}

bool RocksEngine::MayHold(const Uuid& topic_id) const { return stores_->HoldsAny(topic_id); }

EngineStats RocksEngine::Stats(std::size_t partitions_max) const {
  EngineStats stats;
  stats.directories = LogDirs();
  stats.damaged_stores_kept = CountDamagedStores(options_.data_dirs);
  stats.stores = stores_->Stats();
  {
    MutexLock lock(mutex_);
    stats.snapshots = snapshots_;
    stats.records_lost = records_lost_;
    stats.partitions_with_losses = partitions_with_losses_;
  }
  stats.housekeeping = housekeeper_->stats();
  if (cleaner_ != nullptr) stats.cleaner = cleaner_->stats();
  std::vector<std::shared_ptr<RocksPartitionLog>> logs = Logs();
  stats.partition_count = logs.size();
  std::ranges::sort(logs, {}, [](const auto& log) { return log->topic_partition(); });
  if (logs.size() > partitions_max) logs.resize(partitions_max);
  for (const auto& log : logs) {
    const LogOffsets offsets = log->offsets();
    stats.partitions.push_back({.tp = log->topic_partition(),
                                .log_start = offsets.log_start,
                                .high_watermark = offsets.high_watermark,
                                .size_bytes = log->size_bytes(),
                                .retention = log->retention_status(),
                                .cleaning = cleaner_ ? cleaner_->StatusOf(*log) : std::nullopt});
  }
  return stats;
}

Result<SnapshotReport> RocksEngine::Snapshot(const std::filesystem::path& to) {
  if (snapshot_running_.exchange(true)) {
    return Fail(Errc::kAlreadyExists, "A snapshot is being taken already.");
  }
  const SnapshotSources sources{.data_dirs = options_.data_dirs,
                                .metadata = *metadata_log_,
                                .stores = [this] { return stores_->AllOnline(); }};
  Result<SnapshotReport> report = TakeSnapshot(sources, to);
  {
    MutexLock lock(mutex_);
    ++(report ? snapshots_.taken : snapshots_.failed);
    if (report) {
      snapshots_.last_taken_ms = options_.clock->WallMs();
      snapshots_.last_pause_us = static_cast<std::uint64_t>(report->pause.count());
      snapshots_.last_duration_us = static_cast<std::uint64_t>(report->duration.count());
    }
  }
  snapshot_running_ = false;
  return report;
}

std::vector<LogDirUsage> RocksEngine::LogDirs() const {
  std::vector<LogDirUsage> usages;
  for (std::size_t i = 0; i < options_.data_dirs.size(); ++i) {
    const std::filesystem::path& directory = options_.data_dirs[i];
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space(directory, error);
    LogDirUsage usage{.path = directory.string(),
                      .online = !error && stores_->IsOnline(i),
                      .low_on_space = stores_->IsLowOnSpace(i)};
    if (!error) {
      usage.total_bytes = static_cast<std::int64_t>(space.capacity);
      usage.usable_bytes = static_cast<std::int64_t>(space.available);
    }
    usages.push_back(std::move(usage));
  }
  return usages;
}

}  // namespace gneiss::engine
