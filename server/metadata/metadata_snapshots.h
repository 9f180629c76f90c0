// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <thread>
#include <unordered_set>
#include <vector>

#include "engine/metadata_log.h"
#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"
#include "server/metadata/metadata_image.h"

namespace gneiss::server {

// MetadataSnapshots writes snapshots of the image into the metadata log, on a thread of its own, so
// that the log and a start do not grow with history.
//
// It also knows which topics were removed. A store drops the data of a topic only when its removal
// is on record, so a snapshot carries the removals of those topics of which some store, be it
// offline, may still have something.
// Threads: any.
class MetadataSnapshots {
 public:
  // One is due when so much was appended since the last, or when a record has waited for so long.
  // Kafka's metadata.log.max.record.bytes.between.snapshots and .max.snapshot.interval.ms. It comes
  // earlier when it will be small beside the records that it stands for: then it costs little, and
  // a start has less to read.
  struct Limits {
    std::size_t record_bytes = 0;
    std::chrono::milliseconds interval{0};  // 0: a record may wait for ever
  };

  // `log` outlives it.
  MetadataSnapshots(engine::MetadataLog& log, Limits limits);
  ~MetadataSnapshots();  // as Stop
  MetadataSnapshots(const MetadataSnapshots&) = delete;
  MetadataSnapshots& operator=(const MetadataSnapshots&) = delete;

  // What a start has read: a snapshot, perhaps, and records behind it. Called once, first.
  struct Replayed {
    MetadataImagePtr image;
    std::size_t snapshot_bytes = 0;
    std::size_t bytes_behind = 0;
    std::vector<Uuid> removed{};
  };
  void Begin(Replayed replayed) EXCLUDES(mutex_);

  // `image` is where the log has led to, by so many bytes of records more, which removed these
  // topics. Called in the order of the images, after everybody else has seen them.
  void Note(MetadataImagePtr image, std::size_t bytes, std::span<const Uuid> removed)
      EXCLUDES(mutex_);

  // Whether the removal of this topic is on record.
  bool IsRemoved(const Uuid& topic_id) const EXCLUDES(mutex_);

  // Tells whether a store may still have something of a removed topic; once it has said no it must
  // say no for ever. Until it is set all removals are kept. It runs on the thread of this object.
  using MayHold = std::function<bool(const Uuid&)>;
  void SetMayHold(MayHold may_hold) EXCLUDES(mutex_);

  // Writes what is due, then ends the thread.
  void Stop() EXCLUDES(mutex_);

 private:
  struct Job {
    MetadataImagePtr image;
    std::vector<Uuid> removed;
    std::size_t bytes = 0;
    MayHold may_hold;
  };

  void Run();
  bool IsDue() const REQUIRES(mutex_);
  void WaitForWork() REQUIRES(mutex_);
  Job TakeJob() REQUIRES(mutex_);
  // Returns the bytes of its records.
  Result<std::size_t> Write(const MetadataImage& image, std::span<const Uuid> removed);
  void Finish(const Job& job, const Result<std::size_t>& written, std::span<const Uuid> obsolete)
      EXCLUDES(mutex_);

  engine::MetadataLog& log_;
  const Limits limits_;

  mutable Mutex mutex_;
  CondVar wake_;
  MetadataImagePtr image_ GUARDED_BY(mutex_);
  std::unordered_set<Uuid> removed_ GUARDED_BY(mutex_);
  MayHold may_hold_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;           // of records that no snapshot stands for
  std::size_t snapshot_bytes_ GUARDED_BY(mutex_) = 0;  // of the last one
  TimePoint since_ GUARDED_BY(mutex_);                 // the oldest of them came not before
  TimePoint retry_at_ GUARDED_BY(mutex_);              // after a failure
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace gneiss::server
