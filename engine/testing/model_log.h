// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/testing/batches.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace gneiss::engine::testing {

// ModelLog is what a partition's log should do, in vectors and without a thought for speed, disk or
// crashes: the oracle that the real one is compared with.
class ModelLog {
 public:
  struct Record {
    std::string value;
    TimestampMs timestamp;
    LeaderEpoch epoch;
    std::size_t batch;  // index into batches
  };
  struct Batch {
    std::size_t base_offset;
    std::size_t end_offset;
  };
  struct Answer {
    std::optional<Errc> error;
    std::size_t base_offset = 0;
    bool duplicate = false;
  };

  Answer Append(const Values& values, const std::vector<TimestampMs>& timestamps, const From& from);
  void BeginEpoch(LeaderEpoch epoch) { epoch_ = std::max(epoch_, epoch); }
  void AdvanceLogStart(std::size_t to) { log_start_ = std::max(log_start_, to); }

  std::size_t log_start() const { return log_start_; }
  std::size_t end() const { return records_.size(); }
  const std::vector<Record>& records() const { return records_; }
  const Batch& BatchOfOffset(std::size_t offset) const { return batches_[records_[offset].batch]; }
  // Values of all records from the batch that holds `from` on.
  Values ValuesFrom(std::size_t from) const;

  // What a producer did last, to be repeated or gone on from.
  struct Sent {
    std::int16_t epoch;
    std::int32_t sequence;
    Values values;
    std::vector<TimestampMs> timestamps;
    std::size_t base_offset;
  };
  const std::deque<Sent>& SentBy(std::int64_t producer_id) { return producers_[producer_id].sent; }
  std::int16_t EpochOf(std::int64_t producer_id) { return producers_[producer_id].epoch; }
  std::int32_t NextSequence(std::int64_t producer_id);

 private:
  struct Producer {
    std::int16_t epoch = -1;
    std::deque<Sent> sent;  // the last five of this epoch, oldest first
  };

  std::size_t Write(const Values& values, const std::vector<TimestampMs>& timestamps);

  std::vector<Record> records_;  // by offset
  std::vector<Batch> batches_;
  std::size_t log_start_ = 0;
  LeaderEpoch epoch_{0};
  std::map<std::int64_t, Producer> producers_;
};

// Plays the operations that `bytes` spell on an engine in a directory of its own and on a ModelLog,
// restarts included, and dies (CHECK) where the two differ.
void RunAgainstModel(std::span<const std::uint8_t> bytes);

}  // namespace gneiss::engine::testing
