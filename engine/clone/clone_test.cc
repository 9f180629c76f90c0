// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>

#include "engine/clone/pending_clones.h"
#include "engine/housekeeping/log_files.h"
#include "engine/placement_table.h"
#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::engine {
namespace {

using testing::AppendAndWait;
using testing::BatchOf;
using testing::From;
using ::testing::HasSubstr;
using testing::MarkerOf;
using testing::Values;

class CloneTest : public ::testing::Test {
 protected:
  CloneTest() { Open(); }

  void Open() {
    EngineOptions options;
    options.data_dirs = {dir_.path()};
    options.metadata_dir = dir_.path();
    auto engine = RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
    ASSERT_TRUE(engine) << engine.error().detail;
    engine_ = std::move(*engine);
    source_ = Partition("orders", source_id_);
  }
  // Without a clean shutdown.
  void Reopen() {
    source_.reset();
    engine_.reset();
    Open();
  }
  std::shared_ptr<PartitionLog> Partition(const std::string& topic, const Uuid& id) {
    LogConfig config;
    config.retention_ms = -1;  // the records are of 1970
    auto log = engine_->OpenPartition({topic, PartitionId(0)}, id, config);
    EXPECT_TRUE(log) << log.error().detail;
    return *log;
  }
  Status TryClone(const Uuid& id, ClonePoint at = {}) {
    const PartitionToClone clone{.source = {"orders", PartitionId(0)},
                                 .source_id = source_id_,
                                 .target = {"copy", PartitionId(0)},
                                 .target_id = id,
                                 .at = at};
    return engine_->ClonePartitions({&clone, 1});
  }
  std::shared_ptr<PartitionLog> Clone(ClonePoint at = {}) {
    const Uuid id = Uuid::Random();
    const Status cloned = TryClone(id, at);
    EXPECT_TRUE(cloned) << cloned.error().detail;
    return Partition("copy-of-" + id.ToString(), id);
  }
  Offset Append(const Values& values, const From& from = {},
                const std::vector<TimestampMs>& timestamps = {}) {
    const auto result = AppendAndWait(*source_, BatchOf(values, from, timestamps));
    EXPECT_TRUE(result) << result.error().detail;
    return result->base_offset;
  }
  static Values ReadAll(const PartitionLog& log) {
    const LogOffsets offsets = log.offsets();
    const auto view = log.Read(
        offsets.log_start,
        {.bytes_max = std::numeric_limits<std::size_t>::max(), .upper_bound = offsets.log_end});
    EXPECT_TRUE(view) << view.error().detail;
    return testing::ValuesOf(*view);
  }
  std::size_t Families() const { return engine_->stores().front()->PartitionFamilies().size(); }

  testing::TempDir dir_;
  const Uuid source_id_ = Uuid::Random();
  std::unique_ptr<RocksEngine> engine_;
  std::shared_ptr<PartitionLog> source_;
};

constexpr ClonePoint AtOffset(std::int64_t offset) { return {ClonePoint::Kind::kOffset, offset}; }
constexpr ClonePoint AtTime(std::int64_t ms) { return {ClonePoint::Kind::kTimestamp, ms}; }

TEST_F(CloneTest, HoldsTheSameRecordsAtTheSameOffsetsAndGoesItsOwnWay) {
  Append({"a", "b"});
  Append({"c"});
  const auto clone = Clone();
  EXPECT_EQ(ReadAll(*clone), (Values{"a", "b", "c"}));
  EXPECT_EQ(clone->offsets().log_end, Offset(3));
  EXPECT_EQ(clone->size_bytes(), source_->size_bytes());
  EXPECT_EQ(Append({"of source"}), Offset(3));
  EXPECT_EQ(AppendAndWait(*clone, BatchOf({"of clone"}))->base_offset, Offset(3));
  EXPECT_EQ(ReadAll(*clone), (Values{"a", "b", "c", "of clone"}));
  EXPECT_EQ(ReadAll(*source_), (Values{"a", "b", "c", "of source"}));
}

TEST_F(CloneTest, SurvivesARestartAndItsSourcesRemoval) {
  Append({"a", "b"});
  const Uuid id = Uuid::Random();
  ASSERT_TRUE(TryClone(id));
  ASSERT_TRUE(AppendAndWait(*Partition("copy", id), BatchOf({"c"})));
  engine_->DropPartition({"orders", PartitionId(0)}, source_id_);
  Reopen();
  EXPECT_EQ(ReadAll(*Partition("copy", id)), (Values{"a", "b", "c"}));
  engine_->DropRemoved([](const Uuid&) { return false; });
  EXPECT_EQ(ReadAll(*Partition("copy", id)), (Values{"a", "b", "c"}));
}

TEST_F(CloneTest, OfNothingIsNothing) {
  EXPECT_EQ(ReadAll(*Clone()), Values());
  EXPECT_EQ(Families(), 0u);
}

TEST_F(CloneTest, EndsBetweenBatchesAtOrBeforeAnOffset) {
  Append({"a", "b"});
  Append({"c", "d"});
  Append({"e"});
  EXPECT_EQ(ReadAll(*Clone(AtOffset(0))), Values());
  EXPECT_EQ(ReadAll(*Clone(AtOffset(2))), (Values{"a", "b"}));
  EXPECT_EQ(ReadAll(*Clone(AtOffset(3))), (Values{"a", "b"}));
  EXPECT_EQ(ReadAll(*Clone(AtOffset(4))), (Values{"a", "b", "c", "d"}));
  EXPECT_EQ(ReadAll(*Clone(AtOffset(100))), (Values{"a", "b", "c", "d", "e"}));
  const auto clone = Clone(AtOffset(2));
  EXPECT_EQ(AppendAndWait(*clone, BatchOf({"x"}))->base_offset, Offset(2));
  EXPECT_EQ(ReadAll(*clone), (Values{"a", "b", "x"}));
  EXPECT_LT(Clone(AtOffset(2))->size_bytes(), Clone(AtOffset(4))->size_bytes());
}

TEST_F(CloneTest, EndsBeforeATime) {
  Append({"a"}, {}, {1000});
  Append({"b"}, {}, {2000});
  Append({"c"}, {}, {3000});
  EXPECT_EQ(ReadAll(*Clone(AtTime(2000))), (Values{"a"}));
  EXPECT_EQ(ReadAll(*Clone(AtTime(2001))), (Values{"a", "b"}));
  EXPECT_EQ(ReadAll(*Clone(AtTime(9999))), (Values{"a", "b", "c"}));
}

TEST_F(CloneTest, StartsWhereItsSourceDoes) {
  for (int i = 0; i < 5; ++i) Append({std::to_string(i)});
  ASSERT_TRUE(testing::AdvanceLogStartAndWait(*source_, Offset(3)));
  const auto clone = Clone();
  EXPECT_EQ(clone->offsets().log_start, Offset(3));
  EXPECT_EQ(ReadAll(*clone), (Values{"3", "4"}));
  const Status below = TryClone(Uuid::Random(), AtOffset(2));
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().code, Errc::kOutOfRange);
  const auto empty = Clone(AtOffset(3));
  EXPECT_EQ(ReadAll(*empty), Values());
  EXPECT_EQ(AppendAndWait(*empty, BatchOf({"x"}))->base_offset, Offset(3));
}

TEST_F(CloneTest, KnowsProducersAsTheyWereThere) {
  for (int i = 0; i < 4; ++i) Append({std::to_string(i)}, {.producer_id = 7, .sequence = i});
  Append({"late"}, {.producer_id = 8});
  const auto whole = Clone();
  EXPECT_TRUE(AppendAndWait(*whole, BatchOf({"3"}, {.producer_id = 7, .sequence = 3}))->duplicate);
  EXPECT_TRUE(AppendAndWait(*whole, BatchOf({"4"}, {.producer_id = 7, .sequence = 4})));
  const auto early = Clone(AtOffset(2));
  EXPECT_TRUE(AppendAndWait(*early, BatchOf({"1"}, {.producer_id = 7, .sequence = 1}))->duplicate);
  const auto next = AppendAndWait(*early, BatchOf({"2"}, {.producer_id = 7, .sequence = 2}));
  ASSERT_TRUE(next) << next.error().detail;
  EXPECT_FALSE(next->duplicate);
  EXPECT_EQ(next->base_offset, Offset(2));
  EXPECT_FALSE(AppendAndWait(*early, BatchOf({"late"}, {.producer_id = 8}))->duplicate);
}

TEST_F(CloneTest, KnowsLeaderEpochsUpToItsEnd) {
  ASSERT_TRUE(source_->BeginLeaderEpoch(LeaderEpoch(0)));
  Append({"a"});
  ASSERT_TRUE(source_->BeginLeaderEpoch(LeaderEpoch(5)));
  Append({"b"});
  EXPECT_EQ(Clone()->EpochAt(Offset(1)), LeaderEpoch(5));
  EXPECT_EQ(Clone(AtOffset(1))->leader_epoch(), LeaderEpoch(0));
}

// An open transaction would never end in the clone: its coordinator knows nothing of it.
TEST_F(CloneTest, EndsAtTheLastStableOffset) {
  Append({"a"});
  Append({"b"}, {.producer_id = 7, .transactional = true});
  Append({"c"});
  const auto open = Clone();
  EXPECT_EQ(ReadAll(*open), (Values{"a"}));
  EXPECT_EQ(open->offsets().last_stable, Offset(1));
  ASSERT_TRUE(AppendAndWait(*source_, MarkerOf(records::ControlType::kAbort, {.producer_id = 7})));
  const auto ended = Clone();
  EXPECT_EQ(ended->offsets().log_end, Offset(4));
  EXPECT_EQ(ended->offsets().last_stable, Offset(4));
  ASSERT_EQ(ended->AbortedTransactions(Offset(0), Offset(4)).size(), 1u);
  EXPECT_EQ(ended->AbortedTransactions(Offset(0), Offset(4))[0].first_offset, Offset(1));
  const Status between = TryClone(Uuid::Random(), AtOffset(2));
  ASSERT_FALSE(between);
  EXPECT_THAT(between.error().detail, HasSubstr("holds transactions"));
}

// What the source's files tell of themselves is not true of a clone that ends within one.
TEST_F(CloneTest, CutWithinAFileItKeepsAndFindsWhatIsAppendedThere) {
  constexpr TimestampMs kOld = 1'000'000, kFresh = 2'000'000'000;
  for (int i = 0; i < 6; ++i) Append({std::to_string(i)}, {}, {kOld + i});
  Store& store = *engine_->stores().front();
  const auto flush = [&store](const Uuid& topic) {
    const auto family = store.FindFamily({topic, PartitionId(0)});
    return store.db().Flush(rocksdb::FlushOptions(), family->handle()).ok();
  };
  ASSERT_TRUE(flush(source_id_));
  for (int i = 6; i < 9; ++i) Append({std::to_string(i)}, {}, {kOld + i});
  const Uuid id = Uuid::Random();
  ASSERT_TRUE(TryClone(id, AtOffset(4)));
  const auto family = store.FindFamily({id, PartitionId(0)});
  ASSERT_NE(family, nullptr);
  LogFiles files;
  ASSERT_TRUE(files.Refresh(family));
  ASSERT_EQ(files.files().size(), 1u);
  EXPECT_EQ(files.end(), Offset(4));
  EXPECT_EQ(files.files().front().newest, kOld + 3);

  const auto clone = Partition("copy", id);
  ASSERT_TRUE(AppendAndWait(*clone, BatchOf({"new"}, {}, {kFresh})));
  const auto found = clone->FindTimestamp(kFresh, clone->offsets().log_end);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->offset, Offset(4));
  EXPECT_FALSE(clone->FindTimestamp(kFresh + 1, clone->offsets().log_end)->has_value());
  ASSERT_TRUE(flush(id));
  ASSERT_TRUE(files.Refresh(family));
  ASSERT_EQ(files.files().size(), 2u);
  EXPECT_EQ(files.files().front().max_offset, Offset(3));  // all that is old enough to expire
  EXPECT_EQ(files.files().back().min_offset, Offset(4));
  EXPECT_EQ(files.files().back().newest, kFresh);
  EXPECT_EQ(ReadAll(*clone), (Values{"0", "1", "2", "3", "new"}));
}

// The metadata never heard of it: the next start takes it away, and nothing else.
TEST_F(CloneTest, AnInterruptedOneIsDropped) {
  Append({"a"});
  const Uuid kept = Uuid::Random();
  ASSERT_TRUE(TryClone(kept));
  Partition("copy", kept);
  ASSERT_TRUE(TryClone(Uuid::Random()));
  EXPECT_EQ(Families(), 3u);
  Reopen();
  Partition("copy", kept);
  engine_->DropRemoved([](const Uuid&) { return false; });
  Reopen();  // waits for what is dropped in the background
  EXPECT_EQ(Families(), 2u);
  engine_->DropRemoved([](const Uuid&) { return false; });  // notes that it is gone
  Reopen();
  EXPECT_EQ(ReadAll(*Partition("copy", kept)), (Values{"a"}));
  EXPECT_TRUE(engine_->stores().front()->clones().List().empty());
}

// Killed between the import and the binding: a family that holds data and has no owner.
TEST_F(CloneTest, AFamilyThatWasBeingFilledIsDroppedAtOpen) {
  Append({"a"});
  Store& store = *engine_->stores().front();
  const format::PartitionRef ref{Uuid::Random(), PartitionId(0)};
  ASSERT_TRUE(store.clones().Begin(ref, "half-0", store.committer()));
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  ASSERT_TRUE(store.db().CreateColumnFamily({}, "half-0", &handle).ok());
  ASSERT_TRUE(store.db().Put({}, handle, "key", "value").ok());
  store.db().DestroyColumnFamilyHandle(handle);
  Reopen();
  engine_->DropRemoved([](const Uuid&) { return false; });
  Reopen();
  std::vector<std::string> names;
  engine_.reset();
  source_.reset();
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, (dir_ / "store-00").string(), &names).ok());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("default", "state", "orders-0"));
}

// Killed when family and mark of an interrupted clone were gone and its placement was not. No
// topic's removal is on record that would tell a later start to forget it.
TEST_F(CloneTest, WhereAnInterruptedOneWasIsForgotten) {
  Append({"a"});
  PlacementTable placements(dynamic_cast<RocksMetadataLog&>(engine_->metadata_log()));
  format::Placement store_of_source;
  ASSERT_TRUE(placements.Load([&](const format::PartitionRef&, const format::Placement& placement) {
    store_of_source = placement;
  }));
  const format::PartitionRef clone{Uuid::Random(), PartitionId(0)};
  ASSERT_TRUE(placements.Record({&clone, 1}, store_of_source));
  Reopen();
  EXPECT_EQ(engine_->Stats(0).stores.front().partitions, 2u);
  engine_->DropRemoved([](const Uuid&) { return false; });
  EXPECT_EQ(engine_->Stats(0).stores.front().partitions, 1u);
  Reopen();
  EXPECT_EQ(engine_->Stats(0).stores.front().partitions, 1u);
  EXPECT_EQ(ReadAll(*source_), (Values{"a"}));
}

TEST_F(CloneTest, UnderLoadIsAPrefixOfItsSource) {
  std::atomic<bool> stop = false;
  std::thread producer([&] {
    for (int i = 0; !stop; ++i) Append({std::to_string(i)}, {.producer_id = 7, .sequence = i});
  });
  for (int round = 0; round < 5; ++round) {
    const auto clone = Clone();
    const Values values = ReadAll(*clone);
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], std::to_string(i));
    const auto next = AppendAndWait(
        *clone, BatchOf({"next"},
                        {.producer_id = 7, .sequence = static_cast<std::int32_t>(values.size())}));
    ASSERT_TRUE(next) << next.error().detail;
    EXPECT_EQ(next->base_offset, Offset(static_cast<std::int64_t>(values.size())));
  }
  stop = true;
  producer.join();
}

}  // namespace
}  // namespace gneiss::engine
