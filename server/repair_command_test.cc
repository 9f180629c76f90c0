// SPDX-License-Identifier: Apache-2.0
#include "server/repair_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/engine.h"
#include "engine/testing/batches.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::server {
namespace {

using ::testing::HasSubstr;

class RepairCommandTest : public ::testing::Test {
 protected:
  RepairCommandTest() {
    config_.log_dirs = {dir_.path()};
    engine_ = Open();
    const auto log = *engine_->OpenPartition({"orders", PartitionId(0)}, Uuid::Random(), {});
    EXPECT_TRUE(engine::testing::AppendAndWait(*log, engine::testing::BatchOf({"a"})));
  }

  std::unique_ptr<engine::Engine> Open() {
    engine::EngineOptions options;
    options.data_dirs = {dir_.path()};
    options.metadata_dir = dir_.path();
    return std::move(*engine::Engine::Open(std::move(options)));
  }

  Status Repair(const std::string& store, bool dry_run) {
    out_.str("");
    return RepairStores(config_, store, dry_run, out_);
  }

  engine::testing::TempDir dir_;
  BrokerConfig config_;
  std::unique_ptr<engine::Engine> engine_;
  std::ostringstream out_;
};

TEST_F(RepairCommandTest, TellsWhatItFindsAndDoes) {
  EXPECT_THAT(Repair("", false).error().detail, HasSubstr("in use by another broker"));
  engine_.reset();
  EXPECT_THAT(Repair("store-77", false).error().detail, HasSubstr("no store store-77"));
  ASSERT_TRUE(Repair("", false));
  const std::string store = "store=" + (dir_ / "store-00").string();
  EXPECT_THAT(out_.str(), HasSubstr(store + " whole\n"));

  std::filesystem::remove(dir_ / "store-00" / "CURRENT");
  ASSERT_TRUE(Repair("store-00", true));
  EXPECT_THAT(out_.str(),
              HasSubstr(store + " would be repaired batches_kept=1 records_lost_max=0\n"));
  ASSERT_TRUE(Repair("store-00", false));
  EXPECT_THAT(out_.str(), HasSubstr(" damaged_kept_at=" + (dir_ / "store-00.damaged-").string()));
  ASSERT_TRUE(Repair("store-00", false));
  EXPECT_EQ(out_.str(), store + " whole\n");
}

}  // namespace
}  // namespace gneiss::server
