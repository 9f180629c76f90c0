// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/log_filter.h"

#include <string_view>
#include <utility>

#include "engine/format.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

using rocksdb::CompactionFilter;

// The filter of one compaction, with the rules as they were when it began.
class LogFilter final : public CompactionFilter {
 public:
  LogFilter(Offset drop_below, std::shared_ptr<const BatchCleaner> cleaner)
      : drop_below_(drop_below), cleaner_(std::move(cleaner)) {
    // Keys are last offsets, so the first key that stays is that of the log start itself.
    const format::BatchKey key = format::EncodeBatchKey(drop_below_);
    keep_from_.assign(key.data(), key.size());
  }

  const char* Name() const override { return LogFilterFactory::kName; }

  Decision FilterV2(int, const rocksdb::Slice& key, ValueType type, const rocksdb::Slice& value,
                    std::string* new_value, std::string* skip_until) const override {
    if (type != ValueType::kValue) return Decision::kKeep;
    const Result<Offset> last_offset = format::DecodeBatchKey(ToText(key));
    if (!last_offset) return Decision::kKeep;
    if (*last_offset < drop_below_) {
      *skip_until = keep_from_;
      return Decision::kRemoveAndSkipUntil;
    }
    if (cleaner_ == nullptr) return Decision::kKeep;
    switch (cleaner_->Judge(ToBytes(value), new_value)) {
      case BatchCleaner::Verdict::kKeep:
        return Decision::kKeep;
      case BatchCleaner::Verdict::kRemove:
        return Decision::kRemove;
      case BatchCleaner::Verdict::kRewrite:
        return Decision::kChangeValue;
    }
    return Decision::kKeep;
  }

 private:
  const Offset drop_below_;
  const std::shared_ptr<const BatchCleaner> cleaner_;
  std::string keep_from_;
};

}  // namespace

void FilterRules::DropBelow(Offset log_start) {
  Offset known = drop_below_.load(std::memory_order_relaxed);
  while (known < log_start && !drop_below_.compare_exchange_weak(known, log_start)) {
  }
}

void FilterRules::SetCleaner(std::shared_ptr<const BatchCleaner> cleaner) {
  MutexLock lock(mutex_);
  cleaner_ = std::move(cleaner);
}

std::shared_ptr<const BatchCleaner> FilterRules::cleaner() const {
  MutexLock lock(mutex_);
  return cleaner_;
}

void LogFilterFactory::SetRules(std::uint32_t family_id, std::shared_ptr<const FilterRules> rules) {
  MutexLock lock(mutex_);
  if (rules == nullptr) {
    rules_.erase(family_id);
  } else {
    rules_[family_id] = std::move(rules);
  }
}

std::unique_ptr<CompactionFilter> LogFilterFactory::CreateCompactionFilter(
    const CompactionFilter::Context& context) {
  std::shared_ptr<const FilterRules> rules;
  {
    MutexLock lock(mutex_);
    const auto known = rules_.find(context.column_family_id);
    if (known == rules_.end()) return nullptr;
    rules = known->second;
  }
  const Offset drop_below = rules->drop_below();
  const bool flush = context.reason == rocksdb::TableFileCreationReason::kFlush;
  auto cleaner = flush ? nullptr : rules->cleaner();
  if (drop_below == Offset(0) && cleaner == nullptr) return nullptr;
  return std::make_unique<LogFilter>(drop_below, std::move(cleaner));
}

}  // namespace gneiss::engine
