// SPDX-License-Identifier: Apache-2.0
#include "engine/rocksdb_crc32c.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "engine/testing/temp_dir.h"
#include "protocol/base/crc32c.h"
#include "protocol/base/shared_bytes.h"

namespace rocksdb::crc32c {
std::uint32_t Extend(std::uint32_t crc, const char* data, std::size_t size);
}

namespace gneiss::engine {
namespace {

// If the linker drops our definition everything still works, at a third of the speed.
TEST(RocksdbCrc32cTest, RocksDbCallsOurs) {
  testing::TempDir dir;
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, dir / "db", &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  const std::uint64_t before = RocksCrc32cCalls();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), std::to_string(i), "value").ok());
  }
  EXPECT_GE(RocksCrc32cCalls() - before, 100u) << "the WAL's checksums are RocksDB's own";
  const std::uint64_t before_flush = RocksCrc32cCalls();
  ASSERT_TRUE(db->Flush(rocksdb::FlushOptions()).ok());
  EXPECT_GT(RocksCrc32cCalls(), before_flush);
}

TEST(RocksdbCrc32cTest, ItIsCastagnolis) {
  const std::string_view check = "123456789";
  EXPECT_EQ(rocksdb::crc32c::Extend(0, check.data(), check.size()), 0xe3069283u);
  EXPECT_EQ(
      rocksdb::crc32c::Extend(rocksdb::crc32c::Extend(0, check.data(), 4), check.data() + 4, 5),
      0xe3069283u);
  EXPECT_EQ(Crc32c(AsBytes(check)), 0xe3069283u);
}

}  // namespace
}  // namespace gneiss::engine
