// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/clone/clone_point.h"
#include "engine/engine_stats.h"
#include "engine/metadata_log.h"
#include "engine/partition_log.h"
#include "engine/snapshot/snapshot_report.h"
#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"

namespace gneiss::engine {

// Log compaction, as Kafka's log.cleaner.* settings say.
struct CleanerOptions {
  bool enabled = true;
  int threads = 1;
  std::size_t key_map_bytes = std::size_t{128} << 20;  // of all threads together
  double io_bytes_per_second = std::numeric_limits<double>::max();
  std::chrono::milliseconds backoff{15'000};  // between two looks when there is nothing to do
};

struct EngineOptions {
  std::vector<std::filesystem::path> data_dirs;  // at least one; stores live below each
  std::filesystem::path metadata_dir;            // holds `metadata/`; usually data_dirs[0]
  Clock* clock = &Clock::System();
  // With thousands of partitions memtables may grow further, up to the size of the WAL.
  std::size_t memtable_bytes_total = std::size_t{64} << 20;
  std::size_t wal_bytes_total = std::size_t{200} << 20;
  int background_threads = 2;  // of all stores together
  // Of each data directory's volume (engine/disk_guard.h): with less free space appends are
  // refused; what is kept for a full disk; how often it is looked at.
  std::uint64_t disk_free_bytes_min = std::uint64_t{512} << 20;
  std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;
  std::chrono::milliseconds disk_check_interval{1000};
  // How often it is written down where logs end: losses of that age are known by number.
  std::chrono::milliseconds log_end_interval{5000};
  // The costs of one column family grow with the families of its RocksDB.
  std::size_t partitions_per_store = 500;
  // How often every partition is looked at for what has expired (log.retention.check.interval.ms).
  std::chrono::milliseconds retention_check_interval{300'000};
  CleanerOptions cleaner;
};

// Engine is the facade that server/ talks to: the partitions' logs and the metadata log of one
// broker. One broker per data directory: a lock refuses the second with one sentence.
// Threads: any, except Open and Close.
class Engine {
 public:
  virtual ~Engine() = default;

  // Opens or creates everything below the data directories. A store that cannot be opened, and a
  // data directory that cannot be used while another one can, are reported and stay offline.
  // Errors are sentences for an operator: locked by another process, a newer format, no directory
  // that is writable, metadata that is damaged.
  static Result<std::unique_ptr<Engine>> Open(EngineOptions options);

  // Waits for what is enqueued, flushes the WAL, writes the clean-shutdown marks, closes.
  virtual Status Close() = 0;

  virtual MetadataLog& metadata_log() = 0;

  // The logs of partitions that metadata says exist, in the order given; created (their families
  // are made when the first batches come) when they are not there yet. The same object for the same
  // topic id. kStorage: the partition's store is offline. Blocks: may open further stores.
  struct PartitionToOpen {
    TopicPartition tp;
    Uuid topic_id;
    LogConfig config;
  };
  using OpenedPartition = Result<std::shared_ptr<PartitionLog>>;
  virtual std::vector<OpenedPartition> OpenPartitions(
      std::span<const PartitionToOpen> partitions) = 0;
  OpenedPartition OpenPartition(const TopicPartition& tp, const Uuid& topic_id,
                                const LogConfig& config) {
    const PartitionToOpen partition{tp, topic_id, config};
    return std::move(OpenPartitions({&partition, 1}).front());
  }

  // Drops a partition whose removal is on record in the metadata log. Its log refuses work at once
  // (kNotFound), wakes its watchers, and its space is given back in the background.
  virtual void DropPartition(const TopicPartition& tp, const Uuid& topic_id) = 0;

  // After metadata is replayed: drops families of topic ids for which `is_removed` says so and
  // reports every other family that no OpenPartition has claimed; those stay, offline. Clones that
  // were interrupted go as well, and so does the memory of where a partition without a family was.
  // What lies in a store that is offline is dropped at the first start with that store.
  virtual void DropRemoved(const std::function<bool(const Uuid&)>& is_removed) = 0;

  // Whether a store, be it offline, may still have something of this topic. Once a topic is deleted
  // and this has become false it stays so, also after a crash: nobody needs to know of the removal
  // any more.
  virtual bool MayHold(const Uuid& topic_id) const = 0;

  // Makes partitions that metadata does not have yet out of others, by hard links: engine/clone.
  // All or none; durable when it returns. What does not get into the metadata afterwards is dropped
  // by the DropRemoved of the next start. Blocks. Errors: kNotFound, kOutOfRange and
  // kInvalidArgument with a sentence for the client.
  virtual Status ClonePartitions(std::span<const PartitionToClone> clones) = 0;

  // Log compaction goes on by these settings; `enabled` stays what it was at the start. Not
  // together with Close.
  virtual void SetCleanerOptions(const CleanerOptions& options) = 0;

  virtual std::vector<LogDirUsage> LogDirs() const = 0;

  // Figures for people and for metrics, of at most `partitions_max` partitions. Lists directories
  // and may count a log's bytes: not for event loops.
  virtual EngineStats Stats(std::size_t partitions_max) const = 0;

  // A consistent cut of this broker, everything in it, in a directory of its own from which a
  // broker can start: by hard links, or by copying when `to` is on another volume. Writers wait for
  // milliseconds. `to` is absolute and does not exist or is empty. One at a time. Blocks; errors
  // are sentences for an operator.
  virtual Result<SnapshotReport> Snapshot(const std::filesystem::path& to) = 0;
};

}  // namespace gneiss::engine
