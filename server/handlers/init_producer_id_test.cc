// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/init_producer_id.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "protocol/messages/init_producer_id.h"
#include "server/testing/data_test.h"

namespace gneiss::server::testing {
namespace {

using protocol::InitProducerIdRequest;
using protocol::InitProducerIdResponse;

class InitProducerIdTest : public DataTest {
 protected:
  static InitProducerIdRequest Plain() {
    InitProducerIdRequest request;
    request.transactional_id.reset();
    return request;
  }
  InitProducerIdResponse Ask(const InitProducerIdRequest& request, std::int16_t version = 5) {
    return client_.Call<InitProducerIdRequest, InitProducerIdResponse>(request, version);
  }
  void ExpectRefused(const InitProducerIdRequest& request, ErrorCode error) {
    const auto response = Ask(request);
    EXPECT_EQ(response.error_code, ToWire(error));
    EXPECT_EQ(response.producer_id, -1);
    EXPECT_EQ(response.producer_epoch, -1);
  }
};

TEST_F(InitProducerIdTest, EveryVersionGivesAnIdOfItsOwn) {
  std::set<std::int64_t> ids;
  for (std::int16_t version = 0; version <= 5; ++version) {
    const auto response = Ask(Plain(), version);
    EXPECT_EQ(response.error_code, 0);
    EXPECT_EQ(response.producer_epoch, 0);
    EXPECT_GE(response.producer_id, 0);
    EXPECT_TRUE(ids.insert(response.producer_id).second);
  }
}

TEST_F(InitProducerIdTest, IdsAreNotGivenAgainAfterARestart) {
  const std::int64_t before = Ask(Plain()).producer_id;
  broker_.Restart();
  client_ = broker_.Connect();
  EXPECT_GT(Ask(Plain()).producer_id, before);
}

TEST_F(InitProducerIdTest, AnOldIdIsReplacedAndMustHaveAnEpoch) {
  InitProducerIdRequest request = Plain();
  request.producer_id = 900'000;
  request.producer_epoch = 3;
  const auto response = Ask(request);
  EXPECT_EQ(response.error_code, 0);
  EXPECT_NE(response.producer_id, 900'000);
  EXPECT_EQ(response.producer_epoch, 0);
  request.producer_epoch = -1;
  ExpectRefused(request, ErrorCode::kInvalidRequest);
  request.producer_id = -1;
  request.producer_epoch = 3;
  ExpectRefused(request, ErrorCode::kInvalidRequest);
}

TEST_F(InitProducerIdTest, TransactionalIdsAreNotServed) {
  InitProducerIdRequest request;
  request.transactional_id = "";
  ExpectRefused(request, ErrorCode::kInvalidRequest);
  request.transactional_id = "tx";
  request.transaction_timeout_ms = 1000;
  ExpectRefused(request, ErrorCode::kTransactionalIdAuthorizationFailed);
}

}  // namespace
}  // namespace gneiss::server::testing
