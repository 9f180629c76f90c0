// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "protocol/base/result.h"
#include "protocol/messages/create_topics.h"
#include "server/config/broker_config.h"
#include "server/metadata/controller.h"

namespace gneiss::server {

// __consumer_offsets as Kafka makes it, with one replica. None for every other name, among them
// the internal topics of features that are not served yet: those are not made by themselves.
std::optional<protocol::CreateTopicsRequest::CreatableTopic> InternalTopic(
    const BrokerConfig& config, std::string_view name);

// Makes the internal topic unless it is there; when this returns, its partitions are served.
// Errors: kInvalidArgument for a name without settings, else why it could not be made.
boost::asio::awaitable<Status> EnsureInternalTopic(Controller& controller,
                                                   const BrokerConfig& config, std::string name);

}  // namespace gneiss::server
