// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/model_log.h"

#include <algorithm>

namespace gneiss::engine::testing {

std::int32_t ModelLog::NextSequence(std::int64_t producer_id) {
  const Producer& producer = producers_[producer_id];
  if (producer.sent.empty()) return 0;
  const Sent& last = producer.sent.back();
  return last.sequence + static_cast<std::int32_t>(last.values.size());
}

ModelLog::Answer ModelLog::Append(const Values& values, const std::vector<TimestampMs>& timestamps,
                                  const From& from) {
  if (from.producer_id < 0) return {.error = {}, .base_offset = Write(values, timestamps)};
  Producer& producer = producers_[from.producer_id];
  if (from.epoch < producer.epoch) return {.error = Errc::kFencedProducer};
  if (producer.epoch >= 0 && from.epoch > producer.epoch && from.sequence != 0) {
    return {.error = Errc::kOutOfOrderSequence};
  }
  if (from.epoch == producer.epoch) {
    for (const Sent& sent : producer.sent) {
      if (sent.sequence == from.sequence && sent.values.size() == values.size()) {
        return {.error = {}, .base_offset = sent.base_offset, .duplicate = true};
      }
    }
    if (from.sequence != NextSequence(from.producer_id)) {
      return {.error = Errc::kOutOfOrderSequence};
    }
  } else {
    producer.sent.clear();
  }
  producer.epoch = from.epoch;
  const std::size_t base_offset = Write(values, timestamps);
  producer.sent.push_back({from.epoch, from.sequence, values, timestamps, base_offset});
  if (producer.sent.size() > 5) producer.sent.pop_front();
  return {.error = {}, .base_offset = base_offset};
}

std::size_t ModelLog::Write(const Values& values, const std::vector<TimestampMs>& timestamps) {
  const std::size_t base_offset = end();
  for (std::size_t i = 0; i < values.size(); ++i) {
    records_.push_back({values[i], timestamps[i], epoch_, batches_.size()});
  }
  batches_.push_back({base_offset, end()});
  return base_offset;
}

Values ModelLog::ValuesFrom(std::size_t from) const {
  Values values;
  if (from >= end()) return values;
  for (std::size_t i = BatchOfOffset(from).base_offset; i < end(); ++i) {
    values.push_back(records_[i].value);
  }
  return values;
}

}  // namespace gneiss::engine::testing
