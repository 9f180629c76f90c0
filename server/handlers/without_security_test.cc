// SPDX-License-Identifier: Apache-2.0
// What a broker without authorizer and authentication answers: ACLs and delegation tokens.

#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/error_codes.h"
#include "protocol/messages/create_acls.h"
#include "protocol/messages/create_delegation_token.h"
#include "protocol/messages/delete_acls.h"
#include "protocol/messages/describe_acls.h"
#include "protocol/messages/describe_delegation_token.h"
#include "protocol/messages/expire_delegation_token.h"
#include "protocol/messages/renew_delegation_token.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/raw_client.h"

namespace gneiss::server {
namespace {

using protocol::CreateAclsRequest;
using protocol::DeleteAclsRequest;
using protocol::DescribeAclsRequest;
using protocol::ErrorCode;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WithoutSecurityTest : public ::testing::Test {
 protected:
  static DescribeAclsRequest AnyAcl() {
    DescribeAclsRequest request;
    request.resource_type_filter = request.pattern_type_filter = 1;
    request.operation = request.permission_type = 1;
    return request;
  }
  static CreateAclsRequest TwoAcls() {
    CreateAclsRequest request;
    for (int i = 0; i < 2; ++i) {
      auto& acl = request.creations.emplace_back();
      acl.resource_type = 2;
      acl.operation = acl.permission_type = 3;
    }
    return request;
  }
  static DeleteAclsRequest TwoFilters() {
    DeleteAclsRequest request;
    for (int i = 0; i < 2; ++i) {
      auto& filter = request.filters.emplace_back();
      filter.resource_type_filter = filter.pattern_type_filter = 1;
      filter.operation = filter.permission_type = 1;
    }
    return request;
  }
  // Each on a connection of its own.
  template <class Request>
  bool ClosesOn(const Request& request) {
    testing::RawClient client = broker_.Connect();
    client.Send(request, Request::kMaxVersion);
    return client.ClosedByPeer();
  }
  template <class Request, class Response>
  void ExpectNoTokens() {
    for (std::int16_t version = Request::kMinVersion; version <= Request::kMaxVersion; ++version) {
      EXPECT_EQ((client_.Call<Request, Response>({}, version).error_code),
                ToWire(ErrorCode::kDelegationTokenRequestNotAllowed));
    }
  }

  testing::InProcessBroker broker_;
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(WithoutSecurityTest, AclsAreDisabledInEveryVersion) {
  const std::int16_t disabled = ToWire(ErrorCode::kSecurityDisabled);
  for (std::int16_t version = 1; version <= 3; ++version) {
    SCOPED_TRACE(version);
    const auto described =
        client_.Call<DescribeAclsRequest, protocol::DescribeAclsResponse>(AnyAcl(), version);
    EXPECT_EQ(described.error_code, disabled);
    EXPECT_THAT(described.resources, IsEmpty());
    const auto created =
        client_.Call<CreateAclsRequest, protocol::CreateAclsResponse>(TwoAcls(), version);
    ASSERT_THAT(created.results, SizeIs(2));
    EXPECT_EQ(created.results[1].error_code, disabled);
    const auto deleted =
        client_.Call<DeleteAclsRequest, protocol::DeleteAclsResponse>(TwoFilters(), version);
    ASSERT_THAT(deleted.filter_results, SizeIs(2));
    EXPECT_EQ(deleted.filter_results[1].error_code, disabled);
  }
}

TEST_F(WithoutSecurityTest, AnUnknownEnumerationOfAnAclClosesTheConnection) {
  DescribeAclsRequest describe = AnyAcl();
  describe.operation = 0;
  EXPECT_TRUE(ClosesOn(describe));
  CreateAclsRequest create = TwoAcls();
  create.creations[1].resource_type = 0;
  EXPECT_TRUE(ClosesOn(create));
  DeleteAclsRequest remove = TwoFilters();
  remove.filters[1].permission_type = 0;
  EXPECT_TRUE(ClosesOn(remove));
}

TEST_F(WithoutSecurityTest, DelegationTokensAreNotForAnonymousClients) {
  ExpectNoTokens<protocol::CreateDelegationTokenRequest, protocol::CreateDelegationTokenResponse>();
  ExpectNoTokens<protocol::RenewDelegationTokenRequest, protocol::RenewDelegationTokenResponse>();
  ExpectNoTokens<protocol::ExpireDelegationTokenRequest, protocol::ExpireDelegationTokenResponse>();
  ExpectNoTokens<protocol::DescribeDelegationTokenRequest,
                 protocol::DescribeDelegationTokenResponse>();
}

}  // namespace
}  // namespace gneiss::server
