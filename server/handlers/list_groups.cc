// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/list_groups.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/broker.h"
#include "server/config/text.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"

namespace gneiss::server {

namespace asio = boost::asio;

namespace {

// An empty filter lets everything pass.
bool Passes(std::string_view name, const std::vector<std::string>& filter) {
  return filter.empty() || std::ranges::any_of(filter, [name](const std::string& wanted) {
           return EqualsIgnoringCase(name, wanted);
         });
}

}  // namespace

asio::awaitable<ListGroupsHandler::Response> ListGroupsHandler::Handle(RequestContext& ctx,
                                                                       Request request) {
  Response response;
  GroupList list = ctx.broker().groups().List();
  response.error_code = ToWire(list.error);
  for (ListedGroup& group : list.groups) {
    if (!Passes(group.type, request.types_filter)) continue;
    if (!Passes(group.state, request.states_filter)) continue;
    response.groups.push_back({.group_id = std::move(group.group),
                               .protocol_type = std::move(group.protocol_type),
                               .group_state = std::move(group.state),
                               .group_type = std::string(group.type)});
  }
  co_return response;
}

}  // namespace gneiss::server
