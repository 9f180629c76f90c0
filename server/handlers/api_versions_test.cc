// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/api_versions.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "protocol/base/big_endian.h"
#include "protocol/error_codes.h"
#include "server/dispatch/api_table.h"
#include "server/metadata/features.h"
#include "server/testing/in_process_broker.h"

namespace gneiss::server::testing {
namespace {

using Request = protocol::ApiVersionsRequest;
using Response = protocol::ApiVersionsResponse;

class ApiVersionsTest : public ::testing::Test {
 protected:
  Response Ask(std::int16_t version, std::string name = "test", std::string software = "1.0") {
    Request request;
    if (version >= 3) {
      request.client_software_name = std::move(name);
      request.client_software_version = std::move(software);
    }
    return client_.Call<Request, Response>(request, version);
  }
  // The header of an ApiVersions request of any version, without a body.
  std::string HeaderOnly(std::int16_t version, std::int32_t correlation_id) {
    std::string frame(4 + 10, '\0');
    StoreBigEndian(frame.data(), std::int32_t{10});
    StoreBigEndian(frame.data() + 4, std::int16_t{18});
    StoreBigEndian(frame.data() + 6, version);
    StoreBigEndian(frame.data() + 8, correlation_id);
    StoreBigEndian(frame.data() + 12, std::int16_t{-1});
    return frame;
  }

  InProcessBroker broker_;
  RawClient client_ = broker_.Connect();
};

TEST_F(ApiVersionsTest, EveryVersionListsEveryServedApi) {
  for (std::int16_t version = 0; version <= 4; ++version) {
    const Response response = Ask(version);
    EXPECT_EQ(response.error_code, 0);
    ASSERT_EQ(response.api_keys.size(), ServedApis().size());
    for (std::size_t i = 0; i < ServedApis().size(); ++i) {
      const ServedApi& api = ServedApis()[i];
      EXPECT_EQ(response.api_keys[i].api_key, static_cast<std::int16_t>(api.key));
      EXPECT_EQ(response.api_keys[i].max_version, api.served.max);
    }
  }
}

// Old librdkafka looks for Produce v0 to v2 before it uses any Produce.
TEST_F(ApiVersionsTest, ProduceIsAdvertisedFromZero) {
  const Response response = Ask(0);
  ASSERT_EQ(response.api_keys.front().api_key, 0);
  EXPECT_EQ(response.api_keys.front().min_version, 0);
  EXPECT_EQ(FindApi(ServedApis(), 0)->served.min, 3);
}

TEST_F(ApiVersionsTest, ServedFeaturesAreToldWithTheirLevels) {
  const Response response = Ask(4);
  ASSERT_EQ(response.supported_features.size(), kFeatures.size());
  for (std::size_t i = 0; i < kFeatures.size(); ++i) {
    EXPECT_EQ(response.supported_features[i].name, kFeatures[i].name);
    EXPECT_EQ(response.supported_features[i].min_version, kFeatures[i].min);
    EXPECT_EQ(response.supported_features[i].max_version, kFeatures[i].max);
  }
  EXPECT_GE(response.finalized_features_epoch, 0);
  for (const auto& finalized : response.finalized_features) {
    EXPECT_EQ(finalized.max_version_level, FindFeature(finalized.name)->at_birth);
    EXPECT_EQ(finalized.min_version_level, finalized.max_version_level);
  }
}

// A client of v3 fails on a minimum of 0.
TEST_F(ApiVersionsTest, VersionThreeIsToldOfNoFeatureThatBeginsAtZero) {
  const Response response = Ask(3);
  ASSERT_EQ(response.supported_features.size(), 1u);
  EXPECT_EQ(response.supported_features[0].name, "metadata.version");
}

TEST_F(ApiVersionsTest, ClientSoftwareMustLookLikeAName) {
  for (const std::string name : {"", " ", "-a", "a-", "a b", "a_b", "a\n"}) {
    const Response by_name = Ask(3, name);
    EXPECT_EQ(by_name.error_code, ToWire(protocol::ErrorCode::kInvalidRequest)) << name;
    EXPECT_TRUE(by_name.api_keys.empty());
    EXPECT_EQ(Ask(4, "client", name).error_code, ToWire(protocol::ErrorCode::kInvalidRequest))
        << name;
  }
  EXPECT_EQ(Ask(3, "a", "4.3.1-SNAPSHOT").error_code, 0);
}

// A newer client steps down on this answer, so its bytes may never change, whatever the version.
TEST_F(ApiVersionsTest, AnUnknownVersionIsAnsweredInVersionZero) {
  for (const std::int16_t version : {std::int16_t{5}, std::int16_t{99}, std::int16_t{-1}}) {
    client_.SendRaw(HeaderOnly(version, 7));
    const SharedBytes answer = client_.ReceiveFrame();
    const std::string expected(
        "\0\0\0\7"
        "\0\x23"
        "\0\0\0\1"
        "\0\x12"
        "\0\0"
        "\0\4",
        16);
    EXPECT_EQ(answer.text(), expected) << version;
  }
  EXPECT_EQ(Ask(0).error_code, 0);  // the connection stays usable
}

}  // namespace
}  // namespace gneiss::server::testing
