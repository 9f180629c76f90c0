// SPDX-License-Identifier: Apache-2.0
package compat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * The members of one group, polled in turn on the test's thread. Their heartbeats have threads of
 * their own, so a rebalance gets through as long as somebody calls pollAll().
 */
final class Members implements AutoCloseable {
  private final String group;
  private final String topic;
  private final Map<String, Object> settings;
  private final Map<String, KafkaConsumer<byte[], byte[]>> consumers = new LinkedHashMap<>();
  private final Map<String, Integer> assignments = new HashMap<>();
  private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();

  Members(String group, String topic, Map<String, ?> settings) {
    this.group = group;
    this.topic = topic;
    this.settings = new HashMap<>(Map.of("auto.offset.reset", "earliest"));
    this.settings.putAll(settings);
  }

  /** Adds a member under a name of the test's choosing. */
  KafkaConsumer<byte[], byte[]> join(String name, Map<String, ?> more) {
    Map<String, Object> all = new HashMap<>(settings);
    all.put("group.id", group);
    all.put("client.id", name);
    all.putAll(more);
    KafkaConsumer<byte[], byte[]> consumer = Clients.consumer(all);
    consumers.put(name, consumer);
    consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
      @Override
      public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        assignments.merge(name, 1, Integer::sum);
      }

      @Override
      public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}
    });
    return consumer;
  }

  KafkaConsumer<byte[], byte[]> join(String name) {
    return join(name, Map.of());
  }

  void leave(String name) {
    consumers.remove(name).close();
  }

  void pollAll() {
    for (KafkaConsumer<byte[], byte[]> consumer : consumers.values()) {
      consumer.poll(java.time.Duration.ofMillis(30)).forEach(records::add);
    }
  }

  Set<TopicPartition> owned(String name) {
    return consumers.get(name).assignment();
  }

  int assignments(String name) {
    return assignments.getOrDefault(name, 0);
  }

  List<ConsumerRecord<byte[], byte[]>> records() {
    return records;
  }

  /** Polls until the members own all partitions, none twice, in portions of these sizes. */
  void waitForShare(Integer... sizes) {
    Arrays.sort(sizes);
    Broker.waitUntil("portions of " + Arrays.toString(sizes), () -> {
      pollAll();
      List<Integer> owned = new ArrayList<>();
      Set<TopicPartition> together = new HashSet<>();
      for (KafkaConsumer<byte[], byte[]> consumer : consumers.values()) {
        owned.add(consumer.assignment().size());
        together.addAll(consumer.assignment());
      }
      owned.sort(null);
      int total = Arrays.stream(sizes).mapToInt(Integer::intValue).sum();
      return owned.equals(Arrays.asList(sizes)) && together.size() == total;
    });
  }

  void waitForRecords(int count) {
    Broker.waitUntil(count + " records", () -> {
      pollAll();
      return records.size() >= count;
    });
  }

  @Override
  public void close() {
    consumers.values().forEach(KafkaConsumer::close);
  }
}
