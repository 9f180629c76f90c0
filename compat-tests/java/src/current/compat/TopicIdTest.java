// SPDX-License-Identifier: Apache-2.0
package compat;

import static compat.Broker.ADMIN;
import static compat.Broker.assertFails;
import static compat.Broker.createTopic;
import static compat.Broker.get;
import static compat.Broker.waitUntil;
import static compat.Clients.numbered;
import static compat.Clients.produce;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.junit.jupiter.api.Test;

/** Topics by id, and topics that are too wide for one answer. */
class TopicIdTest {
  private static TopicDescription describe(String topic) {
    return get(ADMIN.describeTopics(List.of(topic)).allTopicNames()).get(topic);
  }

  private static boolean exists(String topic) {
    return get(ADMIN.listTopics().names()).contains(topic);
  }

  @Test
  void topicsAreDescribedAndDeletedById() {
    String topic = createTopic(2);
    Uuid id = describe(topic).topicId();
    assertEquals(topic, get(ADMIN.describeTopics(TopicCollection.ofTopicIds(List.of(id)))
        .allTopicIds()).get(id).name());
    get(ADMIN.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all());
    waitUntil("the topic to go", () -> !exists(topic));
    assertFails(UnknownTopicIdException.class,
        ADMIN.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all());
    assertFails(UnknownTopicIdException.class,
        ADMIN.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds());
  }

  /** The consumer's fetch session holds the old id; it must find the new topic, from its start. */
  @Test
  void aConsumerNoticesThatItsTopicWasMadeAnew() {
    String topic = createTopic(1);
    Uuid before = describe(topic).topicId();
    produce(numbered(topic, 5));
    try (KafkaConsumer<byte[], byte[]> consumer = Clients.consumer(Map.of(
        "auto.offset.reset", "earliest", "metadata.max.age.ms", 500))) {
      consumer.assign(List.of(new TopicPartition(topic, 0)));
      waitUntil("5 records", () -> {
        consumer.poll(Clients.POLL);
        return consumer.position(new TopicPartition(topic, 0)) == 5;
      });
      get(ADMIN.deleteTopics(List.of(topic)).all());
      waitUntil("the topic to go", () -> !exists(topic));
      get(ADMIN.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all());
      waitUntil("the new topic", () -> exists(topic));
      assertNotEquals(before, describe(topic).topicId());
      produce(numbered(topic, 2));
      boolean[] fromStart = {false};
      waitUntil("the first record of the new topic", () -> {
        consumer.poll(Clients.POLL).forEach(record -> fromStart[0] |= record.offset() == 0);
        return fromStart[0];
      });
    }
  }

  @Test
  void aWideTopicIsDescribedInPages() {
    String topic = createTopic(45);
    TopicDescription described = get(ADMIN.describeTopics(List.of(topic),
        new DescribeTopicsOptions().partitionSizeLimitPerResponse(10)).allTopicNames()).get(topic);
    assertEquals(45, described.partitions().size());
    for (int i = 0; i < 45; i++) {
      assertEquals(i, described.partitions().get(i).partition());
      assertTrue(described.partitions().get(i).leader() != null);
    }
  }
}
