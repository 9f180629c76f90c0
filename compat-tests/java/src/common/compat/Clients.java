// SPDX-License-Identifier: Apache-2.0
package compat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Producing, reading to the end, and comparing what came back with what was sent. */
final class Clients {
  static final Duration POLL = Duration.ofMillis(100);

  private Clients() {}

  static KafkaProducer<byte[], byte[]> producer(Map<String, ?> settings) {
    Map<String, Object> all = Broker.settings(Map.of("linger.ms", 5));
    all.putAll(settings);
    return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
  }

  static KafkaConsumer<byte[], byte[]> consumer(Map<String, ?> settings) {
    Map<String, Object> all =
        Broker.settings(
            Map.of(
                "enable.auto.commit", false,
                "auto.offset.reset", "none",
                "session.timeout.ms", 6000,
                "heartbeat.interval.ms", 200));
    all.putAll(settings);
    return new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }

  /** {@code count} records for partition 0 whose values tell their position. */
  static List<ProducerRecord<byte[], byte[]>> numbered(String topic, int count) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      records.add(new ProducerRecord<>(topic, 0, null, bytes("value-" + i)));
    }
    return records;
  }

  /** Records of many shapes: nulls, empties, headers, timestamps out of order. */
  static List<ProducerRecord<byte[], byte[]>> varied(String topic, int count) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] key = i % 4 == 0 ? null : i % 4 == 1 ? new byte[0] : bytes("key-" + i % 17);
      byte[] value = i % 7 == 0 ? null : i % 7 == 1 ? new byte[0] : new byte[i * 3];
      for (int at = 0; value != null && at < value.length; at++) {
        value[at] = (byte) (at * i);
      }
      long timestamp = 1_600_000_000_000L + (i * 7919L) % 1000;
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(topic, 0, timestamp, key, value);
      for (int header = 0; header < i % 4; header++) {
        record.headers().add("same name", header == 2 ? null : bytes("header " + header));
      }
      records.add(record);
    }
    return records;
  }

  /** Sends in order and returns the answers; any failure fails the test. */
  static List<RecordMetadata> produce(
      List<ProducerRecord<byte[], byte[]>> records, Map<String, ?> settings) {
    try (KafkaProducer<byte[], byte[]> producer = producer(settings)) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      records.forEach(record -> sent.add(producer.send(record)));
      List<RecordMetadata> answers = new ArrayList<>();
      sent.forEach(future -> answers.add(Broker.get(future)));
      return answers;
    }
  }

  static List<RecordMetadata> produce(List<ProducerRecord<byte[], byte[]>> records) {
    return produce(records, Map.of());
  }

  /** Sends one record, and returns the future of its answer after it is complete. */
  static Future<RecordMetadata> sendOne(ProducerRecord<byte[], byte[]> record) {
    try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
      return producer.send(record);
    }
  }

  /** Everything in partition 0 up to its present end. */
  static List<ConsumerRecord<byte[], byte[]>> readAll(String topic, Map<String, ?> settings) {
    return readAll(Set.of(new TopicPartition(topic, 0)), settings)
        .get(new TopicPartition(topic, 0));
  }

  static List<ConsumerRecord<byte[], byte[]>> readAll(String topic) {
    return readAll(topic, Map.of());
  }

  static Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> readAll(
      Set<TopicPartition> partitions, Map<String, ?> settings) {
    Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> found = new HashMap<>();
    partitions.forEach(partition -> found.put(partition, new ArrayList<>()));
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(settings)) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      Broker.waitUntil(
          "the ends of " + partitions,
          () -> {
            consumer.poll(POLL).forEach(
                record -> found.get(new TopicPartition(record.topic(), record.partition()))
                    .add(record));
            return ends.entrySet().stream()
                .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
          });
    }
    return found;
  }

  /** Every record once, in order, equal in each part, at dense offsets from 0. */
  static void assertReadsBack(
      List<ProducerRecord<byte[], byte[]>> sent, List<ConsumerRecord<byte[], byte[]>> found) {
    assertEquals(sent.size(), found.size());
    for (int i = 0; i < sent.size(); i++) {
      ProducerRecord<byte[], byte[]> expected = sent.get(i);
      ConsumerRecord<byte[], byte[]> actual = found.get(i);
      assertEquals(i, actual.offset());
      assertArrayEquals(expected.key(), actual.key(), "key at " + i);
      assertArrayEquals(expected.value(), actual.value(), "value at " + i);
      if (expected.timestamp() != null) {
        assertEquals(expected.timestamp(), actual.timestamp(), "timestamp at " + i);
      }
      Header[] headers = expected.headers().toArray();
      assertEquals(headers.length, actual.headers().toArray().length, "headers at " + i);
      for (int header = 0; header < headers.length; header++) {
        assertEquals(headers[header].key(), actual.headers().toArray()[header].key());
        assertArrayEquals(headers[header].value(), actual.headers().toArray()[header].value());
      }
    }
  }
}
