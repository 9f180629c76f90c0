// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "engine/rocks_engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::engine {
namespace {

class FixedClock : public Clock {
 public:
  TimestampMs WallMs() const override { return 1000; }
  TimePoint Now() const override { return TimePoint(); }
};

std::string Hex(const rocksdb::Slice& bytes) { return bytes.ToString(true); }

std::map<std::string, std::string> Dump(const Family& family) {
  std::map<std::string, std::string> pairs;
  const std::unique_ptr<rocksdb::Iterator> it(
      family.db().NewIterator(rocksdb::ReadOptions(), family.handle()));
  for (it->SeekToFirst(); it->Valid(); it->Next()) pairs[Hex(it->key())] = Hex(it->value());
  return pairs;
}

// The worked example of docs/on-disk-format.md, written by the engine itself.
TEST(StoredBytesTest, AreThoseOfTheDocumentation) {
  testing::TempDir dir;
  FixedClock clock;
  EngineOptions options;
  options.data_dirs = {dir.path()};
  options.metadata_dir = dir.path();
  options.clock = &clock;
  auto engine = RocksEngine::Open(std::move(options), rocksdb::FileSystem::Default());
  ASSERT_TRUE(engine.has_value()) << engine.error().detail;
  Uuid topic_id;
  for (std::uint8_t i = 0; i < 16; ++i) topic_id.bytes[i] = static_cast<std::uint8_t>(0xa0 + i);
  auto log = (*engine)->OpenPartition({"orders", PartitionId(3)}, topic_id, {});
  ASSERT_TRUE(log.has_value()) << log.error().detail;
  ASSERT_TRUE((*log)->BeginLeaderEpoch(LeaderEpoch(0)));
  ASSERT_TRUE(
      testing::AppendAndWait(
          **log, testing::BatchOf({"a", "b"}, {.producer_id = 7, .epoch = 2, .sequence = 0}))
          .has_value());

  const Store& store = *(*engine)->stores().front();
  const auto family = store.FindFamily({topic_id, PartitionId(3)});
  ASSERT_NE(family, nullptr);
  EXPECT_EQ(family->name(), "orders-3");
  const auto batches = Dump(*family);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches.begin()->first, "0000000000000001");
  EXPECT_EQ(batches.begin()->second.substr(0, 34),
            "0000000000000000"
            "00000041"
            "00000000"
            "02");
  EXPECT_EQ(batches.begin()->second.substr(42, 12),
            "0000"
            "00000001");

  const std::string ref = "02A0A1A2A3A4A5A6A7A8A9AAABACADAEAF00000003";
  const std::map<std::string, std::string> facts{
      {"016F72646572732D33", "01A0A1A2A3A4A5A6A7A8A9AAABACADAEAF0000000300000002"},
      {ref + "03"
             "00000000",
       "01"
       "0000000000000000"},
      {ref + "04"
             "0000000000000007",
       "01"
       "0002"
       "01"
       "01"
       "D00F"
       "D00F"
       "01"
       "020202D00F"}};
  EXPECT_EQ(Dump(store.state()), facts);
}

}  // namespace
}  // namespace gneiss::engine
