// SPDX-License-Identifier: Apache-2.0
package compat;

import static compat.Broker.assertFails;
import static compat.Broker.createTopic;
import static compat.Broker.waitUntil;
import static compat.Clients.assertReadsBack;
import static compat.Clients.bytes;
import static compat.Clients.numbered;
import static compat.Clients.produce;
import static compat.Clients.readAll;
import static compat.Clients.sendOne;
import static compat.Clients.varied;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is produced comes back once, in order, byte for byte. */
class DataTest {
  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
  void recordsSurviveEachCodec(String codec) {
    List<ProducerRecord<byte[], byte[]>> records = varied(createTopic(1), 300);
    List<RecordMetadata> answers =
        produce(records, Map.of("compression.type", codec, "batch.size", 4000));
    for (int i = 0; i < answers.size(); i++) {
      assertEquals(i, answers.get(i).offset());
      assertEquals(records.get(i).timestamp(), answers.get(i).timestamp());
    }
    assertReadsBack(records, readAll(records.get(0).topic()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"uncompressed", "gzip", "snappy", "lz4", "zstd"})
  void recordsSurviveACodecForcedByTheTopic(String codec) {
    String topic = createTopic(1, Map.of("compression.type", codec));
    List<ProducerRecord<byte[], byte[]>> records = varied(topic, 200);
    produce(records.subList(0, 100), Map.of("compression.type", "none"));
    produce(records.subList(100, 200), Map.of("compression.type", "snappy"));
    assertReadsBack(records, readAll(topic));
  }

  @Test
  void valuesNearTheLargestBatchComeBack() {
    String topic = createTopic(1);
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      byte[] value = new byte[900_000];
      Arrays.fill(value, (byte) i);
      records.add(new ProducerRecord<>(topic, 0, null, value));
    }
    produce(records);
    assertReadsBack(records, readAll(topic));
    assertReadsBack(records, readAll(topic, Map.of("max.partition.fetch.bytes", 1000)));
  }

  @Test
  void anIdempotentProducerKeepsOrderWithFiveRequestsInFlight() {
    List<ProducerRecord<byte[], byte[]>> records = numbered(createTopic(1), 5000);
    produce(records, Map.of("enable.idempotence", true, "batch.size", 500, "acks", "all"));
    assertReadsBack(records, readAll(records.get(0).topic()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "all"})
  void recordsAreStoredAtEachLevelOfAcknowledgement(String acks) {
    List<ProducerRecord<byte[], byte[]>> records = numbered(createTopic(1), 300);
    String topic = records.get(0).topic();
    List<RecordMetadata> answers =
        produce(records, Map.of("acks", acks, "enable.idempotence", false));
    assertEquals(!acks.equals("0"), answers.get(0).hasOffset());
    waitUntil("the records", () -> readAll(topic).size() == records.size());
    assertReadsBack(records, readAll(topic));
  }

  @Test
  void theBrokersTimeIsToldForATopicWithLogAppendTime() {
    String topic = createTopic(1, Map.of("message.timestamp.type", "LogAppendTime"));
    long before = System.currentTimeMillis();
    long told = produce(List.of(new ProducerRecord<>(topic, 0, 1000L, null, bytes("v"))))
        .get(0).timestamp();
    long after = System.currentTimeMillis();
    assertTrue(before <= told && told <= after, before + " " + told + " " + after);
    ConsumerRecord<byte[], byte[]> stored = readAll(topic).get(0);
    assertEquals(TimestampType.LOG_APPEND_TIME, stored.timestampType());
    assertEquals(told, stored.timestamp());
  }

  @Test
  void manyPartitionsAreReadThroughOneFetchSession() {
    String topic = createTopic(60);
    Set<TopicPartition> partitions = new HashSet<>();
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < 60 * 50; i++) {
      partitions.add(new TopicPartition(topic, i % 60));
      records.add(new ProducerRecord<>(topic, i % 60, null, bytes("value-" + i / 60)));
    }
    produce(records);
    List<ProducerRecord<byte[], byte[]>> expected = numbered(topic, 50);
    readAll(partitions, Map.of("max.partition.fetch.bytes", 200, "fetch.max.bytes", 2000))
        .values().forEach(found -> assertReadsBack(expected, found));
  }

  /** Partitions leave and return, so the session's incremental requests forget and add them. */
  @Test
  void aFetchSessionFollowsChangesOfTheAssignment() {
    String topic = createTopic(2);
    TopicPartition first = new TopicPartition(topic, 0);
    TopicPartition second = new TopicPartition(topic, 1);
    List<Integer> seen = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
            Clients.consumer(Map.of("auto.offset.reset", "earliest", "fetch.max.wait.ms", 100));
        KafkaProducer<byte[], byte[]> producer = Clients.producer(Map.of())) {
      for (int round = 0; round < 6; round++) {
        consumer.assign(round % 3 == 2 ? List.of(first, second)
            : List.of(round % 3 == 0 ? first : second));
        int partition = round % 3 == 0 ? 0 : 1;
        Broker.get(producer.send(new ProducerRecord<>(topic, partition, null, bytes("" + round))));
        int expected = round;
        waitUntil("record " + round, () -> {
          consumer.poll(Clients.POLL)
              .forEach(record -> seen.add(Integer.parseInt(Clients.text(record.value()))));
          return seen.contains(expected);
        });
      }
    }
    assertTrue(seen.containsAll(List.of(0, 1, 2, 3, 4, 5)), seen.toString());
  }

  @Test
  void aRecordAboveTheTopicsLimitIsRefused() {
    String topic = createTopic(1, Map.of("max.message.bytes", "1000"));
    assertFails(RecordTooLargeException.class,
        sendOne(new ProducerRecord<>(topic, 0, null, new byte[2000])));
    produce(List.of(new ProducerRecord<>(topic, 0, null, new byte[800])));
    assertEquals(1, readAll(topic).size());
  }

  @Test
  void aRecordWithoutKeyInACompactedTopicIsRefused() {
    String topic = createTopic(1, Map.of("cleanup.policy", "compact"));
    InvalidRecordException error = assertFails(InvalidRecordException.class,
        sendOne(new ProducerRecord<>(topic, 0, null, bytes("v"))));
    assertFalse(error.getMessage().isEmpty());
    produce(List.of(new ProducerRecord<>(topic, 0, bytes("k"), bytes("v"))));
  }

  @Test
  void aTimestampOutsideTheTopicsWindowIsRefused() {
    String topic = createTopic(1, Map.of("message.timestamp.before.max.ms", "60000"));
    assertFails(InvalidTimestampException.class,
        sendOne(new ProducerRecord<>(topic, 0, 1000L, null, bytes("v"))));
    assertTrue(readAll(topic).isEmpty());
  }

  @Test
  void aTopicIsCreatedByTheFirstRecordForIt() {
    List<ProducerRecord<byte[], byte[]>> records = numbered(Broker.unique("automatic"), 5);
    produce(records);
    assertReadsBack(records, readAll(records.get(0).topic()));
  }
}
