// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/find_coordinator.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <glog/logging.h>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/internal_topics.h"
#include "server/metadata/metadata_source.h"

namespace gneiss::server {

namespace asio = boost::asio;

namespace {

using Request = FindCoordinatorHandler::Request;
using Response = FindCoordinatorHandler::Response;
using Coordinator = Response::Coordinator;

constexpr std::int8_t kGroupKey = 0;
constexpr std::int8_t kTransactionKey = 1;

Coordinator NoCoordinator(std::string key, ErrorCode error, std::string message) {
  Coordinator none;
  none.key = std::move(key);
  none.node_id = -1;
  none.port = -1;
  none.error_code = ToWire(error);
  none.error_message = std::move(message);
  return none;
}

// A cluster's other brokers are not known yet: their partitions have no coordinator to name.
bool LeadsPartition(const Broker& broker, PartitionId partition) {
  const MetadataImagePtr image = broker.metadata().image();
  const std::shared_ptr<const TopicImage> topic = image->FindTopic(kOffsetsTopic);
  const auto index = static_cast<std::size_t>(partition.value());
  return topic != nullptr && index < topic->partitions.size() &&
         topic->partitions[index].leader == broker.config().node_id;
}

Coordinator FindGroup(const RequestContext& ctx, std::string group) {
  const Broker& broker = ctx.broker();
  const std::optional<PartitionId> partition = broker.groups().PartitionOf(group);
  if (!partition || !LeadsPartition(broker, *partition)) {
    return NoCoordinator(std::move(group), ErrorCode::kCoordinatorNotAvailable, "");
  }
  Coordinator coordinator;
  coordinator.key = std::move(group);
  coordinator.node_id = broker.config().node_id.value();
  coordinator.host = ctx.connection().advertised.host;
  coordinator.port = ctx.connection().advertised.port;
  return coordinator;
}

Coordinator Find(const RequestContext& ctx, std::int8_t key_type, std::string key) {
  switch (key_type) {
    case kGroupKey:
      return FindGroup(ctx, std::move(key));
    case kTransactionKey:
      return NoCoordinator(std::move(key), ErrorCode::kUnsupportedVersion,
                           "This broker does not serve transactions yet.");
    default:
      return NoCoordinator(std::move(key), ErrorCode::kInvalidRequest,
                           "There is no coordinator of this key type.");
  }
}

asio::awaitable<void> EnsureOffsetsTopic(Broker& broker) {
  if (broker.metadata().image()->FindTopic(kOffsetsTopic) != nullptr) co_return;
  const Status made =
      co_await EnsureInternalTopic(broker.controller(), broker.config(), kOffsetsTopic);
  if (!made.has_value()) {
    LOG_EVERY_T(WARNING, 10) << made.error().detail;
  }
}

}  // namespace

asio::awaitable<Response> FindCoordinatorHandler::Handle(RequestContext& ctx, Request request) {
  if (request.key_type == kGroupKey) co_await EnsureOffsetsTopic(ctx.broker());
  Response response;
  if (ctx.version() >= 4) {
    for (std::string& key : request.coordinator_keys) {
      response.coordinators.push_back(Find(ctx, request.key_type, std::move(key)));
    }
    co_return response;
  }
  Coordinator coordinator = Find(ctx, request.key_type, std::move(request.key));
  response.error_code = coordinator.error_code;
  response.error_message = std::move(coordinator.error_message);
  if (response.error_code == ToWire(ErrorCode::kNone)) {
    // Kafka names success too, here but not in the list of version 4; some clients compare it.
    response.error_message = ToString(ErrorCode::kNone);
  }
  response.node_id = coordinator.node_id;
  response.host = std::move(coordinator.host);
  response.port = coordinator.port;
  co_return response;
}

}  // namespace gneiss::server
