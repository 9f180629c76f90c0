// SPDX-License-Identifier: Apache-2.0
//
// What we believe of RocksDB beyond its documentation. When a newer version breaks one of these,
// look for the code that relies on it before you change the test.
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/database.h"
#include "engine/format.h"
#include "engine/rocks_options.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::engine {
namespace {

class RocksdbAssumptionTest : public ::testing::Test {
 protected:
  RocksdbAssumptionTest() { Open(); }
  ~RocksdbAssumptionTest() override { Close(); }

  void Open() {
    auto database =
        Database::Open(dir_ / "db", StoreDbOptions({}), PartitionFamilyOptions({}),
                       {{rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()},
                        {"log", PartitionFamilyOptions({})}},
                       rocksdb::FileSystem::Default());
    ASSERT_TRUE(database.has_value()) << database.error().detail;
    database_ = *database;
    for (const auto& family : Database::TakeFamilies(database_)) {
      if (family->name() == "log") log_ = family;
    }
  }
  void Close() {
    log_.reset();
    database_.reset();
  }

  rocksdb::DB& db() { return database_->db(); }

  void Put(std::int64_t offset, const std::string& value, bool sync = false) {
    const format::BatchKey key = format::EncodeBatchKey(Offset(offset));
    rocksdb::WriteOptions options;
    options.sync = sync;
    Ok(db().Put(options, log_->handle(), {key.data(), key.size()}, value));
  }
  void Flush() { Ok(db().Flush(rocksdb::FlushOptions(), log_->handle())); }
  static void Ok(const rocksdb::Status& status) { ASSERT_TRUE(status.ok()) << status.ToString(); }

  std::unique_ptr<rocksdb::Iterator> Iterate(rocksdb::ReadTier tier = rocksdb::kReadAllTier) {
    rocksdb::ReadOptions options;
    options.pin_data = true;
    options.read_tier = tier;
    return std::unique_ptr<rocksdb::Iterator>(db().NewIterator(options, log_->handle()));
  }
  std::vector<std::string> Values(rocksdb::ReadTier tier = rocksdb::kReadAllTier) {
    std::vector<std::string> values;
    const auto it = Iterate(tier);
    for (it->SeekToFirst(); it->Valid(); it->Next()) values.push_back(it->value().ToString());
    return values;
  }
  std::vector<rocksdb::LiveFileMetaData> Files() {
    std::vector<rocksdb::LiveFileMetaData> files;
    db().GetLiveFilesMetaData(&files);
    std::erase_if(files, [](const auto& file) { return file.column_family_name != "log"; });
    return files;
  }

  testing::TempDir dir_;
  std::shared_ptr<Database> database_;
  std::shared_ptr<Family> log_;
};

using Strings = std::vector<std::string>;

// ReadTier::kMemory depends on it; the header calls this tier unsupported for iterators.
TEST_F(RocksdbAssumptionTest, IteratorsOfTheMemtableTierSeeMemtablesAlone) {
  Put(1, "in a file");
  Flush();
  Put(2, "in memory");
  EXPECT_EQ(Values(rocksdb::kMemtableTier), Strings{"in memory"});
  EXPECT_EQ(Values(), (Strings{"in a file", "in memory"}));
}

TEST_F(RocksdbAssumptionTest, PinnedValuesOfMappedFilesAreNotCopied) {
  for (std::int64_t i = 0; i < 20; ++i) Put(i, std::string(10'000, static_cast<char>('a' + i)));
  Flush();
  const auto one = Iterate(), other = Iterate();
  std::vector<rocksdb::Slice> slices;
  for (one->SeekToFirst(); one->Valid(); one->Next()) slices.push_back(one->value());
  other->SeekToFirst();
  EXPECT_EQ(static_cast<const void*>(slices[0].data()), other->value().data());
  for (std::size_t i = 0; i < slices.size(); ++i) {
    EXPECT_EQ(slices[i].ToString(), std::string(10'000, static_cast<char>('a' + i)));
  }
}

TEST_F(RocksdbAssumptionTest, PinnedValuesOutliveFlushAndDropOfTheFamily) {
  Put(1, "one");
  const auto it = Iterate();
  it->SeekToFirst();
  const rocksdb::Slice value = it->value();
  Flush();
  Ok(db().DropColumnFamily(log_->handle()));
  EXPECT_EQ(value.ToString(), "one");
  // The name is free at once, though the old family is still held.
  rocksdb::ColumnFamilyHandle* again = nullptr;
  Ok(db().CreateColumnFamily(PartitionFamilyOptions({}), "log", &again));
  EXPECT_NE(again->GetID(), log_->id());
  Ok(db().DestroyColumnFamilyHandle(again));
  EXPECT_EQ(value.ToString(), "one");
}

// The order of files and their time of first flush survive; nothing is rewritten.
TEST_F(RocksdbAssumptionTest, FilesThatDoNotOverlapMoveDownUnchanged) {
  for (std::int64_t i = 0; i < 4; ++i) {
    Put(i, "value");
    Flush();
  }
  Ok(db().CompactRange(rocksdb::CompactRangeOptions(), log_->handle(), nullptr, nullptr));
  const auto files = Files();
  EXPECT_EQ(files.size(), 4u);
  for (const auto& file : files) EXPECT_EQ(file.level, 1);
}

TEST_F(RocksdbAssumptionTest, RewritesKeepTheTimeOfTheFirstFlush) {
  Put(1, "a");
  Flush();
  Put(2, "b");
  Flush();
  // Moves both down first, so that no compaction of RocksDB's own is in the way.
  Ok(db().CompactRange(rocksdb::CompactRangeOptions(), log_->handle(), nullptr, nullptr));
  rocksdb::TablePropertiesCollection before, after;
  Ok(db().GetPropertiesOfAllTables(log_->handle(), &before));
  Strings names;
  for (const auto& file : Files()) names.push_back(file.name);
  Ok(db().CompactFiles(rocksdb::CompactionOptions(), log_->handle(), names, 1));
  Ok(db().GetPropertiesOfAllTables(log_->handle(), &after));
  ASSERT_EQ(after.size(), 1u);
  std::uint64_t first = UINT64_MAX;
  for (const auto& [name, table] : before) first = std::min(first, table->creation_time);
  EXPECT_GT(first, 0u);
  EXPECT_EQ(after.begin()->second->creation_time, first);
}

TEST_F(RocksdbAssumptionTest, ARangeDeletedAtTheEndCanBeWrittenAgain) {
  for (std::int64_t i = 0; i < 5; ++i) Put(i, "old");
  Flush();
  const format::BatchKey from = format::EncodeBatchKey(Offset(2));
  const format::BatchKey to = format::EncodeBatchKey(Offset(INT64_MAX));
  Ok(db().DeleteRange(rocksdb::WriteOptions(), log_->handle(), {from.data(), from.size()},
                      {to.data(), to.size()}));
  Put(2, "new");
  EXPECT_EQ(Values(), (Strings{"old", "old", "new"}));
  Flush();
  Ok(db().CompactRange(rocksdb::CompactRangeOptions(), log_->handle(), nullptr, nullptr));
  EXPECT_EQ(Values(), (Strings{"old", "old", "new"}));
}

TEST_F(RocksdbAssumptionTest, AnIteratorDoesNotSeeLaterWrites) {
  Put(1, "a");
  const auto it = Iterate();
  Put(2, "b");
  it->SeekToLast();
  EXPECT_EQ(it->value().ToString(), "a");
}

TEST_F(RocksdbAssumptionTest, RefusedOptionsFilesDoNoHarm) {
  for (const char* name : {"a-0", "b-0"}) {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    Ok(db().CreateColumnFamily(PartitionFamilyOptions({}), name, &handle));
    Ok(db().DestroyColumnFamilyHandle(handle));
  }
  Put(1, "a");
  Close();
  for (const auto& entry : std::filesystem::directory_iterator(dir_ / "db")) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("OPTIONS")) << entry.path();
  }
  Open();
  EXPECT_EQ(Values(), Strings{"a"});
}

// FamilyMaker tells by the number of handles which creation failed.
TEST_F(RocksdbAssumptionTest, BulkCreationStopsAtTheFirstFailure) {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status status =
      db().CreateColumnFamilies(PartitionFamilyOptions({}), {"a-0", "log", "b-0"}, &handles);
  EXPECT_FALSE(status.ok());
  ASSERT_EQ(handles.size(), 1u);
  EXPECT_EQ(handles[0]->GetName(), "a-0");
  Ok(db().DestroyColumnFamilyHandle(handles[0]));
}

// A crash tears the end of the WAL. What is before it comes back, what is behind never does.
TEST_F(RocksdbAssumptionTest, ATornWalLosesItsEndOnly) {
  for (std::int64_t i = 0; i < 10; ++i) Put(i, "value " + std::to_string(i), true);
  rocksdb::VectorLogPtr logs;
  Ok(db().GetSortedWalFiles(logs));
  ASSERT_FALSE(logs.empty());
  const std::filesystem::path wal = (dir_ / "db").string() + logs.back()->PathName();
  logs.clear();
  Close();
  std::filesystem::resize_file(wal, std::filesystem::file_size(wal) - 5);
  Open();
  const Strings values = Values();
  ASSERT_EQ(values.size(), 9u);
  EXPECT_EQ(values.back(), "value 8");
}

// All families of a WriteBatch, or none: an append and its producer's state come back together.
TEST_F(RocksdbAssumptionTest, AWriteBatchOverFamiliesIsTornAsAWhole) {
  rocksdb::WriteBatch batch;
  Ok(batch.Put(log_->handle(), "key", "first half"));
  Ok(batch.Put("key", "second half"));
  rocksdb::WriteOptions options;
  options.sync = true;
  Ok(db().Write(options, &batch));
  rocksdb::VectorLogPtr logs;
  Ok(db().GetSortedWalFiles(logs));
  const std::filesystem::path wal = (dir_ / "db").string() + logs.back()->PathName();
  logs.clear();
  Close();
  std::filesystem::resize_file(wal, std::filesystem::file_size(wal) - 1);
  Open();
  EXPECT_TRUE(Values().empty());
  std::string value;
  EXPECT_TRUE(db().Get(rocksdb::ReadOptions(), "key", &value).IsNotFound());
}

}  // namespace
}  // namespace gneiss::engine
