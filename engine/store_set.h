// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/data_directory.h"
#include "engine/disk_guard.h"
#include "engine/engine.h"
#include "engine/engine_stats.h"
#include "engine/format.h"
#include "engine/placement_table.h"
#include "engine/rocks_options.h"
#include "engine/store.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// One of EngineOptions::data_dirs; without a claim it is offline, for the reason given.
struct LogDirectory {
  std::filesystem::path path;
  std::unique_ptr<DataDirectory> claim;
  std::string cause;
};

// StoreSet holds the stores of all data directories, also those that could not be opened, and says
// in which of them a partition lies. Every store has its share of the budgets; there are as many as
// the partitions need.
//
// A partition that was placed stays where it is. When its store or its directory is offline, so is
// the partition: it never comes up empty elsewhere.
// Threads: any, except OpenExisting, Adopt and Close. Lock order: growth_mutex_, mutex_.
class StoreSet {
 public:
  // `directories` are those of `options`, in their order.
  StoreSet(const EngineOptions& options, std::vector<LogDirectory> directories,
           std::shared_ptr<rocksdb::FileSystem> file_system);

  // Opens the stores that are there, in parallel. What does not open is offline.
  void OpenExisting() EXCLUDES(mutex_);

  // Takes over what is placed where, finds out which stores are missing, opens the first stores if
  // need be, and reports what is offline. Called once, after OpenExisting; `placements` outlives
  // the stores. kStorage when the partitions of a damaged store cannot be told.
  Status Adopt(PlacementTable& placements) EXCLUDES(mutex_);

  struct Place {
    std::size_t directory = 0;  // into EngineOptions::data_dirs
    std::shared_ptr<Store> store;
  };
  // Where each partition lies; a new one goes to the store with the fewest in the directory with
  // the fewest. Opens stores when there are many new ones. kStorage: offline.
  std::vector<Result<Place>> Find(std::span<const format::PartitionRef> partitions)
      EXCLUDES(mutex_, growth_mutex_);

  // A new partition that has to lie in the store of another one, whose clone it is.
  void PlaceBeside(const format::PartitionRef& other, const format::PartitionRef& partition)
      EXCLUDES(mutex_);

  // Those that are online, oldest first.
  std::vector<std::shared_ptr<Store>> stores() const EXCLUDES(mutex_);
  // The same; kStorage, as a sentence, when one is offline.
  Result<std::vector<std::shared_ptr<Store>>> AllOnline() const EXCLUDES(mutex_);
  struct Placed {
    format::PartitionRef partition;
    std::shared_ptr<Store> store;  // null: offline
  };
  std::vector<Placed> Partitions() const EXCLUDES(mutex_);
  // Whether a partition of this topic is placed anywhere, in a store that is offline, too.
  bool HoldsAny(const Uuid& topic_id) const EXCLUDES(mutex_);
  // Lists directories.
  std::vector<StoreStats> Stats() const EXCLUDES(mutex_);

  bool IsOnline(std::size_t directory) const { return directories_[directory].claim != nullptr; }
  bool IsLowOnSpace(std::size_t directory) const {
    return disks_[directory] != nullptr && disks_[directory]->low();
  }

 private:
  // A store of one directory, which may be offline.
  struct Slot {
    std::size_t directory = 0;
    format::Placement id;
    std::filesystem::path path;
    std::shared_ptr<Store> store;  // null: offline
    std::string cause;             // why
    std::size_t partitions = 0;    // that are placed here, with a family or without one yet
  };

  std::unique_ptr<Slot> NewSlot(std::size_t directory, int number) const;
  void OpenSlots(const std::vector<std::unique_ptr<Slot>>& slots, const StoreBudget& budget);
  Slot& SlotOf(const format::Placement& id) REQUIRES(mutex_);
  Status CheckNamed() const REQUIRES(mutex_);
  Status AdoptFamilies() EXCLUDES(mutex_);
  bool AdoptFamily(const format::PartitionRef& ref, Slot& slot) REQUIRES(mutex_);
  void Assign(const format::PartitionRef& ref, Slot& slot) REQUIRES(mutex_);
  void ReportOffline() const EXCLUDES(mutex_);
  void MakeRoom(std::size_t partitions) REQUIRES(growth_mutex_) EXCLUDES(mutex_);
  std::vector<std::unique_ptr<Slot>> PlanStores(std::size_t partitions) const EXCLUDES(mutex_);
  StoreBudget BudgetOf(std::size_t stores, std::size_t partitions) const;
  void DivideBudgets(std::size_t coming) EXCLUDES(mutex_);
  Result<Place> FindOne(const format::PartitionRef& ref) REQUIRES(mutex_);
  Slot* Emptiest() REQUIRES(mutex_);
  void Forget(const format::PartitionRef& ref) EXCLUDES(mutex_);

  const EngineOptions& options_;
  const std::vector<LogDirectory> directories_;
  const std::shared_ptr<rocksdb::FileSystem> file_system_;
  std::vector<std::shared_ptr<DiskGuard>> disks_;  // one per directory that is online
  PlacementTable* placements_ = nullptr;           // set once, before any family is made

  Mutex growth_mutex_;  // one at a time makes stores
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Slot>> slots_ GUARDED_BY(mutex_);  // never shrinks
  std::map<format::PartitionRef, Slot*> placed_ GUARDED_BY(mutex_);
};

}  // namespace gneiss::engine
