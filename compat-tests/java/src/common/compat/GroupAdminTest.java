// SPDX-License-Identifier: Apache-2.0
package compat;

import static compat.Broker.ADMIN;
import static compat.Broker.assertFails;
import static compat.Broker.createTopic;
import static compat.Broker.get;
import static compat.Broker.unique;
import static compat.Broker.waitUntil;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.junit.jupiter.api.Test;

/** Groups seen from outside: described, listed, their offsets changed, deleted. */
class GroupAdminTest {
  private final String group = unique("group");
  private final String topic = createTopic(2);
  private final TopicPartition partition = new TopicPartition(topic, 0);

  private ConsumerGroupDescription describe() {
    return get(ADMIN.describeConsumerGroups(List.of(group)).describedGroups().get(group));
  }

  private Set<String> listed() {
    return get(ADMIN.listConsumerGroups().all()).stream()
        .map(listing -> listing.groupId()).collect(Collectors.toSet());
  }

  private Map<TopicPartition, OffsetAndMetadata> offsets() {
    return get(ADMIN.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
  }

  @Test
  void aStableGroupShowsItsMembers() {
    try (Members members = new Members(group, topic, Map.of())) {
      members.join("one", Map.of("group.instance.id", "instance-one"));
      members.join("two");
      members.waitForShare(1, 1);
      ConsumerGroupDescription described = describe();
      assertEquals("Stable", described.state().toString());
      assertEquals("range", described.partitionAssignor());
      assertEquals(Set.of("one", "two"), described.members().stream()
          .map(member -> member.clientId()).collect(Collectors.toSet()));
      described.members().forEach(member -> {
        assertEquals(members.owned(member.clientId()), member.assignment().topicPartitions());
        assertEquals(member.clientId().equals("one") ? "instance-one" : "",
            member.groupInstanceId().orElse(""));
        assertFalse(member.host().isEmpty());
      });
      assertTrue(listed().contains(group));
    }
  }

  @Test
  void offsetsAreAlteredListedAndDeleted() {
    OffsetAndMetadata seven = new OffsetAndMetadata(7, "by hand");
    get(ADMIN.alterConsumerGroupOffsets(group, Map.of(partition, seven)).all());
    assertEquals(Map.of(partition, seven), offsets());
    assertEquals("Empty", describe().state().toString());
    get(ADMIN.deleteConsumerGroupOffsets(group, Set.of(partition)).all());
    assertEquals(Map.of(), offsets());
  }

  @Test
  void aGroupInUseIsProtected() {
    try (Members members = new Members(group, topic, Map.of())) {
      members.join("member");
      members.waitForShare(2);
      assertFails(UnknownMemberIdException.class, ADMIN.alterConsumerGroupOffsets(
          group, Map.of(partition, new OffsetAndMetadata(1))).all());
      assertFails(GroupSubscribedToTopicException.class, ADMIN.deleteConsumerGroupOffsets(
          group, Set.of(partition)).partitionResult(partition));
      assertFails(GroupNotEmptyException.class, ADMIN.deleteConsumerGroups(List.of(group)).all());
    }
    waitUntil("an empty group", () -> describe().state().toString().equals("Empty"));
    get(ADMIN.deleteConsumerGroups(List.of(group)).all());
    assertFalse(listed().contains(group));
    assertFails(GroupIdNotFoundException.class, ADMIN.deleteConsumerGroups(List.of(group)).all());
  }
}
