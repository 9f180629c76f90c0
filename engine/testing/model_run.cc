// SPDX-License-Identifier: Apache-2.0
#include <glog/logging.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "engine/rocks_engine.h"
#include "engine/testing/model_log.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::engine::testing {
namespace {

constexpr std::size_t kOperationsMax = 300;

Offset At(std::size_t offset) { return Offset(static_cast<std::int64_t>(offset)); }

// Small numbers out of the input; zeros when it is used up.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::size_t Below(std::size_t n) {
    if (bytes_.empty() || n == 0) return 0;
    std::size_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    if (n > 256 && !bytes_.empty()) {
      value = value << 8 | bytes_.front();
      bytes_ = bytes_.subspan(1);
    }
    return value % n;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

class ModelRun {
 public:
  explicit ModelRun(std::span<const std::uint8_t> bytes) : choices_(bytes) { Open(); }

  void Play() {
    for (std::size_t i = 0; i < kOperationsMax && !choices_.empty(); ++i) PlayOne();
    CompareOffsets();
    Restart(true);
    CompareRead(model_.log_start(), std::numeric_limits<std::size_t>::max(), ReadTier::kAll);
  }

 private:
  void PlayOne() {
    switch (choices_.Below(16)) {
      case 0:
      case 1:
        return AppendPlain();
      case 2:
      case 3:
      case 4:
        return AppendNext();
      case 5:
        return Repeat();
      case 6:
        return AppendWrong();
      case 7:
        return AppendNewEpoch();
      case 8:
      case 9:
        return Read();
      case 10:
        return AdvanceLogStart();
      case 11:
        return Flush();
      case 12:
        return Restart(choices_.Below(2) == 0);
      case 13:
        return BeginEpoch();
      case 14:
        return LookUpTime();
      default:
        return Compact();
    }
  }

  std::pair<Values, std::vector<TimestampMs>> NewRecords() {
    Values values;
    std::vector<TimestampMs> timestamps;
    for (std::size_t i = 0; i <= choices_.Below(4); ++i) {
      values.push_back("value " + std::to_string(++made_));
      timestamps.push_back(static_cast<TimestampMs>(choices_.Below(200)));
    }
    return {values, timestamps};
  }

  void Append(const Values& values, const std::vector<TimestampMs>& timestamps, const From& from) {
    const Result<AppendResult> result = AppendAndWait(*log_, BatchOf(values, from, timestamps));
    const ModelLog::Answer expected = model_.Append(values, timestamps, from);
    CHECK_EQ(result.has_value(), !expected.error.has_value());
    if (!result) {
      CHECK(result.error().code == *expected.error) << result.error().detail;
      return;
    }
    CHECK_EQ(result->base_offset, At(expected.base_offset));
    CHECK_EQ(result->duplicate, expected.duplicate);
    CHECK_EQ(result->log_start_offset, At(model_.log_start()));
  }

  std::int64_t AnyProducer() { return static_cast<std::int64_t>(choices_.Below(3)); }

  void AppendPlain() {
    const auto [values, timestamps] = NewRecords();
    Append(values, timestamps, {});
  }

  void AppendNext() {
    const std::int64_t producer = AnyProducer();
    const auto [values, timestamps] = NewRecords();
    Append(values, timestamps,
           {.producer_id = producer,
            .epoch = std::max<std::int16_t>(model_.EpochOf(producer), 0),
            .sequence = model_.NextSequence(producer)});
  }

  void Repeat() {
    const std::int64_t producer = AnyProducer();
    const auto& sent = model_.SentBy(producer);
    if (sent.empty()) return;
    const ModelLog::Sent again = sent[choices_.Below(sent.size())];
    Append(again.values, again.timestamps,
           {.producer_id = producer, .epoch = again.epoch, .sequence = again.sequence});
  }

  void AppendWrong() {
    const std::int64_t producer = AnyProducer();
    if (model_.EpochOf(producer) < 0) return;
    const auto [values, timestamps] = NewRecords();
    const auto skipped = static_cast<std::int32_t>(1 + choices_.Below(10));
    const auto epoch_back = static_cast<std::int16_t>(choices_.Below(2));
    Append(values, timestamps,
           {.producer_id = producer,
            .epoch = std::max<std::int16_t>(
                static_cast<std::int16_t>(model_.EpochOf(producer) - epoch_back), 0),
            .sequence = model_.NextSequence(producer) + skipped});
  }

  void AppendNewEpoch() {
    const std::int64_t producer = AnyProducer();
    const auto [values, timestamps] = NewRecords();
    Append(values, timestamps,
           {.producer_id = producer,
            .epoch = static_cast<std::int16_t>(model_.EpochOf(producer) + 1),
            .sequence = static_cast<std::int32_t>(choices_.Below(2))});
  }

  void Read() {
    const std::size_t offset = choices_.Below(model_.end() + 2);
    const std::size_t bytes_max = choices_.Below(2000);
    const ReadTier tier = choices_.Below(2) == 0 ? ReadTier::kMemory : ReadTier::kAll;
    CompareRead(offset, bytes_max, tier);
  }

  // What is read must be the beginning of what there is, and end only for a reason.
  void CompareRead(std::size_t offset, std::size_t bytes_max, ReadTier tier) {
    const auto view = log_->Read(
        At(offset), {.bytes_max = bytes_max, .upper_bound = At(model_.end()), .tier = tier});
    if (offset < model_.log_start() || offset > model_.end()) {
      CHECK(!view && view.error().code == Errc::kOutOfRange);
      return;
    }
    if (!view) {
      CHECK(tier == ReadTier::kMemory && view.error().code == Errc::kWouldBlock)
          << view.error().detail;
      return;
    }
    Values expected = model_.ValuesFrom(offset);
    const Values values = ValuesOf(*view);
    CHECK_LE(values.size(), expected.size());
    CHECK_EQ(values.empty(), expected.empty());
    if (values.size() < expected.size()) CHECK_GE(view->bytes + 300, bytes_max);
    if (view->batches.size() > 1) CHECK_LE(view->bytes, bytes_max);
    expected.resize(values.size());
    CHECK(values == expected) << "from offset " << offset;
  }

  void AdvanceLogStart() {
    const std::size_t to = choices_.Below(model_.end() + 2);
    const Result<Offset> result = AdvanceLogStartAndWait(*log_, At(to));
    if (to > model_.end()) {
      CHECK(!result && result.error().code == Errc::kOutOfRange);
      return;
    }
    model_.AdvanceLogStart(to);
    CHECK(result.has_value() && *result == At(model_.log_start()));
    CompareOffsets();
  }

  void CompareOffsets() {
    const LogOffsets offsets = log_->offsets();
    CHECK_EQ(offsets.log_start, At(model_.log_start()));
    CHECK_EQ(offsets.last_stable, At(model_.end()));
    CHECK_EQ(offsets.high_watermark, At(model_.end()));
    CHECK_EQ(offsets.log_end, At(model_.end()));
  }

  void BeginEpoch() {
    epoch_ = LeaderEpoch(epoch_.value() + static_cast<std::int32_t>(choices_.Below(3)));
    CHECK(log_->BeginLeaderEpoch(epoch_).has_value());
    model_.BeginEpoch(epoch_);
    if (model_.end() == model_.log_start()) return;
    const std::size_t offset =
        model_.log_start() + choices_.Below(model_.end() - model_.log_start());
    CHECK_EQ(log_->EpochAt(At(offset)), model_.records()[offset].epoch) << "offset " << offset;
  }

  void LookUpTime() {
    const auto target = static_cast<TimestampMs>(choices_.Below(210));
    const auto& records = model_.records();
    const auto begin = records.begin() + static_cast<std::ptrdiff_t>(model_.log_start());
    const auto first =
        std::find_if(begin, records.end(), [&](const auto& r) { return r.timestamp >= target; });
    const auto greatest = std::ranges::max_element(
        begin, records.end(), {}, [](const auto& record) { return record.timestamp; });
    const Offset bound = At(model_.end());
    CompareFound(log_->FindTimestamp(target, bound), first);
    CompareFound(log_->FindMaxTimestamp(bound), greatest);
  }

  template <class Iterator>
  void CompareFound(const Result<std::optional<TimestampOffset>>& found, Iterator expected) {
    CHECK(found.has_value()) << found.error().detail;
    CHECK_EQ(found->has_value(), expected != model_.records().end());
    if (!*found) return;
    CHECK_EQ((*found)->offset.value(), expected - model_.records().begin());
    CHECK_EQ((*found)->timestamp, expected->timestamp);
    CHECK_EQ((*found)->leader_epoch, expected->epoch);
  }

  void Flush() {
    if (const auto family = FamilyOfLog()) {
      CHECK(family->db().Flush(rocksdb::FlushOptions(), family->handle()).ok());
    }
  }

  void Compact() {
    if (const auto family = FamilyOfLog()) {
      CHECK(family->db()
                .CompactRange(rocksdb::CompactRangeOptions(), family->handle(), nullptr, nullptr)
                .ok());
    }
  }

  std::shared_ptr<Family> FamilyOfLog() {
    return engine_->stores().front()->FindFamily({topic_id_, PartitionId(0)});
  }

  void Restart(bool clean) {
    if (clean) CHECK(engine_->Close().has_value());
    log_.reset();
    engine_.reset();
    Open();
    CompareOffsets();
  }

  void Open() {
    EngineOptions options;
    options.data_dirs = {dir_.path()};
    options.metadata_dir = dir_.path();
    auto engine = RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
    CHECK(engine.has_value()) << engine.error().detail;
    engine_ = std::move(*engine);
    auto log = engine_->OpenPartition({"model", PartitionId(0)}, topic_id_, {.retention_ms = -1});
    CHECK(log.has_value()) << log.error().detail;
    log_ = *log;
    CHECK(log_->BeginLeaderEpoch(epoch_).has_value());  // as a broker does that leads it
  }

  Choices choices_;
  TempDir dir_;
  const Uuid topic_id_ = Uuid::Random();
  ModelLog model_;
  LeaderEpoch epoch_{0};
  std::uint64_t made_ = 0;
  std::unique_ptr<RocksEngine> engine_;
  std::shared_ptr<PartitionLog> log_;
};

}  // namespace

void RunAgainstModel(std::span<const std::uint8_t> bytes) { ModelRun(bytes).Play(); }

}  // namespace gneiss::engine::testing
