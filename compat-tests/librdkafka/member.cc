// SPDX-License-Identifier: Apache-2.0
#include "member.h"

namespace compat {
namespace {

Settings Defaults(const std::string& group, const Settings& settings) {
  Settings all = {{"group.id", group},
                  {"auto.offset.reset", "earliest"},
                  {"session.timeout.ms", "6000"},
                  {"heartbeat.interval.ms", "200"}};
  all.insert(all.end(), settings.begin(), settings.end());
  return all;
}

bool Cooperative(rd_kafka_t* handle) {
  return std::string(rd_kafka_rebalance_protocol(handle)) == "COOPERATIVE";
}

}  // namespace

Member::Member(const std::string& group, const std::vector<std::string>& topics,
               const Settings& settings)
    : handle_(
          NewHandle(RD_KAFKA_CONSUMER, Defaults(group, settings), this, [](rd_kafka_conf_t* conf) {
            rd_kafka_conf_set_rebalance_cb(conf, &Member::Rebalanced);
          })) {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const std::string& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  rd_kafka_subscribe(handle_.get(), list.get());
  thread_ = std::thread([this] { Poll(); });
}

Member::~Member() { Close(); }

void Member::Close() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  handle_.reset();
}

Member::Partitions Member::Owned() const {
  const std::lock_guard lock(mutex_);
  return owned_;
}

std::map<std::int32_t, std::vector<std::int64_t>> Member::Received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

int Member::Rebalances() const {
  const std::lock_guard lock(mutex_);
  return rebalances_;
}

rd_kafka_resp_err_t Member::Commit(const std::string& topic, std::int64_t offset) {
  return rd_kafka_commit(handle_.get(), OnePartition(topic, 0, offset).get(), /*async=*/0);
}

void Member::Poll() {
  constexpr int kPollMs = 50;
  while (!stopping_) {
    const Message message(rd_kafka_consumer_poll(handle_.get(), kPollMs));
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const std::lock_guard lock(mutex_);
    received_[message->partition].push_back(message->offset);
  }
}

void Member::Rebalanced(rd_kafka_t* handle, rd_kafka_resp_err_t what,
                        rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto* member = static_cast<Member*>(opaque);
  const bool assigned = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  if (Cooperative(handle)) {
    rd_kafka_error_t* error = assigned ? rd_kafka_incremental_assign(handle, partitions)
                                       : rd_kafka_incremental_unassign(handle, partitions);
    if (error != nullptr) rd_kafka_error_destroy(error);
  } else {
    rd_kafka_assign(handle, assigned ? partitions : nullptr);
  }
  const std::lock_guard lock(member->mutex_);
  member->rebalances_ += assigned ? 1 : 0;
  for (int i = 0; i < partitions->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = partitions->elems[i];
    if (assigned) {
      member->owned_.emplace(one.topic, one.partition);
    } else {
      member->owned_.erase({one.topic, one.partition});
    }
  }
}

}  // namespace compat
