// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/incremental_alter_configs.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/config/log_levels.h"
#include "server/metadata/controller.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;
using Altered = protocol::IncrementalAlterConfigsRequest::AlterConfigsResource;
using Result = protocol::IncrementalAlterConfigsResponse::AlterConfigsResourceResponse;

bool IsLogger(const Altered& resource) {
  return resource.resource_type == static_cast<std::int8_t>(ConfigResourceType::kBrokerLogger);
}

// Loggers are this process's own: no controller and no record knows them.
Result AlterLoggers(const Altered& resource, const Broker& broker, bool once, bool validate_only) {
  Result result;
  result.resource_type = resource.resource_type;
  result.resource_name = resource.resource_name;
  result.error_message = std::nullopt;
  const auto refuse = [&result](ErrorCode code, std::string message) {
    result.error_code = ToWire(code);
    result.error_message = std::move(message);
    return result;
  };
  if (!once) return refuse(ErrorCode::kInvalidRequest, "The resource is named more than once.");
  if (resource.resource_name != std::to_string(broker.config().node_id.value())) {
    return refuse(ErrorCode::kInvalidRequest, "This is another broker.");
  }
  std::vector<ConfigChange> changes;
  for (const auto& config : resource.configs) {
    changes.push_back({config.name, config.config_operation, config.value});
  }
  if (auto valid = CheckLogLevels(changes); !valid) {
    return refuse(valid.error().code, std::move(valid.error().message));
  }
  if (!validate_only) SetLogLevels(changes);
  return result;
}

}  // namespace

boost::asio::awaitable<IncrementalAlterConfigsHandler::Response>
IncrementalAlterConfigsHandler::Handle(RequestContext& ctx, Request request) {
  const std::vector<Altered> asked = std::move(request.resources);
  request.resources.clear();
  std::map<std::string_view, int> loggers;  // how often each resource is named
  for (const Altered& resource : asked) {
    if (IsLogger(resource)) {
      ++loggers[resource.resource_name];
    } else {
      request.resources.push_back(resource);
    }
  }
  const bool validate_only = request.validate_only;
  Response response;
  if (!request.resources.empty()) {
    const ControllerRequest who{.version = ctx.version()};
    response = co_await ctx.broker().controller().IncrementalAlterConfigs(who, std::move(request));
  }
  // In the order of the request; the controller has answered in it, too.
  std::vector<Result> answers;
  answers.reserve(asked.size());
  auto next = response.responses.begin();
  for (const Altered& resource : asked) {
    if (!IsLogger(resource)) {
      answers.push_back(std::move(*next++));
      continue;
    }
    const bool once = loggers[resource.resource_name] == 1;
    answers.push_back(AlterLoggers(resource, ctx.broker(), once, validate_only));
  }
  response.responses = std::move(answers);
  co_return response;
}

}  // namespace gneiss::server
