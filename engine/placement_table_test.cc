// SPDX-License-Identifier: Apache-2.0
#include "engine/placement_table.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "engine/testing/temp_dir.h"

namespace gneiss::engine {
namespace {

constexpr std::int32_t kThreads = 8;
constexpr std::int32_t kPartitionsEach = 50;

// Each of the threads records its partitions one by one, as the makers of that many stores do.
TEST(PlacementTable, KeepsWhatManyThreadsRecordAtTheSameTime) {
  const testing::TempDir dir;
  auto metadata = RocksMetadataLog::Open(dir / "metadata", rocksdb::FileSystem::Default());
  ASSERT_TRUE(metadata.has_value()) << metadata.error().detail;
  auto table = std::make_unique<PlacementTable>(**metadata);
  const Uuid topic = Uuid::Random();
  const Uuid directory = Uuid::Random();
  std::vector<std::thread> threads;
  for (std::int32_t store = 0; store < kThreads; ++store) {
    threads.emplace_back([&, store] {
      for (std::int32_t i = 0; i < kPartitionsEach; ++i) {
        const format::PartitionRef ref{topic, PartitionId(store * kPartitionsEach + i)};
        EXPECT_TRUE(table->Record({&ref, 1}, {.directory_id = directory, .store = store}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  table.reset();
  metadata->reset();
  metadata = RocksMetadataLog::Open(dir / "metadata", rocksdb::FileSystem::Default());
  ASSERT_TRUE(metadata.has_value()) << metadata.error().detail;
  std::map<std::int32_t, std::int32_t> stores;  // by partition
  ASSERT_TRUE(PlacementTable(**metadata)
                  .Load([&](const format::PartitionRef& ref, const format::Placement& placement) {
                    EXPECT_EQ(placement.directory_id, directory);
                    stores[ref.partition.value()] = placement.store;
                  }));
  ASSERT_EQ(stores.size(), kThreads * kPartitionsEach);
  for (const auto& [partition, store] : stores) EXPECT_EQ(store, partition / kPartitionsEach);
}

}  // namespace
}  // namespace gneiss::engine
