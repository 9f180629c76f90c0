// SPDX-License-Identifier: Apache-2.0
// A load program on librdkafka, for any Kafka broker. One workload per run, one line of JSON:
//   produce  a fixed number of records as fast as the broker takes them
//   consume  the same records back, from the beginning
//   latency  open loop: records are due at fixed times whatever the broker does, and latency counts
//            from the time a record was due, so that a stall is charged to every record it held up

#include <gflags/gflags.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

DEFINE_string(bootstrap, "127.0.0.1:9092", "host:port of the broker");
DEFINE_string(workload, "produce", "produce, consume or latency");
DEFINE_string(topic, "bench", "the topic; produce and latency create it");
DEFINE_int32(partitions, 4, "partitions of the topic");
DEFINE_int64(records, 1'000'000, "records to produce or consume");
DEFINE_int32(record_bytes, 1024, "bytes of one value, incompressible");
DEFINE_string(acks, "all", "0, 1 or all");
DEFINE_bool(idempotence, true, "the idempotent producer, as Java's is by default");
DEFINE_string(codec, "none", "compression.codec of the producer");
DEFINE_int32(linger_ms, 5, "linger.ms of the producer");
DEFINE_int32(batch_bytes, 1'000'000, "batch.size of the producer");
DEFINE_double(rate, 1000, "latency: records per second");
DEFINE_double(seconds, 10, "latency: how long; the first fifth is not counted");

namespace {

using SteadyClock = std::chrono::steady_clock;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "broker_bench: %s\n", what.c_str());
  std::exit(1);
}

double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

struct Destroy {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
using Client = std::unique_ptr<rd_kafka_t, Destroy>;
using Settings = std::vector<std::pair<std::string, std::string>>;

Client MakeClient(rd_kafka_type_t type, const Settings& settings,
                  void (*on_delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) !=
        RD_KAFKA_CONF_OK) {
      Die(error);
    }
  }
  if (on_delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_t* client = rd_kafka_new(type, conf, error, sizeof error);
  if (client == nullptr) Die(error);
  return Client(client);
}

Settings ProducerSettings() {
  return {{"bootstrap.servers", FLAGS_bootstrap},
          {"acks", FLAGS_acks},
          {"enable.idempotence", FLAGS_idempotence && FLAGS_acks == "all" ? "true" : "false"},
          {"compression.codec", FLAGS_codec},
          {"linger.ms", std::to_string(FLAGS_linger_ms)},
          {"batch.size", std::to_string(FLAGS_batch_bytes)},
          {"batch.num.messages", "1000000"},
          {"queue.buffering.max.messages", "1000000"},
          {"queue.buffering.max.kbytes", "262144"},
          {"message.max.bytes", "10000000"}};
}

void CreateTopic() {
  const Client admin = MakeClient(RD_KAFKA_PRODUCER, {{"bootstrap.servers", FLAGS_bootstrap}});
  char error[512];
  rd_kafka_NewTopic_t* topic =
      rd_kafka_NewTopic_new(FLAGS_topic.c_str(), FLAGS_partitions, 1, error, sizeof error);
  if (topic == nullptr) Die(error);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(admin.get());
  rd_kafka_CreateTopics(admin.get(), &topic, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 30'000);
  if (event == nullptr) Die("CreateTopics timed out");
  std::size_t count = 0;
  const rd_kafka_CreateTopics_result_t* result = rd_kafka_event_CreateTopics_result(event);
  const rd_kafka_topic_result_t** topics =
      result == nullptr ? nullptr : rd_kafka_CreateTopics_result_topics(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(topics[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      Die(std::string("CreateTopics: ") + rd_kafka_err2str(code));
    }
  }
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(topic);
}

std::string RandomValue() {
  std::mt19937_64 random(42);
  std::string value(static_cast<std::size_t>(FLAGS_record_bytes), '\0');
  for (char& c : value) c = static_cast<char>(random());
  return value;
}

struct Delivered {
  std::int64_t acknowledged = 0;
  std::int64_t failed = 0;
};
Delivered g_delivered;  // touched by the polling thread only

void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? ++g_delivered.acknowledged : ++g_delivered.failed;
}

void PrintThroughput(const char* workload, std::int64_t records, double seconds) {
  const double megabytes = static_cast<double>(records) * FLAGS_record_bytes / 1e6;
  std::printf(
      "{\"workload\": \"%s\", \"records\": %lld, \"record_bytes\": %d, \"seconds\": %.3f, "
      "\"mb_per_s\": %.1f, \"records_per_s\": %.0f}\n",
      workload, static_cast<long long>(records), FLAGS_record_bytes, seconds, megabytes / seconds,
      static_cast<double>(records) / seconds);
}

int Produce() {
  CreateTopic();
  const Client producer = MakeClient(RD_KAFKA_PRODUCER, ProducerSettings(), OnDelivery);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer.get(), FLAGS_topic.c_str(), nullptr);
  const std::string value = RandomValue();
  const auto start = SteadyClock::now();
  for (std::int64_t i = 0; i < FLAGS_records; ++i) {
    const auto partition = static_cast<std::int32_t>(i % FLAGS_partitions);
    while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                            value.size(), nullptr, 0, nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        Die(rd_kafka_err2str(rd_kafka_last_error()));
      }
      rd_kafka_poll(producer.get(), 100);
    }
    if (i % 1024 == 0) rd_kafka_poll(producer.get(), 0);
  }
  while (g_delivered.acknowledged + g_delivered.failed < FLAGS_records) {
    rd_kafka_poll(producer.get(), 100);
  }
  const double seconds = SecondsSince(start);
  rd_kafka_topic_destroy(topic);
  if (g_delivered.failed > 0) Die(std::to_string(g_delivered.failed) + " records failed");
  PrintThroughput("produce", FLAGS_records, seconds);
  return 0;
}

Client AssignedConsumer(std::int64_t offset) {
  Client consumer = MakeClient(RD_KAFKA_CONSUMER, {{"bootstrap.servers", FLAGS_bootstrap},
                                                   {"group.id", "broker_bench"},
                                                   {"enable.auto.commit", "false"},
                                                   {"fetch.wait.max.ms", "100"},
                                                   {"queued.min.messages", "1000000"},
                                                   {"auto.offset.reset", "error"}});
  rd_kafka_poll_set_consumer(consumer.get());
  rd_kafka_topic_partition_list_t* partitions = rd_kafka_topic_partition_list_new(FLAGS_partitions);
  for (std::int32_t p = 0; p < FLAGS_partitions; ++p) {
    rd_kafka_topic_partition_list_add(partitions, FLAGS_topic.c_str(), p)->offset = offset;
  }
  if (rd_kafka_assign(consumer.get(), partitions) != RD_KAFKA_RESP_ERR_NO_ERROR) Die("assign");
  rd_kafka_topic_partition_list_destroy(partitions);
  return consumer;
}

int Consume() {
  const auto start = SteadyClock::now();
  const Client consumer = AssignedConsumer(RD_KAFKA_OFFSET_BEGINNING);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(consumer.get());
  std::vector<rd_kafka_message_t*> messages(10'000);
  std::int64_t seen = 0;
  while (seen < FLAGS_records) {
    const ssize_t count =
        rd_kafka_consume_batch_queue(queue, 1000, messages.data(), messages.size());
    if (count < 0) Die("consume");
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) Die(rd_kafka_message_errstr(message));
      ++seen;
      rd_kafka_message_destroy(message);
    }
    if (count == 0 && SecondsSince(start) > 300) Die("records are missing");
  }
  const double seconds = SecondsSince(start);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(consumer.get());
  PrintThroughput("consume", seen, seconds);
  return 0;
}

double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[index];
}

// Receives until `expected` records came; the value's first 8 bytes say when each was due.
void ReceiveLatencies(rd_kafka_t* consumer, std::int64_t expected, std::int64_t warm_up,
                      SteadyClock::time_point start, std::vector<double>& latencies_ms) {
  for (std::int64_t seen = 0; seen < expected;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 10'000);
    if (message == nullptr) Die("records are missing");
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const auto now = SteadyClock::now();
      std::int64_t index = 0;
      std::memcpy(&index, message->payload, sizeof index);
      const auto due = start + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                   1e9 * static_cast<double>(index) / FLAGS_rate));
      if (index >= warm_up) {
        latencies_ms.push_back(std::chrono::duration<double, std::milli>(now - due).count());
      }
      ++seen;
    } else {
      Die(rd_kafka_message_errstr(message));
    }
    rd_kafka_message_destroy(message);
  }
}

int Latency() {
  FLAGS_record_bytes = std::max(FLAGS_record_bytes, 8);
  CreateTopic();
  const Client producer = MakeClient(RD_KAFKA_PRODUCER, ProducerSettings(), OnDelivery);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer.get(), FLAGS_topic.c_str(), nullptr);
  const Client consumer = AssignedConsumer(RD_KAFKA_OFFSET_BEGINNING);
  const auto count = static_cast<std::int64_t>(FLAGS_rate * FLAGS_seconds);
  std::string value = RandomValue();
  std::vector<double> latencies_ms;
  latencies_ms.reserve(static_cast<std::size_t>(count));
  // Both sides have found the broker before the first record is due.
  const auto start = SteadyClock::now() + std::chrono::seconds(1);
  std::thread receiver(
      [&] { ReceiveLatencies(consumer.get(), count, count / 5, start, latencies_ms); });
  for (std::int64_t i = 0; i < count; ++i) {
    const auto due = start + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                 1e9 * static_cast<double>(i) / FLAGS_rate));
    while (SteadyClock::now() < due) {
      rd_kafka_poll(producer.get(), 0);
      std::this_thread::sleep_until(
          std::min(due, SteadyClock::now() + std::chrono::milliseconds(1)));
    }
    std::memcpy(value.data(), &i, sizeof i);
    while (rd_kafka_produce(topic, static_cast<std::int32_t>(i % FLAGS_partitions),
                            RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0,
                            nullptr) != 0) {
      rd_kafka_poll(producer.get(), 1);
    }
  }
  rd_kafka_flush(producer.get(), 30'000);
  receiver.join();
  rd_kafka_topic_destroy(topic);
  rd_kafka_consumer_close(consumer.get());
  std::ranges::sort(latencies_ms);
  std::printf(
      "{\"workload\": \"latency\", \"rate\": %.0f, \"record_bytes\": %d, \"p50_ms\": %.3f, "
      "\"p99_ms\": %.3f, \"p999_ms\": %.3f, \"max_ms\": %.3f}\n",
      FLAGS_rate, FLAGS_record_bytes, Percentile(latencies_ms, 0.5), Percentile(latencies_ms, 0.99),
      Percentile(latencies_ms, 0.999), latencies_ms.empty() ? 0 : latencies_ms.back());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage("broker_bench --workload=produce|consume|latency [flags]");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  if (FLAGS_workload == "produce") return Produce();
  if (FLAGS_workload == "consume") return Consume();
  if (FLAGS_workload == "latency") return Latency();
  Die("--workload=" + FLAGS_workload + ": it must be produce, consume or latency");
}
