// SPDX-License-Identifier: Apache-2.0
#include "engine/housekeeping/log_filter.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/rocks_status.h"
#include "engine/testing/log_fixture.h"

namespace gneiss::engine {
namespace {

class LogFilterTest : public testing::LogFixture {
 protected:
  LogFilterTest() {
    for (int i = 0; i < 10; ++i) Append({"a" + std::to_string(i), "b" + std::to_string(i)});
    Flush();
  }

  void CompactAll() {
    const rocksdb::Status status =
        store().db().CompactRange(rocksdb::CompactRangeOptions(), family(), nullptr, nullptr);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  int KeysOnDisk() const {
    const std::unique_ptr<rocksdb::Iterator> it(
        store().db().NewIterator(rocksdb::ReadOptions(), family()));
    int keys = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) ++keys;
    return keys;
  }
};

TEST_F(LogFilterTest, WithoutALogStartEverythingStays) {
  CompactAll();
  EXPECT_EQ(KeysOnDisk(), 10);
}

TEST_F(LogFilterTest, BatchesWhollyBelowTheLogStartGo) {
  ASSERT_TRUE(AdvanceLogStart(Offset(8)));
  CompactAll();
  EXPECT_EQ(KeysOnDisk(), 6);
  EXPECT_EQ(ReadAll().front(), "a4");
}

TEST_F(LogFilterTest, ABatchThatHoldsTheLogStartStays) {
  ASSERT_TRUE(AdvanceLogStart(Offset(9)));
  CompactAll();
  EXPECT_EQ(KeysOnDisk(), 6);
}

TEST_F(LogFilterTest, AReopenedLogKnowsItsLogStart) {
  ASSERT_TRUE(AdvanceLogStart(Offset(20)));
  Reopen();
  CompactAll();
  EXPECT_EQ(KeysOnDisk(), 0);
  EXPECT_EQ(Append({"next"}), Offset(20));
}

class EveryOther : public BatchCleaner {
 public:
  Verdict Judge(std::span<const std::byte> batch, std::string* rewritten) const override {
    const auto header = records::BatchHeader::Parse(batch);
    if (header->base_offset.value() % 4 == 0) return Verdict::kRemove;
    if (header->base_offset.value() % 4 == 1) return Verdict::kKeep;
    rewritten->assign(AsText(batch));
    return Verdict::kRewrite;
  }
};

TEST_F(LogFilterTest, ACleanerIsAskedAboutEveryBatchThatStays) {
  ASSERT_TRUE(AdvanceLogStart(Offset(4)));
  const auto rules = store().FindFamily({topic_id_, tp_.partition})->rules();
  rules->SetCleaner(std::make_shared<EveryOther>());
  CompactAll();
  EXPECT_EQ(KeysOnDisk(), 4) << "the bases 6, 10, 14 and 18";
  rules->SetCleaner(nullptr);
  CompactAll();
  EXPECT_EQ(KeysOnDisk(), 4);
}

}  // namespace
}  // namespace gneiss::engine
