// SPDX-License-Identifier: Apache-2.0
#include "engine/metadata_log.h"

#include <gtest/gtest.h>

#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "engine/rocks_metadata_log.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::engine {
namespace {

class MetadataLogTest : public ::testing::Test {
 protected:
  MetadataLogTest() { Open(); }

  void Open() {
    log_.reset();
    auto log = RocksMetadataLog::Open(dir_ / "metadata", rocksdb::FileSystem::Default());
    ASSERT_TRUE(log.has_value()) << log.error().detail;
    log_ = std::move(*log);
  }

  Offset Append(const std::vector<std::string>& records) { return log_->Append(records).value(); }

  using Records = std::vector<std::string>;

  // The records of the snapshot as they are, the others with their offsets checked.
  Records ReplayAll() {
    Records records;
    Offset next = log_->snapshot_end();
    const Status replayed = log_->Replay([&](Offset offset, std::span<const std::byte> record) {
      if (offset >= log_->snapshot_end()) {
        EXPECT_EQ(offset, next);
        ++next;
      }
      records.emplace_back(AsText(record));
      return Status();
    });
    EXPECT_TRUE(replayed.has_value());
    EXPECT_EQ(next, log_->log_end());
    return records;
  }

  Status TakeSnapshot(Offset end, const Records& records) {
    return log_->WriteSnapshot(end, [&](const MetadataLog::SnapshotSink& sink) -> Status {
      for (const std::string& record : records) GNEISS_RETURN_IF_ERROR(sink(record));
      return {};
    });
  }

  std::size_t KeysStored() {
    std::size_t count = 0;
    const std::unique_ptr<rocksdb::Iterator> it(log_->db().NewIterator(rocksdb::ReadOptions()));
    for (it->SeekToFirst(); it->Valid(); it->Next()) ++count;
    return count;
  }

  testing::TempDir dir_;
  std::unique_ptr<RocksMetadataLog> log_;
};

TEST_F(MetadataLogTest, RecordsComeBackInOrderAfterReopen) {
  EXPECT_EQ(log_->log_end(), Offset(0));
  EXPECT_EQ(Append({"a", "b"}), Offset(0));
  EXPECT_EQ(Append({"c"}), Offset(2));
  EXPECT_EQ(ReplayAll(), (Records{"a", "b", "c"}));
  Open();
  EXPECT_EQ(log_->log_end(), Offset(3));
  EXPECT_EQ(Append({"", std::string("\0", 1)}), Offset(3));
  EXPECT_EQ(ReplayAll(), (Records{"a", "b", "c", "", std::string("\0", 1)}));
}

TEST_F(MetadataLogTest, ReplayStopsAtTheFirstError) {
  Append({"a", "b", "c"});
  int calls = 0;
  const Status replayed = log_->Replay([&](Offset offset, std::span<const std::byte>) -> Status {
    ++calls;
    if (offset == Offset(1)) return Fail(Errc::kCorrupt, "b is not to my taste");
    return {};
  });
  EXPECT_EQ(replayed.error().code, Errc::kCorrupt);
  EXPECT_EQ(calls, 2);
}

TEST_F(MetadataLogTest, PropertiesAreNotRecords) {
  EXPECT_EQ(log_->GetProperty("cluster.id").error().code, Errc::kNotFound);
  ASSERT_TRUE(log_->SetProperty("cluster.id", "one"));
  ASSERT_TRUE(log_->SetProperty("cluster.id", "two"));
  EXPECT_EQ(log_->log_end(), Offset(0));
  Append({"a"});
  Open();
  EXPECT_EQ(*log_->GetProperty("cluster.id"), "two");
  EXPECT_EQ(ReplayAll(), Records{"a"});
}

TEST_F(MetadataLogTest, ASnapshotTakesThePlaceOfTheRecordsBelowItsEnd) {
  Append({"a", "b", "c", "d"});
  ASSERT_TRUE(TakeSnapshot(Offset(3), {"a+b+c"}));
  EXPECT_EQ(log_->snapshot_end(), Offset(3));
  EXPECT_EQ(ReplayAll(), (Records{"a+b+c", "d"}));
  Open();
  EXPECT_EQ(log_->snapshot_end(), Offset(3));
  EXPECT_EQ(log_->log_end(), Offset(4));
  EXPECT_EQ(ReplayAll(), (Records{"a+b+c", "d"}));
  EXPECT_EQ(KeysStored(), 3u) << "the snapshot, its record, and the one behind it";
}

TEST_F(MetadataLogTest, ALogThatIsAllSnapshotGoesOnBehindIt) {
  Append({"a", "b"});
  ASSERT_TRUE(TakeSnapshot(Offset(2), {"A", "B"}));
  Open();
  EXPECT_EQ(log_->log_end(), Offset(2));
  EXPECT_EQ(Append({"c"}), Offset(2));
  ASSERT_TRUE(TakeSnapshot(Offset(3), {"all"}));
  Open();
  EXPECT_EQ(ReplayAll(), Records{"all"});
  EXPECT_EQ(KeysStored(), 2u);
}

TEST_F(MetadataLogTest, ASnapshotThatReachesNoFurtherChangesNothing) {
  Append({"a", "b"});
  ASSERT_TRUE(TakeSnapshot(Offset(2), {"A"}));
  ASSERT_TRUE(TakeSnapshot(Offset(1), {"B"}));
  ASSERT_TRUE(TakeSnapshot(Offset(2), {"C"}));
  EXPECT_EQ(ReplayAll(), Records{"A"});
}

// Several pieces of it are on disk then, which the next snapshot takes away.
TEST_F(MetadataLogTest, ASnapshotThatFailsHalfWayLeavesTheLogAsItWas) {
  Append({"a", "b"});
  const std::string large(100'000, 'x');
  const Status failed =
      log_->WriteSnapshot(Offset(2), [&](const MetadataLog::SnapshotSink& sink) -> Status {
        for (int i = 0; i < 10; ++i) GNEISS_RETURN_IF_ERROR(sink(large));
        return Fail(Errc::kInvalidArgument, "enough");
      });
  EXPECT_EQ(failed.error().code, Errc::kInvalidArgument);
  EXPECT_GT(KeysStored(), 2u);
  Open();
  EXPECT_EQ(ReplayAll(), (Records{"a", "b"}));
  ASSERT_TRUE(TakeSnapshot(Offset(2), {"a+b"}));
  EXPECT_EQ(ReplayAll(), Records{"a+b"});
  EXPECT_EQ(KeysStored(), 2u);
}

TEST_F(MetadataLogTest, ASnapshotOfManyPiecesComesBackWhole) {
  Append({"a", "b"});
  Records records;
  for (int i = 0; i < 3'000; ++i) records.push_back(std::to_string(i) + std::string(300, 'x'));
  ASSERT_TRUE(TakeSnapshot(Offset(2), records));
  Open();
  EXPECT_EQ(ReplayAll(), records);
}

TEST_F(MetadataLogTest, MissingRecordsAreDamage) {
  const auto replay = [this] {
    return log_->Replay([](Offset, std::span<const std::byte>) { return Status(); });
  };
  Append({"a", "b", "c", "d"});
  ASSERT_TRUE(log_->db().Delete({}, format::MetadataRecordKey(Offset(1))).ok());
  EXPECT_EQ(replay().error().code, Errc::kCorrupt);
  ASSERT_TRUE(TakeSnapshot(Offset(3), {"a", "b", "c"}));
  EXPECT_TRUE(replay().has_value());
  const std::string second =
      format::MetadataSnapshotRecordKey({.snapshot_end = Offset(3), .index = 1});
  ASSERT_TRUE(log_->db().Delete({}, second).ok());
  EXPECT_EQ(replay().error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace gneiss::engine
