// SPDX-License-Identifier: Apache-2.0
#include "engine/family_maker.h"

#include <gtest/gtest.h>

#include <future>

#include "engine/testing/temp_dir.h"

namespace gneiss::engine {
namespace {

class FamilyMakerTest : public ::testing::Test {
 protected:
  FamilyMakerTest() {
    auto database =
        Database::Open(dir_ / "db", StoreDbOptions({}), PartitionFamilyOptions({}),
                       {{rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()}},
                       rocksdb::FileSystem::Default());
    EXPECT_TRUE(database.has_value()) << database.error().detail;
    database_ = *database;
    opened_ = Database::TakeFamilies(database_);
    maker_ = std::make_unique<FamilyMaker>(database_, PartitionFamilyOptions({}), nullptr);
  }

  using Made = Result<std::shared_ptr<Family>>;
  std::future<Made> Create(const std::string& name) {
    std::promise<Made> promise;
    std::future<Made> future = promise.get_future();
    maker_->Create(name, {}, [promise = std::move(promise)](Made made) mutable {
      promise.set_value(std::move(made));
    });
    return future;
  }
  std::future<bool> Drop(std::shared_ptr<Family> family) {
    std::promise<bool> promise;
    std::future<bool> future = promise.get_future();
    maker_->Drop(std::move(family), [promise = std::move(promise)](const Status& dropped) mutable {
      promise.set_value(dropped.has_value());
    });
    return future;
  }

  testing::TempDir dir_;
  std::shared_ptr<Database> database_;
  std::vector<std::shared_ptr<Family>> opened_;
  std::unique_ptr<FamilyMaker> maker_;
};

TEST_F(FamilyMakerTest, EveryoneGetsTheFamilyThatWasAskedFor) {
  std::vector<std::future<Made>> made;
  for (int i = 0; i < 50; ++i) made.push_back(Create("orders-" + std::to_string(i)));
  for (int i = 0; i < 50; ++i) {
    const Made family = made[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(family.has_value()) << family.error().detail;
    EXPECT_EQ((*family)->name(), "orders-" + std::to_string(i));
  }
}

TEST_F(FamilyMakerTest, OneThatCannotBeMadeDoesNotHarmTheOthers) {
  auto first = Create("orders-0");
  auto again = Create("orders-0");
  auto other = Create("orders-1");
  EXPECT_TRUE(first.get().has_value());
  EXPECT_FALSE(again.get().has_value());
  EXPECT_TRUE(other.get().has_value());
}

TEST_F(FamilyMakerTest, ANameMayBeUsedAgainBehindItsDrop) {
  const std::shared_ptr<Family> old = *Create("orders-0").get();
  auto dropped = Drop(old);
  const Made again = Create("orders-0").get();
  EXPECT_TRUE(dropped.get());
  ASSERT_TRUE(again.has_value()) << again.error().detail;
  EXPECT_NE((*again)->id(), old->id());
}

TEST_F(FamilyMakerTest, AfterStopEverythingIsRefused) {
  auto before = Create("orders-0");
  maker_->Stop();
  EXPECT_TRUE(before.get().has_value());
  EXPECT_EQ(Create("orders-1").get().error().code, Errc::kShuttingDown);
}

}  // namespace
}  // namespace gneiss::engine
