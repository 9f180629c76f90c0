// SPDX-License-Identifier: Apache-2.0
// A member of a consumer group that polls on a thread of its own, as an application would.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client.h"

namespace compat {

// Joins on construction and leaves on Close() or destruction (static members never leave).
// Threads: construct, Close and destroy on one thread; the rest from any.
class Member {
 public:
  using Partitions = std::set<std::pair<std::string, std::int32_t>>;

  Member(const std::string& group, const std::vector<std::string>& topics,
         const Settings& settings = {});
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  Partitions Owned() const;
  // Offsets received so far, by partition, in the order of arrival.
  std::map<std::int32_t, std::vector<std::int64_t>> Received() const;
  int Rebalances() const;
  // Commits `offset` of partition 0 with the member's own generation.
  rd_kafka_resp_err_t Commit(const std::string& topic, std::int64_t offset);
  void Close();

 private:
  static void Rebalanced(rd_kafka_t* handle, rd_kafka_resp_err_t what,
                         rd_kafka_topic_partition_list_t* partitions, void* opaque);
  void Poll();

  mutable std::mutex mutex_;  // guards the three below
  Partitions owned_;
  std::map<std::int32_t, std::vector<std::int64_t>> received_;
  int rebalances_ = 0;

  std::atomic<bool> stopping_ = false;
  Handle handle_;
  std::thread thread_;
};

}  // namespace compat
