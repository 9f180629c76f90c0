// SPDX-License-Identifier: Apache-2.0
#include "engine/store_set.h"

#include <glog/logging.h>

#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "engine/parallel.h"

namespace gneiss::engine {
namespace {

// A flush writes a file for each partition of a store. Memtables may grow to this much per
// partition before one is made, or it would cost more fsyncs than it frees memory.
constexpr std::size_t kMemtableBytesPerPartition = std::size_t{20} << 10;
// Opening waits for the disk more than it computes.
constexpr std::size_t kOpenersMin = 4;
// The directory of a placement that is none of ours.
constexpr std::size_t kNoDirectory = std::numeric_limits<std::size_t>::max();

std::size_t Cores() { return std::max(1u, std::thread::hardware_concurrency()); }

// Half of the descriptors that the process may have are for SSTs, the rest for sockets. The upper
// bound keeps the mappings of SSTs below the kernel's usual limit of 65530.
int OpenFilesMax() {
  constexpr rlim_t kMin = 128, kMax = 30'000;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMin;
  return static_cast<int>(std::clamp(limit.rlim_cur / 2, kMin, kMax));
}

}  // namespace

StoreSet::StoreSet(const EngineOptions& options, std::vector<LogDirectory> directories,
                   std::shared_ptr<rocksdb::FileSystem> file_system)
    : options_(options),
      directories_(std::move(directories)),
      file_system_(std::move(file_system)),
      disks_(directories_.size()) {
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (!IsOnline(i)) continue;
    disks_[i] =
        std::make_shared<DiskGuard>(DiskGuardOptions{.directory = directories_[i].path,
                                                     .free_bytes_min = options_.disk_free_bytes_min,
                                                     .reserve_bytes = options_.disk_reserve_bytes,
                                                     .interval = options_.disk_check_interval,
                                                     .file_system = file_system_});
  }
}

// ---- Opening ----

void StoreSet::OpenExisting() {
  std::vector<std::unique_ptr<Slot>> found;
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (!IsOnline(i)) continue;
    const DataDirectory& directory = *directories_[i].claim;
    for (const int number : directory.stores()) found.push_back(NewSlot(i, number));
  }
  OpenSlots(found, BudgetOf(found.size(), 0));
  MutexLock lock(mutex_);
  slots_ = std::move(found);
}

std::unique_ptr<StoreSet::Slot> StoreSet::NewSlot(std::size_t directory, int number) const {
  const DataDirectory& claim = *directories_[directory].claim;
  auto slot = std::make_unique<Slot>();
  slot->directory = directory;
  slot->id = {.directory_id = claim.id(), .store = number};
  slot->path = claim.StorePath(number);
  return slot;
}

void StoreSet::OpenSlots(const std::vector<std::unique_ptr<Slot>>& slots,
                         const StoreBudget& budget) {
  RunInParallel(slots.size(), std::max(kOpenersMin, Cores()), [&](std::size_t i) {
    Slot& slot = *slots[i];
    StoreOptions options;
    options.path = slot.path;
    options.budget = budget;
    options.clock = options_.clock;
    options.file_system = file_system_;
    options.disk = disks_[slot.directory];
    options.on_create = [this, id = slot.id](std::span<const format::PartitionRef> partitions) {
      return placements_->Record(partitions, id);
    };
    options.on_erased = [this](const format::PartitionRef& ref) { Forget(ref); };
    Result<std::shared_ptr<Store>> opened = Store::Open(std::move(options));
    if (opened) {
      slot.store = std::move(*opened);
    } else {
      slot.cause = std::move(opened.error().detail);
    }
  });
}

Status StoreSet::Adopt(PlacementTable& placements) {
  placements_ = &placements;
  {
    MutexLock lock(mutex_);
    GNEISS_RETURN_IF_ERROR(
        placements.Load([this](const format::PartitionRef& ref, const format::Placement& id)
                            REQUIRES(mutex_) { Assign(ref, SlotOf(id)); }));
    GNEISS_RETURN_IF_ERROR(CheckNamed());
  }
  GNEISS_RETURN_IF_ERROR(AdoptFamilies());
  for (const LogDirectory& directory : directories_) {
    if (directory.claim != nullptr) GNEISS_RETURN_IF_ERROR(directory.claim->RaiseFormat());
  }
  {
    MutexLock growth(growth_mutex_);
    MakeRoom(0);
  }
  DivideBudgets(0);
  ReportOffline();
  return {};
}

// The store that a placement names; when it was not found, one that is offline from now on.
StoreSet::Slot& StoreSet::SlotOf(const format::Placement& id) {
  for (const auto& slot : slots_) {
    if (slot->id == id) return *slot;
  }
  auto missing = std::make_unique<Slot>();
  missing->id = id;
  missing->directory = kNoDirectory;
  missing->path = format::StoreDirectory(id.store);
  missing->cause = "its data directory, of id " + id.directory_id.ToString() + ", is not there";
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (!IsOnline(i) || directories_[i].claim->id() != id.directory_id) continue;
    missing->directory = i;
    missing->path = directories_[i].claim->StorePath(id.store);
    missing->cause = "it is not there, or its CURRENT file is missing";
  }
  return *slots_.emplace_back(std::move(missing));
}

// Before placements were kept, only the store itself knew its partitions.
Status StoreSet::CheckNamed() const {
  for (const auto& slot : slots_) {
    if (slot->store != nullptr || slot->partitions != 0 || slot->directory == kNoDirectory)
      continue;
    if (directories_[slot->directory].claim->format() >= format::kFirstFormatWithPlacements) {
      continue;
    }
    return Fail(
        Errc::kStorage,
        "The store " + slot->path.string() +
            " cannot be opened, and which partitions it holds is not known outside of it: " +
            slot->cause);
  }
  return {};
}

// Families without a placement are of a directory of format 1, or of one that lost its id.
Status StoreSet::AdoptFamilies() {
  std::vector<std::pair<format::Placement, std::vector<format::PartitionRef>>> found;
  {
    MutexLock lock(mutex_);
    for (const auto& slot : slots_) {
      if (slot->store == nullptr) continue;
      std::vector<format::PartitionRef> adopted;
      for (const format::PartitionRef& ref : slot->store->Partitions()) {
        if (AdoptFamily(ref, *slot)) adopted.push_back(ref);
      }
      if (!adopted.empty()) found.emplace_back(slot->id, std::move(adopted));
    }
  }
  for (const auto& [id, partitions] : found) {
    GNEISS_RETURN_IF_ERROR(placements_->Record(partitions, id));
  }
  return {};
}

// True when the placement is to be written.
bool StoreSet::AdoptFamily(const format::PartitionRef& ref, Slot& slot) {
  const auto placed = placed_.find(ref);
  if (placed != placed_.end() && placed->second == &slot) return false;
  if (placed != placed_.end() && placed->second->directory != kNoDirectory) {
    LOG(ERROR) << "family is not used: its partition is placed elsewhere store="
               << slot.path.string() << " topic_id=" << ref.topic_id
               << " partition=" << ref.partition << " placed_in=" << placed->second->path.string();
    return false;
  }
  if (placed != placed_.end()) --placed->second->partitions;
  placed_.erase(ref);
  Assign(ref, slot);
  return true;
}

void StoreSet::Assign(const format::PartitionRef& ref, Slot& slot) {
  if (placed_.emplace(ref, &slot).second) ++slot.partitions;
}

void StoreSet::ReportOffline() const {
  MutexLock lock(mutex_);
  for (const auto& slot : slots_) {
    if (slot->store != nullptr) continue;
    LOG(ERROR) << "store is offline, the others are served store=" << slot->path.string()
               << " partitions=" << slot->partitions << " cause=\"" << slot->cause
               << "\" remedy=\"stop the broker, bring the directory back or run gneiss repair\"";
  }
}

// ---- Growth ----

// Opens what so many more partitions need. Without it they go where there is a store already.
void StoreSet::MakeRoom(std::size_t partitions) {
  std::vector<std::unique_ptr<Slot>> planned = PlanStores(partitions);
  if (planned.empty()) return;
  const std::size_t stores_then = stores().size() + planned.size();
  OpenSlots(planned, BudgetOf(stores_then, partitions));
  {
    MutexLock lock(mutex_);
    for (std::unique_ptr<Slot>& slot : planned) {
      if (slot->store == nullptr) {
        LOG(ERROR) << "no further store can be made store=" << slot->path.string()
                   << " error=" << slot->cause;
        continue;
      }
      slots_.push_back(std::move(slot));
    }
  }
  DivideBudgets(partitions);
}

// The stores that are to be made before so many more partitions are placed.
std::vector<std::unique_ptr<StoreSet::Slot>> StoreSet::PlanStores(std::size_t partitions) const {
  MutexLock lock(mutex_);
  std::map<std::size_t, std::size_t> in_directory;
  std::set<format::Placement> taken;
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (IsOnline(i)) in_directory[i] = 0;
  }
  std::size_t stores = 0;
  for (const auto& slot : slots_) {
    taken.insert(slot->id);
    if (slot->store == nullptr) continue;
    ++stores;
    ++in_directory[slot->directory];
    partitions += slot->partitions;
  }
  std::vector<std::unique_ptr<Slot>> planned;
  const std::size_t wanted =
      std::max({Cores() / 2, std::size_t{1},
                (partitions + options_.partitions_per_store - 1) / options_.partitions_per_store});
  while (!in_directory.empty()) {
    const auto fewest =
        std::ranges::min_element(in_directory, {}, [](auto& e) { return e.second; });
    if (stores >= wanted && fewest->second > 0) break;
    int number = 0;
    const Uuid& directory_id = directories_[fewest->first].claim->id();
    while (!taken.insert({directory_id, number}).second) ++number;
    planned.push_back(NewSlot(fewest->first, number));
    ++fewest->second;
    ++stores;
  }
  return planned;
}

StoreBudget StoreSet::BudgetOf(std::size_t stores, std::size_t partitions) const {
  stores = std::max(stores, std::size_t{1});
  const std::size_t for_partitions = partitions * kMemtableBytesPerPartition;
  StoreBudget budget;
  budget.memtable_bytes = std::max(options_.memtable_bytes_total, for_partitions) / stores;
  budget.wal_bytes = options_.wal_bytes_total / stores;
  budget.family_buffer_bytes = options_.memtable_bytes_total / 4;
  budget.open_files_max = OpenFilesMax() / static_cast<int>(stores);
  budget.background_threads = options_.background_threads;
  return budget;
}

// For what is placed and `coming` partitions that are about to be.
void StoreSet::DivideBudgets(std::size_t coming) {
  std::size_t partitions = coming;
  {
    MutexLock lock(mutex_);
    partitions += placed_.size();
  }
  const std::vector<std::shared_ptr<Store>> online = stores();
  const StoreBudget budget = BudgetOf(online.size(), partitions);
  for (const std::shared_ptr<Store>& store : online) store->SetBudget(budget);
}

// ---- Placement ----

std::vector<Result<StoreSet::Place>> StoreSet::Find(
    std::span<const format::PartitionRef> partitions) {
  MutexLock growth(growth_mutex_);
  std::size_t fresh = 0;
  {
    MutexLock lock(mutex_);
    for (const format::PartitionRef& ref : partitions) fresh += placed_.contains(ref) ? 0 : 1;
  }
  if (fresh != 0) MakeRoom(fresh);
  std::vector<Result<Place>> places;
  places.reserve(partitions.size());
  MutexLock lock(mutex_);
  for (const format::PartitionRef& ref : partitions) places.push_back(FindOne(ref));
  return places;
}

Result<StoreSet::Place> StoreSet::FindOne(const format::PartitionRef& ref) {
  const auto placed = placed_.find(ref);
  Slot* const slot = placed != placed_.end() ? placed->second : Emptiest();
  if (slot == nullptr) return Fail(Errc::kStorage, "no store is online");
  if (slot->store == nullptr) {
    return Fail(Errc::kStorage, slot->path.string() + " is offline: " + slot->cause);
  }
  Assign(ref, *slot);
  return Place{slot->directory, slot->store};
}

void StoreSet::PlaceBeside(const format::PartitionRef& other,
                           const format::PartitionRef& partition) {
  MutexLock lock(mutex_);
  const auto placed = placed_.find(other);
  if (placed != placed_.end()) Assign(partition, *placed->second);
}

StoreSet::Slot* StoreSet::Emptiest() {
  std::map<std::size_t, std::size_t> in_directory;
  for (const auto& slot : slots_) {
    if (slot->store != nullptr) in_directory[slot->directory] += slot->partitions;
  }
  const auto load = [&](const std::unique_ptr<Slot>& slot) {
    if (slot->store == nullptr) return std::tuple(2, std::size_t{0}, std::size_t{0});
    // One that refuses writes is taken only when all do.
    const int refuses = slot->store->committer().health() ? 0 : 1;
    return std::tuple(refuses, in_directory[slot->directory], slot->partitions);
  };
  const auto emptiest = std::ranges::min_element(slots_, {}, load);
  return emptiest == slots_.end() || (*emptiest)->store == nullptr ? nullptr : emptiest->get();
}

// On record first: as long as the placement may be there, so must be the removal of its topic, for
// which HoldsAny is asked.
void StoreSet::Forget(const format::PartitionRef& ref) {
  if (const Status erased = placements_->Erase(ref); !erased) {
    LOG(WARNING) << "placement stays until the next start topic_id=" << ref.topic_id
                 << " partition=" << ref.partition << " error=" << erased.error().detail;
    return;
  }
  MutexLock lock(mutex_);
  const auto placed = placed_.find(ref);
  if (placed == placed_.end()) return;
  --placed->second->partitions;
  placed_.erase(placed);
}

// ---- What there is ----

std::vector<std::shared_ptr<Store>> StoreSet::stores() const {
  std::vector<std::shared_ptr<Store>> online;
  MutexLock lock(mutex_);
  for (const auto& slot : slots_) {
    if (slot->store != nullptr) online.push_back(slot->store);
  }
  return online;
}

Result<std::vector<std::shared_ptr<Store>>> StoreSet::AllOnline() const {
  MutexLock lock(mutex_);
  for (const auto& slot : slots_) {
    if (slot->store != nullptr) continue;
    return Fail(Errc::kStorage, "The store " + slot->path.string() + " is offline.");
  }
  std::vector<std::shared_ptr<Store>> all;
  for (const auto& slot : slots_) all.push_back(slot->store);
  return all;
}

std::vector<StoreSet::Placed> StoreSet::Partitions() const {
  std::vector<Placed> partitions;
  MutexLock lock(mutex_);
  for (const auto& [ref, slot] : placed_) partitions.push_back({ref, slot->store});
  return partitions;
}

bool StoreSet::HoldsAny(const Uuid& topic_id) const {
  MutexLock lock(mutex_);
  const auto first = placed_.lower_bound({topic_id, PartitionId(0)});
  return first != placed_.end() && first->first.topic_id == topic_id;
}

std::vector<StoreStats> StoreSet::Stats() const {
  std::vector<StoreStats> stats;
  std::vector<std::shared_ptr<Store>> stores;
  {
    MutexLock lock(mutex_);
    for (const auto& slot : slots_) {
      stats.push_back({.path = slot->path.string(),
                       .health = StoreHealth::kOffline,
                       .partitions = slot->partitions});
      stores.push_back(slot->store);
    }
  }
  for (std::size_t i = 0; i < stores.size(); ++i) {
    if (stores[i] == nullptr) continue;
    const std::uint64_t partitions = stats[i].partitions;
    stats[i] = stores[i]->Stats();
    stats[i].partitions = partitions;
  }
  return stats;
}

}  // namespace gneiss::engine
