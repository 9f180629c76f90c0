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
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.ClassicGroupDescription;
import org.apache.kafka.clients.admin.DescribeProducersResult.PartitionProducerState;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What only the newest admin client can ask. */
class NewerAdminTest {
  private final String topic = createTopic(1, Map.of("retention.ms", "-1"));
  private final TopicPartition partition = new TopicPartition(topic, 0);

  private ListOffsetsResult.ListOffsetsResultInfo offset(OffsetSpec spec) {
    return get(ADMIN.listOffsets(Map.of(partition, spec)).partitionResult(partition));
  }

  @Test
  void eachNamedOffsetIsListed() {
    assertEquals(-1, offset(OffsetSpec.maxTimestamp()).offset());
    for (long stamp : new long[] {3000, 8000, 5000}) {
      produce(List.of(new ProducerRecord<>(topic, 0, stamp, null, bytes("v"))));
    }
    assertEquals(0, offset(OffsetSpec.earliest()).offset());
    assertEquals(3, offset(OffsetSpec.latest()).offset());
    assertEquals(1, offset(OffsetSpec.maxTimestamp()).offset());
    assertEquals(8000, offset(OffsetSpec.maxTimestamp()).timestamp());
    assertEquals(0, offset(OffsetSpec.earliestLocal()).offset());
    assertEquals(-1, offset(OffsetSpec.latestTiered()).offset());
  }

  @Test
  void classicGroupsAreListedAndDescribedAsSuch() {
    String group = unique("classic");
    try (Members members = new Members(group, topic, Map.of())) {
      members.join("member");
      members.waitForShare(1);
      Set<String> classic = get(ADMIN.listGroups(
          new ListGroupsOptions().withTypes(Set.of(GroupType.CLASSIC))).all()).stream()
          .map(listing -> listing.groupId()).collect(Collectors.toSet());
      assertTrue(classic.contains(group));
      ClassicGroupDescription described =
          get(ADMIN.describeClassicGroups(List.of(group)).all()).get(group);
      assertEquals("consumer", described.protocol());
      assertEquals("range", described.protocolData());
      assertEquals(1, described.members().size());
    }
  }

  @Test
  void offsetsOfManyGroupsAreListedInOneCall() {
    Set<String> groups = Set.of(unique("many"), unique("many"), unique("many"));
    groups.forEach(group -> get(ADMIN.alterConsumerGroupOffsets(
        group, Map.of(partition, new OffsetAndMetadata(group.hashCode() & 0xff))).all()));
    Map<String, Map<TopicPartition, OffsetAndMetadata>> found =
        get(ADMIN.listConsumerGroupOffsets(groups.stream().collect(Collectors.toMap(
            group -> group, group -> new ListConsumerGroupOffsetsSpec()))).all());
    groups.forEach(group ->
        assertEquals(group.hashCode() & 0xff, found.get(group).get(partition).offset()));
  }

  /** Only where the broker serves it: the call is not part of what every broker has to know. */
  @Test
  void activeProducersAreDescribed() throws Exception {
    produce(numbered(topic, 3), Map.of("enable.idempotence", true));
    PartitionProducerState state;
    try {
      state = ADMIN.describeProducers(List.of(partition)).partitionResult(partition).get();
    } catch (ExecutionException error) {
      Assumptions.assumeFalse(error.getCause() instanceof UnsupportedVersionException);
      throw error;
    }
    assertEquals(List.of(2), state.activeProducers().stream().map(ProducerState::lastSequence)
        .collect(Collectors.toList()));
  }
}
