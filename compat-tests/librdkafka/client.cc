// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <array>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <thread>

namespace compat {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPollMs = 100;
constexpr auto kPollPause = std::chrono::milliseconds(20);

Bytes ToBytes(const void* data, size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(data), size);
}

// What librdkafka wants to be given; it copies, and does not write.
struct Borrowed {
  void* data = nullptr;
  size_t size = 0;
};
Borrowed Borrow(const Bytes& bytes) {
  if (!bytes) return {};
  return {.data = const_cast<char*>(bytes->data()), .size = bytes->size()};
}

// Ownership of the result goes to the message that it is produced with.
rd_kafka_headers_t* NewHeaders(const Record& record) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, value] : record.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                        value ? value->data() : nullptr,
                        value ? static_cast<ssize_t>(value->size()) : 0);
  }
  return headers;
}

std::string Show(const Bytes& bytes) {
  if (!bytes) return "null";
  return bytes->size() > 60 ? std::to_string(bytes->size()) + " bytes" : '"' + *bytes + '"';
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Record& record) {
  out << "{" << Show(record.key) << ": " << Show(record.value) << " @" << record.timestamp_ms;
  for (const auto& [name, value] : record.headers) out << " " << name << "=" << Show(value);
  return out << "}";
}

void HandleDeleter::operator()(rd_kafka_t* handle) const {
  if (rd_kafka_type(handle) == RD_KAFKA_CONSUMER) rd_kafka_consumer_close(handle);
  rd_kafka_destroy(handle);
}

std::string Bootstrap() {
  const char* bootstrap = std::getenv("BOOTSTRAP");
  if (bootstrap == nullptr) throw std::runtime_error("BOOTSTRAP=host:port of a broker is not set");
  return bootstrap;
}

std::string Unique(const std::string& stem) {
  static std::mt19937_64 random{std::random_device{}()};
  return "compat-" + stem + "-" + std::to_string(random());
}

bool WaitUntil(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + kDeadline;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(kPollPause);
  }
  return true;
}

Handle NewHandle(rd_kafka_type_t type, const Settings& settings, void* opaque,
                 const std::function<void(rd_kafka_conf_t*)>& configure) {
  std::array<char, 512> reason{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Settings all = {{"bootstrap.servers", Bootstrap()}};
  all.insert(all.end(), settings.begin(), settings.end());
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) !=
        RD_KAFKA_CONF_OK) {
      throw std::runtime_error(reason.data());
    }
  }
  rd_kafka_conf_set_opaque(conf, opaque);
  if (configure) configure(conf);
  Handle handle(rd_kafka_new(type, conf, reason.data(), reason.size()));
  if (!handle) throw std::runtime_error(reason.data());
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(handle.get());
  return handle;
}

PartitionList OnePartition(const std::string& topic, std::int32_t partition, std::int64_t offset) {
  PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  return list;
}

StoredRecord ToStored(const rd_kafka_message_t& message) {
  StoredRecord stored;
  stored.offset = message.offset;
  stored.record.timestamp_ms = rd_kafka_message_timestamp(&message, &stored.timestamp_type);
  stored.record.value = ToBytes(message.payload, message.len);
  stored.record.key = ToBytes(message.key, message.key_len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      stored.record.headers.emplace_back(name, ToBytes(value, size));
    }
  }
  return stored;
}

Producer::Producer(const Settings& settings)
    : handle_(NewHandle(RD_KAFKA_PRODUCER, settings, nullptr, [](rd_kafka_conf_t* conf) {
        rd_kafka_conf_set_dr_msg_cb(conf, &Producer::Delivered);
      })) {}

void Producer::Delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto* delivery = static_cast<Delivery*>(message->_private);
  delivery->error = message->err;
  delivery->offset = message->offset;
}

std::vector<Delivery> Producer::Produce(const std::string& topic, std::int32_t partition,
                                        const std::vector<Record>& records) {
  std::vector<Delivery> deliveries(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    Enqueue(topic, partition, records[i], &deliveries[i]);
  }
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(kDeadline);
  if (rd_kafka_flush(handle_.get(), static_cast<int>(wait.count())) != 0) {
    // The callbacks must not outlive `deliveries`.
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(handle_.get(), kPollMs);
  }
  return deliveries;
}

void Producer::Enqueue(const std::string& topic, std::int32_t partition, const Record& record,
                       Delivery* delivery) {
  rd_kafka_headers_t* headers = record.headers.empty() ? nullptr : NewHeaders(record);
  const Borrowed value = Borrow(record.value);
  const Borrowed key = Borrow(record.key);
  const auto send = [&] {
    return rd_kafka_producev(
        handle_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value.data, value.size),
        RD_KAFKA_V_KEY(key.data, key.size), RD_KAFKA_V_TIMESTAMP(record.timestamp_ms),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(delivery), RD_KAFKA_V_END);
  };
  rd_kafka_resp_err_t error = send();
  while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    rd_kafka_poll(handle_.get(), kPollMs);
    error = send();
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    delivery->error = error;
    if (headers != nullptr) rd_kafka_headers_destroy(headers);
  }
}

std::vector<StoredRecord> ReadToEnd(const std::string& topic, std::int32_t partition,
                                    std::int64_t start, const Settings& settings) {
  Settings all = {{"group.id", Unique("reader")},
                  {"enable.auto.commit", "false"},
                  {"enable.partition.eof", "true"},
                  {"fetch.wait.max.ms", "50"},
                  {"auto.offset.reset", "error"}};
  all.insert(all.end(), settings.begin(), settings.end());
  const Handle consumer = NewHandle(RD_KAFKA_CONSUMER, all);
  rd_kafka_assign(consumer.get(), OnePartition(topic, partition, start).get());
  std::vector<StoredRecord> stored;
  const auto deadline = Clock::now() + kDeadline;
  while (Clock::now() < deadline) {
    const Message message(rd_kafka_consumer_poll(consumer.get(), kPollMs));
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return stored;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw std::runtime_error(rd_kafka_message_errstr(message.get()));
    }
    stored.push_back(ToStored(*message));
  }
  throw std::runtime_error("the end of " + topic + " was not reached");
}

std::vector<Record> Records(const std::vector<StoredRecord>& stored) {
  std::vector<Record> records;
  for (const StoredRecord& one : stored) records.push_back(one.record);
  return records;
}

std::vector<std::int64_t> Offsets(const std::vector<StoredRecord>& stored) {
  std::vector<std::int64_t> offsets;
  for (const StoredRecord& one : stored) offsets.push_back(one.offset);
  return offsets;
}

std::vector<Record> Numbered(int count, const std::string& stem) {
  // A fixed time, so that what comes back compares equal.
  constexpr std::int64_t kFirstMs = 1'700'000'000'000;
  std::vector<Record> records;
  for (int i = 0; i < count; ++i) {
    records.push_back({.value = stem + "-" + std::to_string(i),
                       .key = std::nullopt,
                       .headers = {},
                       .timestamp_ms = kFirstMs + i});
  }
  return records;
}

}  // namespace compat
