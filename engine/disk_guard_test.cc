// SPDX-License-Identifier: Apache-2.0
#include "engine/disk_guard.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "engine/testing/fault_file_system.h"
#include "engine/testing/log_fixture.h"
#include "engine/testing/quota_file_system.h"

namespace gneiss::engine {
namespace {

using testing::BatchOf;
using testing::QuotaFileSystem;
using testing::Values;

constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;

// A partition on a volume of a few megabytes.
class DiskGuardTest : public testing::LogFixture {
 protected:
  DiskGuardTest() : testing::LogFixture(std::make_shared<QuotaFileSystem>()) {
    Close();
    engine_options_.disk_free_bytes_min = 2 * kMegabyte;
    engine_options_.disk_reserve_bytes = kMegabyte;
    engine_options_.disk_check_interval = std::chrono::milliseconds(1);
    std::filesystem::remove(reserve());
    disk().Limit(dir_.path(), disk().UsedBytes() + 8 * kMegabyte);
    Open();
    Append({"first"});
    WaitFor([&] { return std::filesystem::exists(reserve()); });
  }

  QuotaFileSystem& disk() { return static_cast<QuotaFileSystem&>(*file_system_); }
  std::filesystem::path reserve() const { return dir_ / format::kReserveFile; }

  template <class Condition>
  static void WaitFor(Condition condition) {
    while (!condition()) std::this_thread::yield();
  }

  // Appends until it is refused. The reason.
  Errc AppendUntilRefused() {
    const Values values{std::string(50'000, 'x')};
    while (true) {
      const auto result = TryAppend(BatchOf(values));
      if (!result) return result.error().code;
    }
  }

  // What somebody else has written to the volume.
  void FillFromOutside() {
    const std::uint64_t size = 1000 * kMegabyte;  // no more than a number: the file is a hole
    std::ofstream(dir_ / "foreign").close();
    std::filesystem::resize_file(dir_ / "foreign", size);
  }
  void RemoveForeign() { std::filesystem::remove(dir_ / "foreign"); }

  void ExpectAppendsGoOn() {
    const Offset end = log_->offsets().log_end;
    Result<AppendResult> result = Fail(Errc::kDiskFull, "");
    WaitFor([&] {
      result = TryAppend(BatchOf({"again"}));
      return result || result.error().code != Errc::kDiskFull;
    });
    ASSERT_TRUE(result.has_value()) << result.error().detail;
    EXPECT_EQ(result->base_offset, end);
  }
};

// Kafka's producers retry what they are answered then, and nothing has to be mended afterwards.
TEST_F(DiskGuardTest, AppendsAreRefusedBeforeTheDiskIsFullAndTheRestGoesOn) {
  EXPECT_EQ(AppendUntilRefused(), Errc::kDiskFull);
  EXPECT_TRUE(store().committer().health().has_value()) << "RocksDB has run into it";
  EXPECT_EQ(ReadAll().front(), "first");
  EXPECT_EQ(*AdvanceLogStart(Offset(1)), Offset(1));
  const std::vector<std::string> records{"a topic is deleted"};
  EXPECT_TRUE(engine_->metadata_log().Append(records).has_value());
  disk().SetLimit(disk().UsedBytes() + 8 * kMegabyte);
  ExpectAppendsGoOn();
}

TEST_F(DiskGuardTest, TheReserveIsGivenUpWhenOthersFillTheVolumeAndTakenBack) {
  FillFromOutside();
  WaitFor([&] { return !std::filesystem::exists(reserve()); });
  EXPECT_EQ(TryAppend(BatchOf({"refused"})).error().code, Errc::kDiskFull);
  EXPECT_EQ(ReadAll(), Values{"first"});
  RemoveForeign();
  ExpectAppendsGoOn();
  WaitFor([&] { return std::filesystem::exists(reserve()); });
}

// The reserve is what the removal is written with.
TEST_F(DiskGuardTest, RecordsCanBeDeletedWithTheReserveOfAFullVolume) {
  disk().SetLimit(disk().UsedBytes());  // the reserve's share is all that there is
  Result<Offset> moved = Fail(Errc::kDiskFull, "");
  WaitFor([&] {
    moved = AdvanceLogStart(Offset(1));
    return moved || moved.error().code != Errc::kDiskFull;
  });
  EXPECT_TRUE(moved.has_value()) << moved.error().detail;
  EXPECT_FALSE(std::filesystem::exists(reserve()));
}

TEST_F(DiskGuardTest, ABrokerKilledOnAFullDiskStartsWithTheReserve) {
  EXPECT_EQ(AppendUntilRefused(), Errc::kDiskFull);
  const Offset end = log_->offsets().log_end;
  Abandon();
  disk().SetLimit(disk().UsedBytes());
  Open();
  EXPECT_EQ(log_->offsets().log_end, end);
  EXPECT_EQ(ReadAll().front(), "first");
  EXPECT_EQ(TryAppend(BatchOf({"refused"})).error().code, Errc::kDiskFull);
  disk().SetLimit(disk().UsedBytes() + 20 * kMegabyte);
  ExpectAppendsGoOn();
}

// Without a limit that is watched RocksDB itself runs into the end of the disk, in the middle of a
// record of its WAL. Killed there or not: what was acknowledged is read back, and nothing else.
TEST_F(DiskGuardTest, ADiskThatEndsInTheMiddleOfAWriteLosesNothingAcknowledged) {
  Close();
  engine_options_.disk_free_bytes_min = 0;
  engine_options_.disk_reserve_bytes = 0;
  Open();
  for (const bool kill : {false, true}) {
    disk().SetLimit(disk().UsedBytes() + 300'000);
    EXPECT_EQ(AppendUntilRefused(), Errc::kDiskFull);
    const Offset end = log_->offsets().log_end;
    if (kill) Abandon();
    disk().SetLimit(disk().UsedBytes() + 8 * kMegabyte);
    if (kill) Open();
    EXPECT_EQ(log_->offsets().log_end, end);
    ExpectAppendsGoOn();
    EXPECT_EQ(std::ssize(ReadAll()), log_->offsets().log_end.value());
  }
}

// The metadata log has nobody who tries for it: the next write does.
TEST(MetadataOnABadDiskTest, AFullDiskIsOverWhenThereIsRoom) {
  const testing::TempDir dir;
  const auto disk = std::make_shared<testing::FaultFileSystem>();
  auto log = *RocksMetadataLog::Open(dir / "metadata", disk);
  const std::vector<std::string> a{"a"}, b{"b"};
  ASSERT_TRUE(log->Append(a).has_value());
  for (const bool sync : {false, true}) {
    if (sync) {
      disk->FailWalSyncs(rocksdb::IOStatus::NoSpace("full"));
    } else {
      disk->FailWalWrites(rocksdb::IOStatus::NoSpace("full"));
    }
    const Offset end = log->log_end();
    for (int i = 0; i < 2; ++i) EXPECT_EQ(log->Append(b).error().code, Errc::kDiskFull);
    disk->FailWalWrites(rocksdb::IOStatus::OK());
    disk->FailWalSyncs(rocksdb::IOStatus::OK());
    Result<Offset> retry = Fail(Errc::kDiskFull, "");
    while (!retry && retry.error().code == Errc::kDiskFull) {  // RocksDB resumes by itself, too
      retry = log->Append(b);
      std::this_thread::yield();
    }
    ASSERT_TRUE(retry.has_value()) << retry.error().detail;
    EXPECT_EQ(*retry, end);
  }
  log.reset();
  log = *RocksMetadataLog::Open(dir / "metadata", disk);
  EXPECT_EQ(log->log_end(), Offset(3));
}

// What an fsync that failed has left on the disk nobody knows.
TEST(MetadataOnABadDiskTest, AFailedFsyncIsSticky) {
  const testing::TempDir dir;
  const auto disk = std::make_shared<testing::FaultFileSystem>();
  auto log = *RocksMetadataLog::Open(dir / "metadata", disk);
  const std::vector<std::string> a{"a"}, b{"b"};
  ASSERT_TRUE(log->Append(a).has_value());
  disk->FailWalSyncs(rocksdb::IOStatus::IOError("a bad sector"));
  EXPECT_EQ(log->Append(b).error().code, Errc::kStorage);
  disk->FailWalSyncs(rocksdb::IOStatus::OK());
  EXPECT_EQ(log->Append(b).error().code, Errc::kStorage);
  EXPECT_EQ(log->SetProperty("name", "value").error().code, Errc::kStorage);
  EXPECT_EQ(log->log_end(), Offset(1));
  disk->CutPower();
  log.reset();
  disk->DropUnsynced();
  log = *RocksMetadataLog::Open(dir / "metadata", disk);
  EXPECT_EQ(log->log_end(), Offset(1));
  EXPECT_EQ(*log->Append(b), Offset(1));
}

}  // namespace
}  // namespace gneiss::engine
