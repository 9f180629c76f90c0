// SPDX-License-Identifier: Apache-2.0
// Producing and reading through librdkafka's C interface, with values instead of handles.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace compat {

using Settings = std::vector<std::pair<std::string, std::string>>;
using Bytes = std::optional<std::string>;  // nullopt is Kafka's null, which is not ""

// How long anything may take before a test gives up; only spent by failures.
inline constexpr std::chrono::seconds kDeadline{45};

struct Record {
  Bytes value;
  Bytes key;
  std::vector<std::pair<std::string, Bytes>> headers;
  std::int64_t timestamp_ms = 0;  // 0: the client chooses
  bool operator==(const Record&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Record& record);

// A record as it came back.
struct StoredRecord {
  Record record;
  std::int64_t offset = -1;
  rd_kafka_timestamp_type_t timestamp_type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
};

struct Delivery {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__IN_PROGRESS;
  std::int64_t offset = -1;
};

struct HandleDeleter {
  void operator()(rd_kafka_t* handle) const;
};
using Handle = std::unique_ptr<rd_kafka_t, HandleDeleter>;

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Message = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

struct PartitionListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionListDeleter>;

// The broker under test: BOOTSTRAP of the environment.
std::string Bootstrap();
// A name that no earlier run has used.
std::string Unique(const std::string& stem);
// Polls until `condition` holds; false after kDeadline.
bool WaitUntil(const std::function<bool()>& condition);

// A client of the broker under test; throws std::runtime_error on a setting librdkafka refuses.
// `opaque` is handed to callbacks that `configure` installs.
Handle NewHandle(rd_kafka_type_t type, const Settings& settings, void* opaque = nullptr,
                 const std::function<void(rd_kafka_conf_t*)>& configure = {});
PartitionList OnePartition(const std::string& topic, std::int32_t partition, std::int64_t offset);
// Copies a message out of librdkafka.
StoredRecord ToStored(const rd_kafka_message_t& message);

// A producer that waits for its delivery reports. Threads: one.
class Producer {
 public:
  explicit Producer(const Settings& settings);

  // Sends in order, waits for every answer; the deliveries are in the order of `records`.
  std::vector<Delivery> Produce(const std::string& topic, std::int32_t partition,
                                const std::vector<Record>& records);

 private:
  static void Delivered(rd_kafka_t* handle, const rd_kafka_message_t* message, void* opaque);
  void Enqueue(const std::string& topic, std::int32_t partition, const Record& record,
               Delivery* delivery);

  Handle handle_;
};

// Every record of the partition from `start` to its present end. A number as a start is found at
// once; a name like RD_KAFKA_OFFSET_BEGINNING may cost librdkafka half a second.
std::vector<StoredRecord> ReadToEnd(const std::string& topic, std::int32_t partition,
                                    std::int64_t start = 0, const Settings& settings = {});

std::vector<Record> Records(const std::vector<StoredRecord>& stored);
std::vector<std::int64_t> Offsets(const std::vector<StoredRecord>& stored);
// `count` records whose values tell their position.
std::vector<Record> Numbered(int count, const std::string& stem = "value");

}  // namespace compat
