// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/remove_raft_voter.h"

#include <string>
#include <utility>

#include "protocol/error_codes.h"
#include "server/broker.h"

namespace gneiss::server {

boost::asio::awaitable<RemoveRaftVoterHandler::Response> RemoveRaftVoterHandler::Handle(
    RequestContext& ctx, Request request) {
  using protocol::ErrorCode;
  Response response;
  const auto refuse = [&response](ErrorCode code, std::string message) {
    response.error_code = ToWire(code);
    response.error_message = std::move(message);
  };
  if (request.cluster_id && *request.cluster_id != ctx.broker().cluster_id()) {
    refuse(ErrorCode::kInconsistentClusterId, "This cluster has another id.");
  } else if (request.voter_id < 0 || request.voter_directory_id.IsZero()) {
    refuse(ErrorCode::kInvalidRequest, "The voter is not described in full.");
  } else {
    refuse(ErrorCode::kUnsupportedVersion,
           "No voter can be removed from a quorum whose kraft.version is 0.");
  }
  co_return response;
}

}  // namespace gneiss::server
