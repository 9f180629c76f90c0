// SPDX-License-Identifier: Apache-2.0
package compat;

import static compat.Broker.createTopic;
import static compat.Broker.waitUntil;
import static compat.Clients.bytes;
import static compat.Clients.consumer;
import static compat.Clients.numbered;
import static compat.Clients.produce;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Where a consumer starts, where it is, and how it moves. */
class PositionTest {
  private final String topic = createTopic(1, Map.of("retention.ms", "-1"));
  private final TopicPartition partition = new TopicPartition(topic, 0);

  /** The offsets of the next {@code count} records. */
  private static List<Long> next(KafkaConsumer<byte[], byte[]> consumer, int count) {
    List<Long> offsets = new ArrayList<>();
    waitUntil(count + " records", () -> {
      consumer.poll(Clients.POLL).forEach(record -> offsets.add(record.offset()));
      return offsets.size() >= count;
    });
    return offsets.subList(0, count);
  }

  @Test
  void theEndsOfTheLogAreTold() {
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(Map.of())) {
      assertEquals(Map.of(partition, 0L), consumer.endOffsets(Set.of(partition)));
      produce(numbered(topic, 9));
      assertEquals(Map.of(partition, 0L), consumer.beginningOffsets(Set.of(partition)));
      assertEquals(Map.of(partition, 9L), consumer.endOffsets(Set.of(partition)));
    }
  }

  @Test
  void seekMovesToAnyOffset() {
    produce(numbered(topic, 100), Map.of("linger.ms", 200, "compression.type", "gzip"));
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(Map.of("max.poll.records", 5))) {
      consumer.assign(Set.of(partition));
      for (long target : new long[] {0, 99, 50, 51, 1}) {
        consumer.seek(partition, target);
        assertEquals(target, next(consumer, 1).get(0));
      }
      consumer.seekToEnd(Set.of(partition));
      assertEquals(100, consumer.position(partition));
      consumer.seekToBeginning(Set.of(partition));
      assertEquals(0, consumer.position(partition));
    }
  }

  /** Out of order on purpose: the answer is the first record by offset with a time >= t. */
  @Test
  void timesAreLookedUpExactly() {
    long[] stamps = {1000, 5000, 3000, 3000, 9000, 2000};
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (long stamp : stamps) {
      records.add(new ProducerRecord<>(topic, 0, stamp, null, bytes("v")));
    }
    produce(records, Map.of("linger.ms", 100));
    Map<Long, Long> expected = Map.of(0L, 0L, 1000L, 0L, 1001L, 1L, 5000L, 1L, 5001L, 4L, 9000L, 4L);
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(Map.of())) {
      expected.forEach((time, offset) -> {
        OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, time)).get(partition);
        assertEquals(offset, found.offset(), "offset for " + time);
        assertEquals(stamps[offset.intValue()], found.timestamp());
      });
      assertNull(consumer.offsetsForTimes(Map.of(partition, 9001L)).get(partition));
    }
  }

  @Test
  void withoutAResetPolicyAWrongPositionIsAnError() {
    produce(numbered(topic, 3));
    try (KafkaConsumer<byte[], byte[]> consumer =
        consumer(Map.of("group.id", Broker.unique("none")))) {
      consumer.assign(Set.of(partition));
      assertThrows(NoOffsetForPartitionException.class, () -> consumer.poll(Broker.DEADLINE));
      consumer.seek(partition, 50);
      OffsetOutOfRangeException error =
          assertThrows(OffsetOutOfRangeException.class, () -> consumer.poll(Broker.DEADLINE));
      assertEquals(Map.of(partition, 50L), error.offsetOutOfRangePartitions());
    }
  }

  @Test
  void pausedPartitionsAreSilent() {
    String wide = createTopic(2);
    TopicPartition quiet = new TopicPartition(wide, 0);
    TopicPartition loud = new TopicPartition(wide, 1);
    for (int to = 0; to < 2; to++) {
      produce(List.of(new ProducerRecord<>(wide, to, null, bytes("v"))));
    }
    try (KafkaConsumer<byte[], byte[]> consumer =
        consumer(Map.of("auto.offset.reset", "earliest"))) {
      consumer.assign(List.of(quiet, loud));
      consumer.pause(Set.of(quiet));
      assertEquals(1, next(consumer, 1).size());
      assertEquals(0, consumer.position(quiet));
      assertEquals(1, consumer.position(loud));
      assertTrue(consumer.poll(Duration.ofMillis(300)).isEmpty());
      consumer.resume(Set.of(quiet));
      next(consumer, 1);
      assertEquals(1, consumer.position(quiet));
    }
  }

  @Test
  void aLongPollEndsWhenARecordArrives() throws InterruptedException {
    Map<String, Integer> patient = Map.of("fetch.max.wait.ms", 8000);
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(patient)) {
      consumer.assign(Set.of(partition));
      consumer.seek(partition, 0);
      consumer.poll(Duration.ofMillis(500)); // the fetch is on its way, and waits
      Thread writer = new Thread(() -> produce(numbered(topic, 1)));
      long started = System.nanoTime();
      writer.start();
      assertEquals(List.of(0L), next(consumer, 1));
      assertTrue(Duration.ofNanos(System.nanoTime() - started).toSeconds() < 6);
      writer.join();
    }
  }

  @Test
  void aSmallFetchWaitsForMoreBytes() {
    Map<String, Integer> greedy = Map.of("fetch.min.bytes", 100_000, "fetch.max.wait.ms", 1500);
    produce(numbered(topic, 1));
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(greedy)) {
      consumer.assign(Set.of(partition));
      consumer.seek(partition, 0);
      long started = System.nanoTime();
      assertEquals(List.of(0L), next(consumer, 1));
      assertTrue(Duration.ofNanos(System.nanoTime() - started).toMillis() >= 1400);
    }
  }
}
