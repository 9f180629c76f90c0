// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/metadata_snapshots.h"

#include <algorithm>
#include <string>
#include <utility>

#include <glog/logging.h>
#include <pthread.h>

#include "server/metadata/metadata_records.h"
#include "server/metadata/snapshot_records.h"

namespace gneiss::server {
namespace {

// A disk that is full may have room by then.
constexpr std::chrono::seconds kRetryInterval{60};

// A snapshot comes when the records behind the last are this many times its size. So a start reads
// little more than it has to, and a byte of records costs half a byte of snapshots at most.
constexpr std::size_t kRecordsPerSnapshot = 2;
// Less than this is read in no time.
constexpr std::size_t kRecordBytesMin = std::size_t{64} << 10;

}  // namespace

MetadataSnapshots::MetadataSnapshots(engine::MetadataLog& log, Limits limits)
    : log_(log), limits_(limits), thread_(&MetadataSnapshots::Run, this) {}

MetadataSnapshots::~MetadataSnapshots() { Stop(); }

void MetadataSnapshots::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void MetadataSnapshots::Begin(Replayed replayed) {
  {
    const MutexLock lock(mutex_);
    snapshot_bytes_ = replayed.snapshot_bytes;
  }
  Note(std::move(replayed.image), replayed.bytes_behind, replayed.removed);
}

void MetadataSnapshots::Note(MetadataImagePtr image, std::size_t bytes,
                             std::span<const Uuid> removed) {
  const MutexLock lock(mutex_);
  image_ = std::move(image);
  removed_.insert(removed.begin(), removed.end());
  if (bytes_ == 0) since_ = TimePoint::clock::now();
  bytes_ += bytes;
  wake_.NotifyAll();
}

bool MetadataSnapshots::IsRemoved(const Uuid& topic_id) const {
  const MutexLock lock(mutex_);
  return removed_.contains(topic_id);
}

void MetadataSnapshots::SetMayHold(MayHold may_hold) {
  const MutexLock lock(mutex_);
  may_hold_ = std::move(may_hold);
}

void MetadataSnapshots::Run() {
  ::pthread_setname_np(::pthread_self(), "meta-snapshots");
  for (;;) {
    Job job;
    {
      const MutexLock lock(mutex_);
      while (!IsDue()) {
        if (stopping_) return;
        WaitForWork();
      }
      job = TakeJob();
    }
    const auto obsolete = std::ranges::partition(
        job.removed, [&](const Uuid& id) { return !job.may_hold || job.may_hold(id); });
    const Result<std::size_t> written = Write(*job.image, {job.removed.begin(), obsolete.begin()});
    Finish(job, written, obsolete);
  }
}

bool MetadataSnapshots::IsDue() const {
  if (bytes_ == 0) return false;
  const TimePoint now = TimePoint::clock::now();
  if (now < retry_at_) return false;
  const std::size_t worthwhile = std::max(kRecordBytesMin, kRecordsPerSnapshot * snapshot_bytes_);
  if (bytes_ >= std::min(limits_.record_bytes, worthwhile)) return true;
  return limits_.interval.count() > 0 && now - since_ >= limits_.interval;
}

void MetadataSnapshots::WaitForWork() {
  const TimePoint now = TimePoint::clock::now();
  if (bytes_ > 0 && now < retry_at_) {
    wake_.WaitFor(mutex_, retry_at_ - now);
  } else if (bytes_ > 0 && limits_.interval.count() > 0) {
    wake_.WaitFor(mutex_, limits_.interval - (now - since_));
  } else {
    wake_.Wait(mutex_);
  }
}

MetadataSnapshots::Job MetadataSnapshots::TakeJob() {
  since_ = TimePoint::clock::now();  // what comes from now on is not in it
  return {.image = image_,
          .removed = {removed_.begin(), removed_.end()},
          .bytes = bytes_,
          .may_hold = may_hold_};
}

Result<std::size_t> MetadataSnapshots::Write(const MetadataImage& image,
                                             std::span<const Uuid> removed) {
  std::size_t total = 0;
  GNEISS_RETURN_IF_ERROR(log_.WriteSnapshot(
      image.offset() + 1, [&](const engine::MetadataLog::SnapshotSink& sink) -> Status {
        const auto write = [&](const MetadataRecord& record) -> Status {
          GNEISS_ASSIGN_OR_RETURN(const std::string bytes, EncodeMetadataRecord(record));
          total += bytes.size();
          return sink(bytes);
        };
        for (const Uuid& topic_id : removed) {
          protocol::RemoveTopicRecord record;
          record.topic_id = topic_id;
          GNEISS_RETURN_IF_ERROR(write(record));
        }
        return VisitSnapshotRecords(image, write);
      }));
  return total;
}

void MetadataSnapshots::Finish(const Job& job, const Result<std::size_t>& written,
                               std::span<const Uuid> obsolete) {
  const MutexLock lock(mutex_);
  if (!written) {
    LOG(ERROR) << "metadata snapshot failed offset=" << job.image->offset()
               << " error=" << written.error().detail;
    retry_at_ = TimePoint::clock::now() + kRetryInterval;
    return;
  }
  bytes_ -= job.bytes;
  snapshot_bytes_ = *written;
  for (const Uuid& id : obsolete) removed_.erase(id);
  LOG(INFO) << "metadata snapshot written offset=" << job.image->offset() << " bytes=" << *written
            << " topics=" << job.image->topics().size()
            << " removals=" << job.removed.size() - obsolete.size();
}

}  // namespace gneiss::server
