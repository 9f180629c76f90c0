// SPDX-License-Identifier: Apache-2.0
package compat;

import static compat.Broker.ADMIN;
import static compat.Broker.createTopic;
import static compat.Broker.get;
import static compat.Broker.unique;
import static compat.Clients.bytes;
import static compat.Clients.numbered;
import static compat.Clients.produce;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;
import org.apache.kafka.common.errors.InvalidSessionTimeoutException;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The classic group protocol as the Java consumer speaks it. */
class GroupTest {
  private static final String ASSIGNORS = "org.apache.kafka.clients.consumer.";
  private final String group = unique("group");

  private static Map<String, Object> assignor(String name) {
    return Map.of("partition.assignment.strategy", ASSIGNORS + name);
  }

  private static void fill(String topic, int partitions, int count) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < partitions * count; i++) {
      records.add(new ProducerRecord<>(topic, i % partitions, null, bytes("v" + i)));
    }
    produce(records);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "RangeAssignor", "RoundRobinAssignor", "StickyAssignor", "CooperativeStickyAssignor"})
  void membersShareAsTheyComeAndGo(String name) {
    String topic = createTopic(6);
    try (Members members = new Members(group, topic, assignor(name))) {
      members.join("a");
      members.waitForShare(6);
      members.join("b");
      members.waitForShare(3, 3);
      members.join("c");
      members.waitForShare(2, 2, 2);
      fill(topic, 6, 40);
      members.waitForRecords(240);
      Set<String> seen = members.records().stream()
          .map(record -> record.partition() + "@" + record.offset()).collect(Collectors.toSet());
      assertEquals(240, seen.size());
      assertEquals(240, members.records().size());
      members.leave("a");
      members.waitForShare(3, 3);
      members.leave("b");
      members.waitForShare(6);
    }
  }

  @Test
  void aStickyAssignmentMovesNoMoreThanItMust() {
    String topic = createTopic(6);
    try (Members members = new Members(group, topic, assignor("StickyAssignor"))) {
      members.join("a");
      members.join("b");
      members.waitForShare(3, 3);
      Set<TopicPartition> before = new HashSet<>(members.owned("a"));
      members.join("c");
      members.waitForShare(2, 2, 2);
      assertEquals(Set.of(), difference(members.owned("a"), before));
    }
  }

  private static Set<TopicPartition> difference(Set<TopicPartition> from, Set<TopicPartition> what) {
    Set<TopicPartition> rest = new HashSet<>(from);
    rest.removeAll(what);
    return rest;
  }

  @Test
  void aStaticMemberReturnsWithoutARebalance() {
    String topic = createTopic(4);
    try (Members members = new Members(group, topic, Map.of("session.timeout.ms", 30_000))) {
      members.join("stays", Map.of("group.instance.id", "stays"));
      members.join("leaves", Map.of("group.instance.id", "leaves"));
      members.waitForShare(2, 2);
      Set<TopicPartition> before = new HashSet<>(members.owned("leaves"));
      int assignments = members.assignments("stays");
      members.leave("leaves");
      members.join("returns", Map.of("group.instance.id", "leaves"));
      members.waitForShare(2, 2);
      assertEquals(before, members.owned("returns"));
      assertEquals(assignments, members.assignments("stays"));
    }
  }

  @Test
  void aRemovedStaticMemberCannotCommit() {
    String topic = createTopic(1);
    try (Members members = new Members(group, topic, Map.of("heartbeat.interval.ms", 5000))) {
      KafkaConsumer<byte[], byte[]> member =
          members.join("removed", Map.of("group.instance.id", "removed"));
      members.waitForShare(1);
      get(ADMIN.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions(
          Set.of(new MemberToRemove("removed")))).all());
      assertThrows(KafkaException.class, () -> member.commitSync(
          Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1))));
    }
  }

  @Test
  void aMemberThatStoppedPollingLosesItsPartitions() {
    String topic = createTopic(2);
    try (Members members = new Members(group, topic, Map.of());
        Members silent = new Members(group, topic, Map.of("max.poll.interval.ms", 1500))) {
      KafkaConsumer<byte[], byte[]> lost = silent.join("silent");
      silent.waitForShare(2);
      members.join("active");
      members.waitForShare(2); // only this member polls, so the other one is given up
      assertThrows(CommitFailedException.class, () -> lost.commitSync(
          Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1))));
    }
  }

  @Test
  void aGroupContinuesBehindItsLastCommit() {
    String topic = createTopic(1);
    TopicPartition partition = new TopicPartition(topic, 0);
    produce(numbered(topic, 30));
    try (Members members = new Members(group, topic, Map.of())) {
      KafkaConsumer<byte[], byte[]> member = members.join("first");
      members.waitForRecords(30);
      member.commitSync(Map.of(partition, new OffsetAndMetadata(12, "twelve")));
      assertEquals(new OffsetAndMetadata(12, "twelve"),
          member.committed(Set.of(partition)).get(partition));
    }
    try (Members members = new Members(group, topic, Map.of())) {
      members.join("second");
      members.waitForRecords(18);
      assertEquals(LongStream.range(12, 30).boxed().collect(Collectors.toList()),
          members.records().stream().map(ConsumerRecord::offset).collect(Collectors.toList()));
    }
  }

  @Test
  void positionsAreCommittedOnCloseByDefault() {
    String topic = createTopic(1);
    TopicPartition partition = new TopicPartition(topic, 0);
    produce(numbered(topic, 8));
    try (Members members = new Members(group, topic, Map.of("enable.auto.commit", true))) {
      members.join("reader");
      members.waitForRecords(8);
    }
    try (KafkaConsumer<byte[], byte[]> other = Clients.consumer(Map.of("group.id", group))) {
      assertEquals(8, other.committed(Set.of(partition)).get(partition).offset());
      TopicPartition never = new TopicPartition(topic, 7);
      assertNull(other.committed(Set.of(never)).get(never));
    }
  }

  @Test
  void impossibleCommitsAndSessionsAreRefused() {
    String topic = createTopic(1);
    Map<TopicPartition, OffsetAndMetadata> tooLong =
        Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(1, "m".repeat(5000)));
    try (KafkaConsumer<byte[], byte[]> consumer = Clients.consumer(Map.of("group.id", group))) {
      assertThrows(OffsetMetadataTooLarge.class, () -> consumer.commitSync(tooLong));
    }
    try (KafkaConsumer<byte[], byte[]> consumer = Clients.consumer(
        Map.of("group.id", unique("hasty"), "session.timeout.ms", 1000))) {
      consumer.subscribe(List.of(topic));
      assertThrows(InvalidSessionTimeoutException.class, () -> consumer.poll(Broker.DEADLINE));
    }
  }

  @Test
  void membersWithoutACommonAssignorCannotMeet() {
    String topic = createTopic(1);
    try (Members members = new Members(group, topic, assignor("RangeAssignor"))) {
      members.join("range");
      members.waitForShare(1);
      KafkaConsumer<byte[], byte[]> other = members.join("other", assignor("RoundRobinAssignor"));
      assertThrows(InconsistentGroupProtocolException.class, () -> other.poll(Broker.DEADLINE));
    }
  }

  @Test
  void aPatternFindsLaterTopics() {
    String stem = unique("pattern");
    Map<String, Object> eager = Map.of("group.id", group, "auto.offset.reset", "earliest",
        "metadata.max.age.ms", 300);
    try (KafkaConsumer<byte[], byte[]> consumer = Clients.consumer(eager)) {
      consumer.subscribe(Pattern.compile(Pattern.quote(stem) + "-.*"));
      for (int found = 1; found <= 2; found++) {
        produce(numbered(stem + "-" + found, 1));
        int expected = found;
        Broker.waitUntil("topic " + found, () -> {
          consumer.poll(Duration.ofMillis(50));
          return consumer.assignment().size() == expected;
        });
      }
    }
  }
}
