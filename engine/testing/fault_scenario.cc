// SPDX-License-Identifier: Apache-2.0
//
// fault_scenario DIR [POINT PASSING]: one life of a broker's engine that does everything there is
// to do: makes topics, appends, fsyncs, flushes, compacts, clones, deletes records and topics,
// starts anew, takes snapshots, finds the disk full, closes. With a point it dies there. Links with
// the fault-injection build of the engine.
//
// What was acknowledged goes to stdout at once, one line each (engine/fault_injection_test.cc
// compares it with what is found afterwards):
//   topic ID NAME          is on record in the metadata
//   removing ID            will be on record as removed; may be or not
//   removed ID             is on record as removed
//   end ID PARTITION N     all records below N
//   start ID PARTITION N   all records below N are deleted
//   snapping               a snapshot begins to come into being at DIR/snap
//   snapped                it is there
//   retiring               it is taken away
//   point NAME COUNT       at the end: how often a fault point was passed
//   never NAME             at the end: a fault point that was not
#include <glog/logging.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <latch>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "engine/cleaner/cleaner_pool.h"
#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/fault_points.h"
#include "engine/testing/fault_topics.h"
#include "engine/testing/killing_file_system.h"

namespace gneiss::engine::testing {
namespace {

constexpr int kBatches = 30;  // per partition and load
constexpr int kFilesToMerge = 24;
constexpr std::size_t kDeletedPartition = 1;  // in which records are deleted
constexpr std::size_t kCutPartition = 0;      // of which a clone holds less than its source
constexpr std::size_t kBatchesCutOff = 2;     // the producer of the rest is still known
constexpr int kLooksMax = 1000;

// Writes a whole line at once; what was written outlives the process.
void Say(const std::string& words) {
  const std::string line = words + "\n";
  CHECK(::write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

class Scenario {
 public:
  explicit Scenario(const std::string& directory) : directory_(directory) { Open(); }

  void Play() {
    Recover();
    if (topics_.live.empty()) Make("orders");
    LoadAll();
    FlushAll();
    LoadAll();
    FlushAll();
    CleanAll();
    DeleteRecords();
    CloneTopics();
    Restart();
    CompactAll();
    MergeFiles();
    ReplaceTopic("passing");
    LoadAll();
    SnapshotMetadata();
    TakeSnapshots();
    FillDisk();
    LoadAll();
    CHECK(engine_->Close().has_value());
  }

 private:
  using Log = std::shared_ptr<PartitionLog>;

  void Open() {
    EngineOptions options;
    options.data_dirs = {directory_};
    options.metadata_dir = directory_;
    options.disk_reserve_bytes = kDiskReserveBytes;
    options.cleaner.enabled = false;  // CleanAll decides when
    auto opened = RocksEngine::Open(std::move(options), disk_);
    CHECK(opened.has_value()) << opened.error().detail;
    engine_ = std::move(*opened);
  }

  // As a broker starts: the metadata first, then its partitions, then what is not in it.
  void Recover() {
    topics_ = ReplayTopics(engine_->metadata_log());
    for (const auto& [id, name] : topics_.live) OpenLogs(id, name);
    engine_->DropRemoved([this](const Uuid& id) { return topics_.removed.contains(id); });
  }

  void OpenLogs(const Uuid& id, const std::string& name) {
    for (int i = 0; i <= kCleanedPartition; ++i) {
      auto log = engine_->OpenPartition({name, PartitionId(i)}, id, FaultConfigOf(i));
      CHECK(log.has_value()) << log.error().detail;
      logs_[id].push_back(*log);
    }
  }

  void Record(const std::string& record) {
    const std::vector<std::string> records{record};
    const Result<Offset> appended = engine_->metadata_log().Append(records);
    CHECK(appended.has_value()) << appended.error().detail;
  }

  void Make(const std::string& name) {
    const Uuid id = Uuid::Random();
    Record(TopicRecord(id, name));
    Say("topic " + id.ToString() + " " + name);
    topics_.live.emplace(id, name);
    OpenLogs(id, name);
  }

  void Remove(const Uuid& id) {
    Say("removing " + id.ToString());
    Record(RemovalRecord(id));
    Say("removed " + id.ToString());
    for (const Log& log : logs_[id]) engine_->DropPartition(log->topic_partition(), id);
    logs_.erase(id);
    topics_.live.erase(id);
    topics_.removed.insert(id);
  }

  // What is live, and the removals that a store may not have carried out yet. Padded, so that it is
  // staged in several pieces.
  void SnapshotMetadata() {
    MetadataLog& log = engine_->metadata_log();
    const std::string padding(std::size_t{100} << 10, ' ');
    const Status written =
        log.WriteSnapshot(log.log_end(), [&](const MetadataLog::SnapshotSink& sink) -> Status {
          for (const auto& [id, name] : topics_.live) {
            const auto clone = topics_.clones.find(id);
            const std::string record = clone == topics_.clones.end()
                                           ? TopicRecord(id, name)
                                           : CloneRecord(id, name, clone->second);
            GNEISS_RETURN_IF_ERROR(sink(record + padding));
          }
          for (const Uuid& id : topics_.removed) {
            if (!engine_->MayHold(id)) continue;
            GNEISS_RETURN_IF_ERROR(sink(RemovalRecord(id) + padding));
          }
          return {};
        });
    CHECK(written.has_value()) << written.error().detail;
  }

  // A topic is deleted and made again under its name while the old family may still be there.
  void ReplaceTopic(const std::string& name) {
    if (const auto old = Find(name)) Remove(*old);
    Make(name);
    LoadAll();
    Remove(*Find(name));
    Make(name);
  }

  std::optional<Uuid> Find(const std::string& name) const {
    const auto found =
        std::ranges::find(topics_.live, name, [](const auto& topic) { return topic.second; });
    if (found == topics_.live.end()) return std::nullopt;
    return found->first;
  }

  // A clone of everything but two batches, one that fails half way, and one that is interrupted:
  // it never gets into the metadata.
  void CloneTopics() {
    if (const auto old = Find("copy")) Remove(*old);
    const Uuid source = *Find("orders");
    const Uuid id = Uuid::Random();
    FaultTopics::Origin origin{.source = source, .ends = {}};
    for (const Log& log : logs_[source]) origin.ends.push_back(log->offsets().log_end);
    origin.ends[kCutPartition] = NearTheEnd(*logs_[source][kCutPartition]);
    std::vector<PartitionToClone> clones = ClonesOf(source, id);
    clones[kCutPartition].at = {ClonePoint::Kind::kOffset, origin.ends[kCutPartition].value()};
    CHECK(engine_->ClonePartitions(clones).has_value());
    Record(CloneRecord(id, "copy", origin));
    Say("topic " + id.ToString() + " copy");
    for (std::size_t i = 0; i < origin.ends.size(); ++i) {
      Say("end " + id.ToString() + " " + std::to_string(i) + " " +
          std::to_string(origin.ends[i].value()));
    }
    topics_.live.emplace(id, "copy");
    topics_.clones.emplace(id, origin);
    OpenLogs(id, "copy");

    clones = ClonesOf(source, Uuid::Random());
    clones[kDeletedPartition].at = {ClonePoint::Kind::kOffset, 0};  // which is deleted
    CHECK(!engine_->ClonePartitions(clones).has_value());
    CHECK(engine_->ClonePartitions(ClonesOf(source, Uuid::Random())).has_value());
  }

  static std::vector<PartitionToClone> ClonesOf(const Uuid& source, const Uuid& id) {
    std::vector<PartitionToClone> clones;
    for (int i = 0; i <= kCleanedPartition; ++i) {
      clones.push_back({.source = {"orders", PartitionId(i)},
                        .source_id = source,
                        .target = {"copy", PartitionId(i)},
                        .target_id = id,
                        .at = {}});
    }
    return clones;
  }

  static Offset NearTheEnd(const PartitionLog& log) {
    const LogOffsets offsets = log.offsets();
    const auto view = log.Read(
        offsets.log_start,
        {.bytes_max = std::numeric_limits<std::size_t>::max(), .upper_bound = offsets.log_end});
    CHECK(view.has_value()) << view.error().detail;
    const std::vector<Offset> bases = BaseOffsetsOf(*view);
    return bases.at(bases.size() - kBatchesCutOff);
  }

  // Without a clean shutdown, and with a family to which nothing was ever written.
  void Restart() {
    std::latch made(1);
    engine_->stores().front()->MakeFamily({"unused", PartitionId(0)}, Uuid::Random(),
                                          [&](const auto& family) {
                                            CHECK(family.has_value()) << family.error().detail;
                                            made.count_down();
                                          });
    made.wait();
    logs_.clear();
    engine_.reset();
    Open();
    Recover();
  }

  // One to a new place, and one where an interrupted one has left almost everything.
  void TakeSnapshots() {
    const std::filesystem::path place = directory_ / "snap", retired = directory_ / "retired";
    if (std::filesystem::exists(place)) {
      Say("retiring");
      std::filesystem::remove_all(retired);
      std::filesystem::rename(place, retired);
    }
    TakeSnapshot(place);
    Say("retiring");
    std::filesystem::rename(place, directory_ / "snap.partial");
    TakeSnapshot(place);
  }

  void TakeSnapshot(const std::filesystem::path& place) {
    Say("snapping");
    const auto taken = engine_->Snapshot(place);
    CHECK(taken.has_value()) << taken.error().detail;
    Say("snapped");
  }

  void LoadAll() {
    for (const auto& [id, logs] : logs_) {
      for (int i = 0; i < kFaultPartitions; ++i) Load(id, i, *logs[static_cast<std::size_t>(i)]);
    }
  }

  // Batches of one producer for the partition's whole life, so that sequences are offsets.
  static void Load(const Uuid& id, int partition, PartitionLog& log) {
    std::latch answered(kBatches);
    Offset end = log.offsets().log_end;
    for (int i = 0; i < kBatches; ++i) {
      const auto sequence = static_cast<std::int32_t>(end.value());
      Values values;
      for (int k = 0; k <= i % 3; ++k, ++end) values.push_back(FaultValue(id, partition, end));
      log.Append(BatchOf(values, {.producer_id = 7, .sequence = sequence, .keyed = true}),
                 [&answered, id, partition, end](const Result<AppendResult>& result) {
                   CHECK(result.has_value()) << result.error().detail;
                   Say("end " + id.ToString() + " " + std::to_string(partition) + " " +
                       std::to_string(end.value()));
                   answered.count_down();
                 });
    }
    answered.wait();
  }

  void FlushAll() {
    ForEachFamily([](const Family& family) {
      const rocksdb::Status flushed = family.db().Flush(rocksdb::FlushOptions(), family.handle());
      CHECK(flushed.ok()) << flushed.ToString();
    });
  }

  void CompactAll() {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ForEachFamily([&](const Family& family) {
      const rocksdb::Status compacted =
          family.db().CompactRange(options, family.handle(), nullptr, nullptr);
      CHECK(compacted.ok()) << compacted.ToString();
    });
  }

  // Two files of the same few keys, and log compaction over both.
  void CleanAll() {
    std::vector<std::shared_ptr<RocksPartitionLog>> compacted;
    for (const auto& [id, logs] : logs_) {
      const Log& log = logs[kCleanedPartition];
      for (int round = 0; round < 2; ++round) {
        LoadCleaned(id, *log);
        FlushAll();
      }
      compacted.push_back(std::static_pointer_cast<RocksPartitionLog>(log));
    }
    CleanerPool pool({.threads = 0}, Clock::System(), [&] { return compacted; });
    while (pool.CleanDirtiest()) {
    }
  }

  static void LoadCleaned(const Uuid& id, PartitionLog& log) {
    for (int i = 0; i < 2 * kCleanedKeys; ++i) {
      const Offset end = log.offsets().log_end;
      CHECK(AppendAndWait(log, BatchOf({CleanedValue(end)}, {.keyed = true})).has_value());
      Say("end " + id.ToString() + " " + std::to_string(kCleanedPartition) + " " +
          std::to_string(end.value() + 1));
    }
  }

  // As many small files of one partition as the housekeeper takes for worth joining; RocksDB moves
  // them to where it looks for them in its own time.
  void MergeFiles() {
    const auto& [id, logs] = *logs_.begin();
    std::shared_ptr<Family> family;
    for (const std::shared_ptr<Store>& store : engine_->stores()) {
      if (family == nullptr) family = store->FindFamily({id, PartitionId(0)});
    }
    for (int i = 0; i < kFilesToMerge; ++i) {
      Load(id, 0, *logs.front());
      const rocksdb::Status flushed = family->db().Flush(rocksdb::FlushOptions(), family->handle());
      CHECK(flushed.ok()) << flushed.ToString();
    }
    for (int i = 0; i < kLooksMax && !PassedFaultPoints().contains("merge.after_rewrite"); ++i) {
      engine_->housekeeper().LookAtAll();
      ::usleep(1000);
    }
  }

  void ForEachFamily(const std::function<void(const Family&)>& visit) {
    for (const std::shared_ptr<Store>& store : engine_->stores()) {
      visit(store->state());
      for (const auto& [id, logs] : logs_) {
        for (int i = 0; i <= kCleanedPartition; ++i) {
          if (const auto family = store->FindFamily({id, PartitionId(i)})) visit(*family);
        }
      }
    }
  }

  void DeleteRecords() {
    for (const auto& [id, logs] : logs_) {
      PartitionLog& log = *logs[kDeletedPartition];
      const Offset to = log.offsets().log_start + kBatches;
      const Result<Offset> moved = AdvanceLogStartAndWait(log, to);
      CHECK(moved.has_value()) << moved.error().detail;
      Say("start " + id.ToString() + " " + std::to_string(kDeletedPartition) + " " +
          std::to_string(moved->value()));
    }
  }

  // The first append finds it full, a later one finds room again.
  void FillDisk() {
    const auto& [id, logs] = *logs_.begin();
    PartitionLog& log = *logs.front();
    const Offset end = log.offsets().log_end;
    const From from{
        .producer_id = 7, .sequence = static_cast<std::int32_t>(end.value()), .keyed = true};
    disk_->SetFull(true);
    CHECK(!AppendAndWait(log, BatchOf({FaultValue(id, 0, end)}, from)).has_value());
    disk_->SetFull(false);
    while (!AppendAndWait(log, BatchOf({FaultValue(id, 0, end)}, from)).has_value()) {
      ::usleep(1000);
    }
    Say("end " + id.ToString() + " 0 " + std::to_string(end.value() + 1));
  }

  const std::filesystem::path directory_;
  const std::shared_ptr<KillingFileSystem> disk_ = std::make_shared<KillingFileSystem>();
  std::unique_ptr<RocksEngine> engine_;
  FaultTopics topics_;
  std::map<Uuid, std::vector<Log>> logs_;
};

void SayPoints() {
  const auto passed = PassedFaultPoints();
  for (const auto& [name, count] : passed) Say("point " + name + " " + std::to_string(count));
  for (const std::string& name : NamedFaultPoints()) {
    if (!passed.contains(name)) Say("never " + name);
  }
}

}  // namespace
}  // namespace gneiss::engine::testing

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = google::GLOG_FATAL;  // a full disk and torn files are no news here
  CHECK(argc == 2 || argc == 4) << "usage: fault_scenario DIR [POINT PASSING]";
  if (argc == 4) gneiss::engine::testing::KillAtFaultPoint(argv[2], std::atoi(argv[3]));
  gneiss::engine::testing::Scenario(argv[1]).Play();
  gneiss::engine::testing::SayPoints();
}
