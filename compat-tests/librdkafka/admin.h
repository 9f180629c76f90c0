// SPDX-License-Identifier: Apache-2.0
// librdkafka's admin calls, one at a time, each answered with an error code or a value.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client.h"

namespace compat {

// One admin client. Threads: one.
class Admin {
 public:
  Admin();
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  rd_kafka_resp_err_t CreateTopic(const std::string& name, int partitions,
                                  const Settings& configs = {}, int replicas = 1);
  rd_kafka_resp_err_t DeleteTopic(const std::string& name);
  rd_kafka_resp_err_t CreatePartitions(const std::string& name, size_t total);
  // Sets the low watermark, when `low_watermark` is given, to what the broker answered.
  rd_kafka_resp_err_t DeleteRecords(const std::string& topic, std::int64_t before,
                                    std::int64_t* low_watermark = nullptr);
  // The call that replaces all configs of a topic; librdkafka 2.0 knows no other.
  rd_kafka_resp_err_t ReplaceConfigs(const std::string& topic, const Settings& configs);
  std::map<std::string, std::string> TopicConfigs(const std::string& topic);

  struct GroupDescription {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__NOENT;
    rd_kafka_consumer_group_state_t state = RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN;
    std::string assignor;
    std::vector<std::string> instance_ids;  // "" for dynamic members
    size_t partitions = 0;                  // assigned to all members together
  };
  GroupDescription DescribeGroup(const std::string& group);
  std::vector<std::string> ListGroups();
  rd_kafka_resp_err_t DeleteGroup(const std::string& group);
  rd_kafka_resp_err_t DeleteOffset(const std::string& group, const std::string& topic);
  rd_kafka_resp_err_t AlterOffset(const std::string& group, const std::string& topic,
                                  std::int64_t offset);
  // The group's committed offset of partition 0, RD_KAFKA_OFFSET_INVALID if there is none.
  std::int64_t CommittedOffset(const std::string& group, const std::string& topic);

 private:
  struct EventDeleter {
    void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  };
  using Event = std::unique_ptr<rd_kafka_event_t, EventDeleter>;

  // Runs one admin call that answers on queue_, and returns its answer.
  Event Call(const std::function<void()>& call);

  Handle handle_;
  rd_kafka_queue_t* queue_;
};

}  // namespace compat
