// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/offset_delete.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/metadata/metadata_source.h"
#include "server/net/await_callback.h"

namespace gneiss::server {
namespace {

using Request = OffsetDeleteHandler::Request;
using Response = OffsetDeleteHandler::Response;

bool Exists(const MetadataImage& image, const std::string& topic, std::int32_t partition) {
  const std::shared_ptr<const TopicImage> known = image.FindTopic(topic);
  return known != nullptr && static_cast<std::size_t>(partition) < known->partitions.size();
}

// The partitions that exist, in the order of the request.
std::vector<TopicPartition> Existing(const MetadataImage& image, const Request& request) {
  std::vector<TopicPartition> partitions;
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) {
      if (!Exists(image, topic.name, partition.partition_index)) continue;
      partitions.push_back({topic.name, PartitionId(partition.partition_index)});
    }
  }
  return partitions;
}

Response ToResponse(const MetadataImage& image, const Request& request,
                    const OffsetDeleteResult& result) {
  Response response;
  response.error_code = ToWire(result.error);
  if (result.error != ErrorCode::kNone) return response;
  std::size_t next = 0;  // of result.partitions
  for (const auto& topic : request.topics) {
    auto& answered = response.topics.emplace_back();
    answered.name = topic.name;
    for (const auto& partition : topic.partitions) {
      const ErrorCode code = Exists(image, topic.name, partition.partition_index)
                                 ? result.partitions[next++]
                                 : ErrorCode::kUnknownTopicOrPartition;
      answered.partitions.push_back(
          {.partition_index = partition.partition_index, .error_code = ToWire(code)});
    }
  }
  return response;
}

}  // namespace

asio::awaitable<Response> OffsetDeleteHandler::Handle(RequestContext& ctx, Request request) {
  const MetadataImagePtr image = ctx.broker().metadata().image();
  auto start = [&groups = ctx.broker().groups(), &group = request.group_id,
                partitions = Existing(*image, request)](auto done) mutable {
    groups.DeleteOffsets(group, partitions, std::move(done));
  };
  const OffsetDeleteResult result = co_await AwaitCallback<OffsetDeleteResult>(std::move(start));
  co_return ToResponse(*image, request, result);
}

}  // namespace gneiss::server
