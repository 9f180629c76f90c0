// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/consumer_group_describe.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dispatch/error_mapping.h"
#include "server/handlers/authorized_operations.h"
#include "server/handlers/group_version.h"
#include "server/metadata/metadata_source.h"

namespace gneiss::server {
namespace {

using Response = ConsumerGroupDescribeHandler::Response;
using DescribedGroup = Response::DescribedGroup;

// How v1 tells the protocols apart.
constexpr std::int8_t kClassicMember = 0;
constexpr std::int8_t kConsumerMember = 1;

// Topics that are gone meanwhile have no name, and are left out.
Response::Assignment ToAssignment(const MetadataImage& image, PartitionsByTopic partitions) {
  Response::Assignment assignment;
  for (auto& [id, ids] : partitions) {
    const std::shared_ptr<const TopicImage> topic = image.FindTopic(id);
    if (topic == nullptr) continue;
    assignment.topic_partitions.push_back(
        {.topic_id = id, .topic_name = topic->name, .partitions = std::move(ids)});
  }
  return assignment;
}

DescribedGroup ToDescribed(const MetadataImage& image, ConsumerGroupDescription description) {
  DescribedGroup group;
  group.error_code = ToWire(description.error);
  group.error_message = std::move(description.error_message);
  group.group_state = std::move(description.state);
  group.group_epoch = description.group_epoch;
  group.assignment_epoch = description.target_epoch;
  group.assignor_name = std::move(description.assignor);
  for (DescribedConsumerMember& member : description.members) {
    group.members.push_back(
        {.member_id = std::move(member.identity.member_id),
         .instance_id = std::move(member.identity.instance_id),
         .rack_id = std::move(member.rack_id),
         .member_epoch = member.member_epoch,
         .client_id = std::move(member.client_id),
         .client_host = std::move(member.client_host),
         .subscribed_topic_names = std::move(member.topic_names),
         .subscribed_topic_regex = std::move(member.topic_regex),
         .assignment = ToAssignment(image, std::move(member.assigned)),
         .target_assignment = ToAssignment(image, std::move(member.target)),
         .member_type = member.speaks_classic ? kClassicMember : kConsumerMember});
  }
  return group;
}

}  // namespace

boost::asio::awaitable<Response> ConsumerGroupDescribeHandler::Handle(RequestContext& ctx,
                                                                      Request request) {
  Response response;
  const MetadataImagePtr image = ctx.broker().metadata().image();
  const bool is_served = HasConsumerProtocol(ctx);
  for (std::string& id : request.group_ids) {
    DescribedGroup group;
    if (is_served) {
      group = ToDescribed(*image, ctx.broker().groups().DescribeConsumerGroup(id));
    } else {
      group.error_code = ToWire(ErrorCode::kUnsupportedVersion);
    }
    if (request.include_authorized_operations && group.error_code == 0) {
      group.authorized_operations = kAllGroupOperations;
    }
    group.group_id = std::move(id);
    response.groups.push_back(std::move(group));
  }
  co_return response;
}

}  // namespace gneiss::server
