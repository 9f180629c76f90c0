// SPDX-License-Identifier: Apache-2.0
#include "engine/rocks_engine.h"

#include <glog/logging.h>

#include <sys/resource.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/format.h"
#include "engine/snapshot/engine_snapshot.h"

namespace gneiss::engine {
namespace {

// Half of the descriptors that the process may have are for SSTs, the rest for sockets. The upper
// bound keeps the mappings of SSTs below the kernel's usual limit of 65530.
int OpenFilesMax() {
  constexpr rlim_t kMin = 128, kMax = 30'000;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMin;
  return static_cast<int>(std::clamp(limit.rlim_cur / 2, kMin, kMax));
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(EngineOptions options) {
  return RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
}

Result<std::unique_ptr<RocksEngine>> RocksEngine::Open(
    EngineOptions options, std::shared_ptr<rocksdb::FileSystem> file_system) {
  std::unique_ptr<RocksEngine> engine(new RocksEngine(std::move(options)));
  GNEISS_RETURN_IF_ERROR(engine->ClaimDirectories());
  // The metadata log opens beside the stores: most of either is waiting for the disk.
  Result<std::unique_ptr<RocksMetadataLog>> metadata_log;
  std::thread opener([&] {
    metadata_log = RocksMetadataLog::Open(
        engine->options_.metadata_dir / format::kMetadataDirectory, file_system);
  });
  Status stores = engine->OpenStores(file_system);
  opener.join();
  GNEISS_RETURN_IF_ERROR(stores);
  if (!metadata_log) return std::unexpected(std::move(metadata_log.error()));
  engine->metadata_log_ = std::move(*metadata_log);
  return engine;
}

RocksEngine::~RocksEngine() {
  const Status closed = CloseStores(Shutdown::kAbrupt);
  LOG_IF(ERROR, !closed) << "close of the engine failed error=" << closed.error().detail;
}

Status RocksEngine::ClaimDirectories() {
  if (options_.data_dirs.empty()) {
    return Fail(Errc::kInvalidArgument, "No data directory is given.");
  }
  std::set<std::filesystem::path> paths(options_.data_dirs.begin(), options_.data_dirs.end());
  if (paths.size() != options_.data_dirs.size()) {
    return Fail(Errc::kInvalidArgument, "A data directory is given twice.");
  }
  paths.insert(options_.metadata_dir);
  for (const std::filesystem::path& path : paths) {
    GNEISS_ASSIGN_OR_RETURN(auto directory, DataDirectory::Claim(path));
    directories_.push_back(std::move(directory));
  }
  return {};
}

Status RocksEngine::OpenStores(const std::shared_ptr<rocksdb::FileSystem>& file_system) {
  const std::size_t count = options_.data_dirs.size();
  rocksdb::Env::Default()->SetBackgroundThreads(options_.background_threads,
                                                rocksdb::Env::Priority::LOW);
  rocksdb::Env::Default()->SetBackgroundThreads(options_.background_threads,
                                                rocksdb::Env::Priority::HIGH);
  for (const std::filesystem::path& directory : options_.data_dirs) {
    StoreOptions store;
    store.path = directory / format::kStoreDirectory;
    store.budget.memtable_bytes = options_.memtable_bytes_total / count;
    store.budget.wal_bytes = options_.wal_bytes_total / count;
    store.budget.open_files_max = OpenFilesMax() / static_cast<int>(count);
    store.budget.background_threads = options_.background_threads;
    store.clock = options_.clock;
    store.file_system = file_system;
    store.disk = std::make_shared<DiskGuard>(
        DiskGuardOptions{.directory = directory,
                         .free_bytes_min = options_.disk_free_bytes_min,
                         .reserve_bytes = options_.disk_reserve_bytes,
                         .interval = options_.disk_check_interval,
                         .file_system = file_system});
    GNEISS_ASSIGN_OR_RETURN(std::shared_ptr<Store> opened, Store::Open(std::move(store)));
    stores_.push_back(std::move(opened));
  }
  return {};
}

Status RocksEngine::Close() { return CloseStores(Shutdown::kClean); }

Status RocksEngine::CloseStores(Shutdown how) {
  std::map<format::PartitionRef, std::shared_ptr<RocksPartitionLog>> logs;
  {
    MutexLock lock(mutex_);
    if (std::exchange(closed_, true)) return {};
    logs.swap(logs_);
  }
  if (how == Shutdown::kClean) {
    for (const auto& [ref, log] : logs) log->WriteCheckpoint([](const Status&) {});
  }
  Status result;
  for (const std::shared_ptr<Store>& store : stores_) {
    store->Stop();
    if (how == Shutdown::kAbrupt) continue;
    if (Status synced = store->Sync(); !synced && result) result = std::move(synced);
  }
  for (const auto& [ref, log] : logs) log->Close();
  for (const std::shared_ptr<Store>& store : stores_) store->Release();
  return result;
}

// Where the partition has its family; a new one goes where the fewest are.
std::size_t RocksEngine::PlaceOf(const format::PartitionRef& ref) const {
  if (stores_.size() == 1) return 0;  // the usual case, and counting takes time with many logs
  std::vector<std::size_t> counts(stores_.size());
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    if (stores_[i]->FindFamily(ref) != nullptr) return i;
  }
  for (const auto& [known, log] : logs_) {
    ++counts[static_cast<std::size_t>(log->log_dir_index())];
  }
  return static_cast<std::size_t>(std::ranges::min_element(counts) - counts.begin());
}

Result<std::shared_ptr<PartitionLog>> RocksEngine::OpenPartition(const TopicPartition& tp,
                                                                 const Uuid& topic_id,
                                                                 const LogConfig& config) {
  const format::PartitionRef ref{topic_id, tp.partition};
  MutexLock lock(mutex_);
  if (closed_) return Fail(Errc::kShuttingDown, "the engine is closed");
  if (const auto known = logs_.find(ref); known != logs_.end()) return known->second;
  const std::size_t place = PlaceOf(ref);
  GNEISS_ASSIGN_OR_RETURN(std::shared_ptr<RocksPartitionLog> log,
                          RocksPartitionLog::Open({.tp = tp,
                                                   .topic_id = topic_id,
                                                   .log_dir_index = static_cast<int>(place),
                                                   .store = stores_[place],
                                                   .clock = options_.clock},
                                                  config));
  logs_.emplace(ref, log);
  return log;
}

void RocksEngine::DropPartition(const TopicPartition& tp, const Uuid& topic_id) {
  std::shared_ptr<RocksPartitionLog> log;
  {
    MutexLock lock(mutex_);
    const auto known = logs_.find({topic_id, tp.partition});
    if (known == logs_.end()) return;
    log = std::move(known->second);
    logs_.erase(known);
  }
  log->Drop();
}

void RocksEngine::DropRemoved(const std::function<bool(const Uuid&)>& is_removed) {
  const auto removed = [&](const format::PartitionRef& ref) {
    MutexLock lock(mutex_);
    if (logs_.contains(ref)) return false;
    if (is_removed(ref.topic_id)) return true;
    LOG(WARNING) << "partition is not in the metadata and stays offline topic_id=" << ref.topic_id
                 << " partition=" << ref.partition;
    return false;
  };
  for (const std::shared_ptr<Store>& store : stores_) store->EraseIf(removed);
}

EngineStats RocksEngine::Stats(std::size_t partitions_max) const {
  EngineStats stats;
  for (const std::shared_ptr<Store>& store : stores_) stats.stores.push_back(store->Stats());
  std::vector<std::shared_ptr<RocksPartitionLog>> logs;
  {
    MutexLock lock(mutex_);
    for (const auto& [ref, log] : logs_) logs.push_back(log);
  }
  stats.partition_count = logs.size();
  std::ranges::sort(logs, {}, [](const auto& log) { return log->topic_partition(); });
  if (logs.size() > partitions_max) logs.resize(partitions_max);
  for (const auto& log : logs) {
    const LogOffsets offsets = log->offsets();
    stats.partitions.push_back({.tp = log->topic_partition(),
                                .log_start = offsets.log_start,
                                .high_watermark = offsets.high_watermark,
                                .size_bytes = log->size_bytes()});
  }
  return stats;
}

Result<SnapshotReport> RocksEngine::Snapshot(const std::filesystem::path& to) {
  if (snapshot_running_.exchange(true)) {
    return Fail(Errc::kAlreadyExists, "A snapshot is being taken already.");
  }
  const SnapshotSources sources{.data_dirs = options_.data_dirs,
                                .metadata = *metadata_log_,
                                .stores = [this] { return stores_; }};
  Result<SnapshotReport> report = TakeSnapshot(sources, to);
  snapshot_running_ = false;
  return report;
}

std::vector<LogDirUsage> RocksEngine::LogDirs() const {
  std::vector<LogDirUsage> usages;
  for (const std::filesystem::path& directory : options_.data_dirs) {
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space(directory, error);
    LogDirUsage usage{.path = directory.string(), .online = !error};
    if (!error) {
      usage.total_bytes = static_cast<std::int64_t>(space.capacity);
      usage.usable_bytes = static_cast<std::int64_t>(space.available);
    }
    usages.push_back(std::move(usage));
  }
  return usages;
}

}  // namespace gneiss::engine
