// SPDX-License-Identifier: Apache-2.0
#include "engine/metadata_log.h"

#include <gtest/gtest.h>

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

  std::vector<std::string> ReplayAll() {
    std::vector<std::string> records;
    const Status replayed = log_->Replay([&](Offset offset, std::span<const std::byte> record) {
      EXPECT_EQ(offset, Offset(std::ssize(records)));
      records.emplace_back(AsText(record));
      return Status();
    });
    EXPECT_TRUE(replayed.has_value());
    return records;
  }

  testing::TempDir dir_;
  std::unique_ptr<MetadataLog> log_;
};

using Records = std::vector<std::string>;

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

}  // namespace
}  // namespace gneiss::engine
