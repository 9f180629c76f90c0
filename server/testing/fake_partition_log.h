// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/partition_log.h"
#include "protocol/base/mutex.h"
#include "protocol/records/batch_builder.h"

namespace gneiss::server::testing {

// FakePartitionLog is a log in memory whose batches are put in by the test, or, if the test takes
// them, by appends. What is below `memory_from` counts as being in a file.
// Threads: one at a time, except Put, which wakes watchers and may come from any thread.
class FakePartitionLog final : public engine::PartitionLog {
 public:
  explicit FakePartitionLog(TopicPartition tp) : tp_(std::move(tp)) {}

  // Appends a batch of `records` records, `value_bytes` each, and moves the high watermark.
  Offset Put(int records = 1, std::size_t value_bytes = 10) {
    std::vector<std::move_only_function<void()>> wakes;
    Offset base;
    {
      const MutexLock lock(mutex_);
      base = log_end_;
      records::BatchBuilder builder({.base_offset = base});
      const std::string value(value_bytes, 'v');
      for (int i = 0; i < records; ++i) builder.Add("k", value, 1000);
      log_end_ += records;
      batches_.emplace(log_end_ - 1, SharedBytes::Own(builder.Build().value()));
      wakes = TakeWatchers();
    }
    for (auto& wake : wakes) wake();
    return base;
  }
  void Close() {
    std::vector<std::move_only_function<void()>> wakes;
    {
      const MutexLock lock(mutex_);
      closed_ = true;
      wakes = TakeWatchers();
    }
    for (auto& wake : wakes) wake();
  }
  // What becomes of appends: at first they are refused.
  enum class Appends { kRefused, kTaken, kHeld };
  void SetAppends(Appends appends) { appends_ = appends; }
  std::size_t held_appends() const { return held_.size(); }
  // Ends the oldest append that is held. REQUIRES: there is one.
  void FinishAppend(Status status = {}) {
    Held held = std::move(held_.front());
    held_.pop_front();
    if (!status.has_value()) {
      held.done(std::unexpected(status.error()));
    } else {
      held.done(Store(held.batch));
    }
  }

  void SetLogStart(Offset to) { log_start_ = to; }
  void SetLastStable(Offset to) { last_stable_ = to; }
  void SetMemoryFrom(Offset from) { memory_from_ = from; }
  void SetAborted(std::vector<engine::AbortedTransaction> aborted) {
    aborted_ = std::move(aborted);
  }
  void SetReadError(Errc error) { read_error_ = error; }
  void SetEpochEnd(LeaderEpoch epoch, Offset end) { epoch_ends_[epoch] = end; }
  std::size_t watchers() const {
    const MutexLock lock(mutex_);
    return watchers_.size();
  }
  int reads() const { return reads_; }

  const TopicPartition& topic_partition() const override { return tp_; }
  const Uuid& topic_id() const override { return topic_id_; }
  engine::LogOffsets offsets() const override {
    const MutexLock lock(mutex_);
    return {log_start_, last_stable_.value_or(log_end_), log_end_, log_end_};
  }
  LeaderEpoch leader_epoch() const override { return LeaderEpoch(0); }
  std::int64_t size_bytes() const override { return 0; }
  int log_dir_index() const override { return 0; }
  engine::RetentionStatus retention_status() const override { return {}; }
  void SetConfig(const engine::LogConfig&) override {}
  Status BeginLeaderEpoch(LeaderEpoch) override { return {}; }
  void Append(records::ValidatedBatch batch, engine::AppendDone done) override {
    switch (appends_) {
      case Appends::kRefused:
        done(Fail(Errc::kStorage, "the fake does not append"));
        break;
      case Appends::kTaken:
        done(Store(batch));
        break;
      case Appends::kHeld:
        held_.push_back({std::move(batch), std::move(done)});
        break;
    }
  }

  Result<engine::ReadView> Read(Offset from, const engine::ReadLimits& limits) const override {
    const MutexLock lock(mutex_);
    ++reads_;
    if (read_error_) return Fail(*read_error_, "as the test wants it");
    if (limits.tier == engine::ReadTier::kMemory && from < memory_from_) {
      return Fail(Errc::kWouldBlock, "in a file");
    }
    engine::ReadView view;
    for (auto batch = batches_.lower_bound(from); batch != batches_.end(); ++batch) {
      const auto base = records::BatchHeader::Parse(batch->second.view())->base_offset;
      if (base >= limits.upper_bound) break;
      const bool first = view.batches.empty() && limits.at_least_one_batch;
      if (!first && view.bytes + batch->second.size() > limits.bytes_max) break;
      view.bytes += batch->second.size();
      view.batches.push_back(batch->second);
    }
    return view;
  }

  Result<std::optional<engine::TimestampOffset>> FindTimestamp(TimestampMs, Offset) const override {
    return std::nullopt;
  }
  Result<std::optional<engine::TimestampOffset>> FindMaxTimestamp(Offset) const override {
    return std::nullopt;
  }
  engine::EpochEnd EndOffsetForEpoch(LeaderEpoch epoch) const override {
    const auto end = epoch_ends_.find(epoch);
    if (end == epoch_ends_.end()) return {};
    return {end->first, end->second};
  }
  LeaderEpoch EpochAt(Offset) const override { return LeaderEpoch(0); }
  void AdvanceLogStart(Offset, std::move_only_function<void(Result<Offset>)> done) override {
    done(Fail(Errc::kInternal, "the fake keeps its start"));
  }
  std::vector<engine::AbortedTransaction> AbortedTransactions(Offset, Offset) const override {
    return aborted_;
  }
  std::vector<engine::ActiveProducer> ActiveProducers() const override { return {}; }

  WatchId WatchHighWatermark(Offset beyond, std::move_only_function<void()> wake) override {
    const MutexLock lock(mutex_);
    if (closed_ || log_end_ > beyond) return 0;
    watchers_.emplace(++last_watch_, std::move(wake));
    return last_watch_;
  }
  void Unwatch(WatchId id) override {
    const MutexLock lock(mutex_);
    watchers_.erase(id);
  }

 private:
  struct Held {
    records::ValidatedBatch batch;
    engine::AppendDone done;
  };

  engine::AppendResult Store(records::ValidatedBatch& batch) {
    const MutexLock lock(mutex_);
    const Offset base = log_end_;
    batch.stamped.SetBaseOffset(base);
    std::string bytes(AsText(batch.stamped.bytes()));
    bytes += batch.records.text();
    log_end_ += batch.header.last_offset_delta + 1;
    batches_.emplace(log_end_ - 1, SharedBytes::Own(std::move(bytes)));
    return {.base_offset = base, .last_offset = log_end_ - 1, .log_start_offset = log_start_};
  }

  std::vector<std::move_only_function<void()>> TakeWatchers() REQUIRES(mutex_) {
    std::vector<std::move_only_function<void()>> wakes;
    for (auto& [id, wake] : watchers_) wakes.push_back(std::move(wake));
    watchers_.clear();
    return wakes;
  }

  const TopicPartition tp_;
  const Uuid topic_id_{};
  mutable Mutex mutex_;
  std::map<Offset, SharedBytes> batches_ GUARDED_BY(mutex_);  // by last offset
  Offset log_end_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  std::map<WatchId, std::move_only_function<void()>> watchers_ GUARDED_BY(mutex_);
  WatchId last_watch_ GUARDED_BY(mutex_) = 0;
  Appends appends_ = Appends::kRefused;
  std::deque<Held> held_;
  Offset log_start_;
  std::optional<Offset> last_stable_;  // without: the log end
  Offset memory_from_;
  std::optional<Errc> read_error_;
  std::vector<engine::AbortedTransaction> aborted_;
  std::map<LeaderEpoch, Offset> epoch_ends_;
  mutable int reads_ = 0;
};

}  // namespace gneiss::server::testing
