// SPDX-License-Identifier: Apache-2.0
#include "admin.h"

#include <array>
#include <stdexcept>

namespace compat {
namespace {

// The error of the only topic in a result, or that of the whole call.
template <class GetTopics, class Result>
rd_kafka_resp_err_t OnlyTopic(rd_kafka_event_t* event, const Result* result, GetTopics topics) {
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error(event);
  size_t count = 0;
  const rd_kafka_topic_result_t** found = topics(result, &count);
  if (count != 1) throw std::runtime_error("one topic asked, another number answered");
  return rd_kafka_topic_result_error(found[0]);
}

// The same for calls about one group.
template <class GetGroups, class Result>
rd_kafka_resp_err_t OnlyGroup(rd_kafka_event_t* event, const Result* result, GetGroups groups) {
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error(event);
  size_t count = 0;
  const rd_kafka_group_result_t** found = groups(result, &count);
  if (count != 1) throw std::runtime_error("one group asked, another number answered");
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(found[0])) {
    return rd_kafka_error_code(error);
  }
  const rd_kafka_topic_partition_list_t* partitions = rd_kafka_group_result_partitions(found[0]);
  return partitions != nullptr && partitions->cnt > 0 ? partitions->elems[0].err
                                                      : RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

Admin::Admin()
    : handle_(NewHandle(RD_KAFKA_PRODUCER, {})), queue_(rd_kafka_queue_new(handle_.get())) {}

Admin::~Admin() { rd_kafka_queue_destroy(queue_); }

Admin::Event Admin::Call(const std::function<void()>& call) {
  call();
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(kDeadline);
  Event event(rd_kafka_queue_poll(queue_, static_cast<int>(wait.count())));
  if (!event) throw std::runtime_error("an admin call was not answered");
  return event;
}

rd_kafka_resp_err_t Admin::CreateTopic(const std::string& name, int partitions,
                                       const Settings& configs, int replicas) {
  std::array<char, 512> reason{};
  rd_kafka_NewTopic_t* topic =
      rd_kafka_NewTopic_new(name.c_str(), partitions, replicas, reason.data(), reason.size());
  if (topic == nullptr) throw std::runtime_error(reason.data());
  for (const auto& [key, value] : configs) {
    rd_kafka_NewTopic_set_config(topic, key.c_str(), value.c_str());
  }
  const Event event =
      Call([&] { rd_kafka_CreateTopics(handle_.get(), &topic, 1, nullptr, queue_); });
  rd_kafka_NewTopic_destroy(topic);
  return OnlyTopic(event.get(), rd_kafka_event_CreateTopics_result(event.get()),
                   rd_kafka_CreateTopics_result_topics);
}

rd_kafka_resp_err_t Admin::DeleteTopic(const std::string& name) {
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
  const Event event =
      Call([&] { rd_kafka_DeleteTopics(handle_.get(), &topic, 1, nullptr, queue_); });
  rd_kafka_DeleteTopic_destroy(topic);
  return OnlyTopic(event.get(), rd_kafka_event_DeleteTopics_result(event.get()),
                   rd_kafka_DeleteTopics_result_topics);
}

rd_kafka_resp_err_t Admin::CreatePartitions(const std::string& name, size_t total) {
  std::array<char, 512> reason{};
  rd_kafka_NewPartitions_t* partitions =
      rd_kafka_NewPartitions_new(name.c_str(), total, reason.data(), reason.size());
  const Event event =
      Call([&] { rd_kafka_CreatePartitions(handle_.get(), &partitions, 1, nullptr, queue_); });
  rd_kafka_NewPartitions_destroy(partitions);
  return OnlyTopic(event.get(), rd_kafka_event_CreatePartitions_result(event.get()),
                   rd_kafka_CreatePartitions_result_topics);
}

rd_kafka_resp_err_t Admin::DeleteRecords(const std::string& topic, std::int64_t before,
                                         std::int64_t* low_watermark) {
  rd_kafka_DeleteRecords_t* request =
      rd_kafka_DeleteRecords_new(OnePartition(topic, 0, before).get());
  const Event event =
      Call([&] { rd_kafka_DeleteRecords(handle_.get(), &request, 1, nullptr, queue_); });
  rd_kafka_DeleteRecords_destroy(request);
  if (const auto error = rd_kafka_event_error(event.get())) return error;
  const rd_kafka_topic_partition_list_t* answered =
      rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  if (low_watermark != nullptr) *low_watermark = answered->elems[0].offset;
  return answered->elems[0].err;
}

rd_kafka_resp_err_t Admin::ReplaceConfigs(const std::string& topic, const Settings& configs) {
  rd_kafka_ConfigResource_t* resource =
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  for (const auto& [key, value] : configs) {
    rd_kafka_ConfigResource_set_config(resource, key.c_str(), value.c_str());
  }
  const Event event =
      Call([&] { rd_kafka_AlterConfigs(handle_.get(), &resource, 1, nullptr, queue_); });
  rd_kafka_ConfigResource_destroy(resource);
  if (const auto error = rd_kafka_event_error(event.get())) return error;
  size_t count = 0;
  const rd_kafka_ConfigResource_t** answered = rd_kafka_AlterConfigs_result_resources(
      rd_kafka_event_AlterConfigs_result(event.get()), &count);
  return rd_kafka_ConfigResource_error(answered[0]);
}

std::map<std::string, std::string> Admin::TopicConfigs(const std::string& topic) {
  rd_kafka_ConfigResource_t* resource =
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  const Event event =
      Call([&] { rd_kafka_DescribeConfigs(handle_.get(), &resource, 1, nullptr, queue_); });
  rd_kafka_ConfigResource_destroy(resource);
  size_t resources = 0;
  const rd_kafka_ConfigResource_t** answered = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &resources);
  size_t count = 0;
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(answered[0], &count);
  std::map<std::string, std::string> configs;
  for (size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    configs[rd_kafka_ConfigEntry_name(entries[i])] = value == nullptr ? "null" : value;
  }
  return configs;
}

Admin::GroupDescription Admin::DescribeGroup(const std::string& group) {
  const char* name = group.c_str();
  const Event event =
      Call([&] { rd_kafka_DescribeConsumerGroups(handle_.get(), &name, 1, nullptr, queue_); });
  size_t count = 0;
  const rd_kafka_ConsumerGroupDescription_t** groups =
      rd_kafka_DescribeConsumerGroups_result_groups(
          rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  if (count != 1) throw std::runtime_error("one group asked, another number answered");
  GroupDescription described;
  const rd_kafka_error_t* error = rd_kafka_ConsumerGroupDescription_error(groups[0]);
  described.error = error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
  described.state = rd_kafka_ConsumerGroupDescription_state(groups[0]);
  described.assignor = rd_kafka_ConsumerGroupDescription_partition_assignor(groups[0]);
  for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(groups[0]); ++i) {
    const auto* member = rd_kafka_ConsumerGroupDescription_member(groups[0], i);
    const char* instance = rd_kafka_MemberDescription_group_instance_id(member);
    described.instance_ids.emplace_back(instance == nullptr ? "" : instance);
    const auto* assignment = rd_kafka_MemberDescription_assignment(member);
    const auto* partitions = rd_kafka_MemberAssignment_partitions(assignment);
    described.partitions += static_cast<size_t>(partitions->cnt);
  }
  return described;
}

std::vector<std::string> Admin::ListGroups() {
  const Event event = Call([&] { rd_kafka_ListConsumerGroups(handle_.get(), nullptr, queue_); });
  size_t count = 0;
  const rd_kafka_ConsumerGroupListing_t** listed = rd_kafka_ListConsumerGroups_result_valid(
      rd_kafka_event_ListConsumerGroups_result(event.get()), &count);
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    names.emplace_back(rd_kafka_ConsumerGroupListing_group_id(listed[i]));
  }
  return names;
}

rd_kafka_resp_err_t Admin::DeleteGroup(const std::string& group) {
  rd_kafka_DeleteGroup_t* request = rd_kafka_DeleteGroup_new(group.c_str());
  const Event event =
      Call([&] { rd_kafka_DeleteGroups(handle_.get(), &request, 1, nullptr, queue_); });
  rd_kafka_DeleteGroup_destroy(request);
  return OnlyGroup(event.get(), rd_kafka_event_DeleteGroups_result(event.get()),
                   rd_kafka_DeleteGroups_result_groups);
}

rd_kafka_resp_err_t Admin::DeleteOffset(const std::string& group, const std::string& topic) {
  const PartitionList partition = OnePartition(topic, 0, RD_KAFKA_OFFSET_INVALID);
  rd_kafka_DeleteConsumerGroupOffsets_t* request =
      rd_kafka_DeleteConsumerGroupOffsets_new(group.c_str(), partition.get());
  const Event event = Call(
      [&] { rd_kafka_DeleteConsumerGroupOffsets(handle_.get(), &request, 1, nullptr, queue_); });
  rd_kafka_DeleteConsumerGroupOffsets_destroy(request);
  return OnlyGroup(event.get(), rd_kafka_event_DeleteConsumerGroupOffsets_result(event.get()),
                   rd_kafka_DeleteConsumerGroupOffsets_result_groups);
}

rd_kafka_resp_err_t Admin::AlterOffset(const std::string& group, const std::string& topic,
                                       std::int64_t offset) {
  const PartitionList partition = OnePartition(topic, 0, offset);
  rd_kafka_AlterConsumerGroupOffsets_t* request =
      rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), partition.get());
  const Event event = Call(
      [&] { rd_kafka_AlterConsumerGroupOffsets(handle_.get(), &request, 1, nullptr, queue_); });
  rd_kafka_AlterConsumerGroupOffsets_destroy(request);
  return OnlyGroup(event.get(), rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()),
                   rd_kafka_AlterConsumerGroupOffsets_result_groups);
}

std::int64_t Admin::CommittedOffset(const std::string& group, const std::string& topic) {
  const PartitionList partition = OnePartition(topic, 0, RD_KAFKA_OFFSET_INVALID);
  rd_kafka_ListConsumerGroupOffsets_t* request =
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), partition.get());
  const Event event =
      Call([&] { rd_kafka_ListConsumerGroupOffsets(handle_.get(), &request, 1, nullptr, queue_); });
  rd_kafka_ListConsumerGroupOffsets_destroy(request);
  size_t count = 0;
  const rd_kafka_group_result_t** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
  return rd_kafka_group_result_partitions(groups[0])->elems[0].offset;
}

}  // namespace compat
