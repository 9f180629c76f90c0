// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/update_features.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/metadata/features.h"
#include "server/metadata/metadata_source.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using protocol::UpdateFeaturesRequest;
using protocol::UpdateFeaturesResponse;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int8_t kUpgrade = 1;
constexpr std::int8_t kSafeDowngrade = 2;
constexpr std::int8_t kUnsafeDowngrade = 3;
const std::string kElr(kEligibleLeaderReplicasFeature);

class UpdateFeaturesTest : public ::testing::Test {
 protected:
  UpdateFeaturesResponse Call(const std::string& feature, std::int16_t level, std::int8_t direction,
                              std::int16_t version = 2, bool validate_only = false) {
    UpdateFeaturesRequest request;
    auto& update = request.feature_updates.emplace_back();
    update.feature = feature;
    update.max_version_level = level;
    if (version == 0) {
      update.allow_downgrade = direction != kUpgrade;
    } else {
      update.upgrade_type = direction;
      request.validate_only = validate_only;
    }
    return client_.Call<UpdateFeaturesRequest, UpdateFeaturesResponse>(request, version);
  }
  ErrorCode Update(const std::string& feature, std::int16_t level, std::int8_t direction) {
    return protocol::ErrorCodeFromWire(Call(feature, level, direction).error_code);
  }
  std::int16_t LevelOf(const std::string& feature) {
    const MetadataImagePtr image = broker_.broker().metadata().image();
    const auto found = image->features().find(feature);
    return found == image->features().end() ? std::int16_t{0} : found->second;
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(UpdateFeaturesTest, EveryVersionMovesALevelDownAndUpAndItSurvivesARestart) {
  for (std::int16_t version = 0; version <= 2; ++version) {
    SCOPED_TRACE(version);
    EXPECT_EQ(Call(kElr, 0, kSafeDowngrade, version).error_code, 0);
    EXPECT_EQ(LevelOf(kElr), 0);
    const UpdateFeaturesResponse up = Call(kElr, 1, kUpgrade, version);
    EXPECT_EQ(up.error_code, 0);
    EXPECT_EQ(LevelOf(kElr), 1);
    if (version < 2) {
      ASSERT_THAT(up.results, SizeIs(1));
      EXPECT_EQ(up.results[0].feature, kElr);
      EXPECT_EQ(up.results[0].error_code, 0);
    }
  }
  ASSERT_EQ(Update(kElr, 0, kUnsafeDowngrade), ErrorCode::kNone);
  broker_.Restart();
  EXPECT_EQ(LevelOf(kElr), 0);
}

TEST_F(UpdateFeaturesTest, ValidateOnlyChangesNothing) {
  for (std::int16_t version = 1; version <= 2; ++version) {
    EXPECT_EQ(Call(kElr, 0, kSafeDowngrade, version, true).error_code, 0);
    EXPECT_EQ(LevelOf(kElr), 1);
  }
}

TEST_F(UpdateFeaturesTest, LevelsThatCannotBeHadFailTheRequest) {
  const ErrorCode refused = ErrorCode::kInvalidUpdateVersion;
  EXPECT_EQ(Update("no.such.feature", 1, kUpgrade), refused);
  EXPECT_EQ(Update(kElr, 5, kUpgrade), refused);
  EXPECT_EQ(Update(kElr, -1, kSafeDowngrade), refused);
  EXPECT_EQ(Update(kElr, 0, kUpgrade), refused);  // lower, but not called a downgrade
  EXPECT_EQ(Update(kElr, 0, 9), refused);
  EXPECT_EQ(Update("kraft.version", 1, kUpgrade), refused);
  EXPECT_EQ(Update("metadata.version", 31, kUpgrade), refused);
  EXPECT_EQ(Update("metadata.version", 29, kSafeDowngrade), refused);
  EXPECT_EQ(Update("metadata.version", 29, kUnsafeDowngrade), refused);
  EXPECT_EQ(Update("metadata.version", 30, kUpgrade), ErrorCode::kNone);
  ASSERT_EQ(Update(kElr, 0, kSafeDowngrade), ErrorCode::kNone);
  EXPECT_EQ(Update(kElr, 1, kSafeDowngrade), refused);  // higher, but not called an upgrade
}

TEST_F(UpdateFeaturesTest, OneBadUpdateKeepsTheOthersBack) {
  UpdateFeaturesRequest request;
  for (const std::string& feature : {kElr, std::string("no.such.feature")}) {
    auto& update = request.feature_updates.emplace_back();
    update.feature = feature;
    update.max_version_level = 0;
    update.upgrade_type = kSafeDowngrade;
  }
  const auto response = client_.Call<UpdateFeaturesRequest, UpdateFeaturesResponse>(request, 1);
  EXPECT_EQ(response.error_code, ToWire(ErrorCode::kInvalidUpdateVersion));
  EXPECT_THAT(response.results, IsEmpty());
  EXPECT_EQ(LevelOf(kElr), 1);
}

}  // namespace
}  // namespace gneiss::server
