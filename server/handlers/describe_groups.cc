// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_groups.h"

#include <string>
#include <utility>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/handlers/authorized_operations.h"

namespace gneiss::server {

namespace asio = boost::asio;

namespace {

using Response = DescribeGroupsHandler::Response;
using Described = Response::DescribedGroup;

Described UnknownGroup(std::string message, std::int16_t version) {
  Described described;
  described.group_state = "Dead";
  if (version >= 6) {
    described.error_code = ToWire(ErrorCode::kGroupIdNotFound);
    described.error_message = std::move(message);
  }
  return described;
}

Described ToDescribed(GroupDescription description) {
  Described described;
  described.group_state = std::move(description.state);
  described.protocol_type = std::move(description.protocol_type);
  described.protocol_data = std::move(description.protocol_name);
  for (DescribedMember& member : description.members) {
    described.members.push_back({.member_id = std::move(member.identity.member_id),
                                 .group_instance_id = std::move(member.identity.instance_id),
                                 .client_id = std::move(member.client_id),
                                 .client_host = std::move(member.client_host),
                                 .member_metadata = std::move(member.metadata),
                                 .member_assignment = std::move(member.assignment)});
  }
  return described;
}

}  // namespace

asio::awaitable<Response> DescribeGroupsHandler::Handle(RequestContext& ctx, Request request) {
  Response response;
  for (std::string& group : request.groups) {
    GroupDescription description = ctx.broker().groups().Describe(group);
    Described& described = response.groups.emplace_back();
    if (description.error == ErrorCode::kGroupIdNotFound) {
      described = UnknownGroup(std::move(description.error_message), ctx.version());
    } else if (description.error != ErrorCode::kNone) {
      described.error_code = ToWire(description.error);
    } else {
      described = ToDescribed(std::move(description));
      if (request.include_authorized_operations) {
        described.authorized_operations = kAllGroupOperations;
      }
    }
    described.group_id = std::move(group);
  }
  co_return response;
}

}  // namespace gneiss::server
