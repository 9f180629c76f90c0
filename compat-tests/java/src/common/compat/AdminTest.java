// SPDX-License-Identifier: Apache-2.0
package compat;

import static compat.Broker.ADMIN;
import static compat.Broker.assertFails;
import static compat.Broker.createTopic;
import static compat.Broker.get;
import static compat.Broker.unique;
import static compat.Broker.waitUntil;
import static compat.Clients.numbered;
import static compat.Clients.produce;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;

/** Topics, configs, records and log directories through the admin client. */
class AdminTest {
  private static Future<?> create(NewTopic topic) {
    return ADMIN.createTopics(List.of(topic)).all();
  }

  private static Set<String> topics() {
    return get(ADMIN.listTopics().names());
  }

  private static ConfigResource resource(String topic) {
    return new ConfigResource(ConfigResource.Type.TOPIC, topic);
  }

  private static Config configs(String topic) {
    return get(ADMIN.describeConfigs(List.of(resource(topic))).all()).get(resource(topic));
  }

  private static Future<?> alter(String topic, OpType operation, String name, String value) {
    return ADMIN.incrementalAlterConfigs(Map.of(resource(topic),
        List.of(new AlterConfigOp(new ConfigEntry(name, value), operation)))).all();
  }

  private static void waitForConfig(String topic, String name, String value) {
    waitUntil(name + "=" + value, () -> value.equals(configs(topic).get(name).value()));
  }

  private static ListOffsetsResult.ListOffsetsResultInfo offset(String topic, OffsetSpec spec) {
    TopicPartition partition = new TopicPartition(topic, 0);
    return get(ADMIN.listOffsets(Map.of(partition, spec)).partitionResult(partition));
  }

  @Test
  void aCreationAnswersWithWhatWasMade() {
    String name = unique("made");
    CreateTopicsResult made = ADMIN.createTopics(List.of(
        new NewTopic(name, 3, (short) 1).configs(Map.of("retention.ms", "99999999"))));
    assertEquals(3, get(made.numPartitions(name)));
    assertEquals(1, get(made.replicationFactor(name)));
    assertFalse(get(made.topicId(name)).equals(Uuid.ZERO_UUID));
    assertEquals("99999999", get(made.config(name)).get("retention.ms").value());
    assertEquals("delete", get(made.config(name)).get("cleanup.policy").value());
  }

  @Test
  void impossibleTopicsAreRefused() {
    String taken = createTopic(1);
    String fresh = unique("refused");
    assertFails(TopicExistsException.class, create(new NewTopic(taken, 1, (short) 1)));
    assertFails(InvalidTopicException.class, create(new NewTopic("not a name", 1, (short) 1)));
    assertFails(InvalidPartitionsException.class, create(new NewTopic(fresh, 0, (short) 1)));
    assertFails(InvalidReplicationFactorException.class,
        create(new NewTopic(fresh, 1, (short) 99)));
    assertFails(InvalidConfigurationException.class,
        create(new NewTopic(fresh, 1, (short) 1).configs(Map.of("segment.bytes", "many"))));
    assertFails(InvalidReplicaAssignmentException.class,
        create(new NewTopic(fresh, Map.of(0, List.of(987_654)))));
    get(ADMIN.createTopics(List.of(new NewTopic(fresh, 1, (short) 1)),
        new CreateTopicsOptions().validateOnly(true)).all());
    assertFalse(topics().contains(fresh));
  }

  @Test
  void topicsGrowAndGo() {
    String name = createTopic(2);
    assertTrue(topics().contains(name));
    get(ADMIN.createPartitions(Map.of(name, NewPartitions.increaseTo(6))).all());
    assertFails(InvalidPartitionsException.class,
        ADMIN.createPartitions(Map.of(name, NewPartitions.increaseTo(3))).all());
    get(ADMIN.deleteTopics(List.of(name)).all());
    waitUntil("the topic to go", () -> !topics().contains(name));
    assertFails(UnknownTopicOrPartitionException.class, ADMIN.deleteTopics(List.of(name)).all());
    assertFails(UnknownTopicOrPartitionException.class,
        ADMIN.createPartitions(Map.of(name, NewPartitions.increaseTo(3))).all());
  }

  @Test
  void configsAreSetAppendedSubtractedAndDeleted() {
    String name = createTopic(1);
    get(alter(name, OpType.SET, "retention.ms", "5555555"));
    waitForConfig(name, "retention.ms", "5555555");
    assertEquals(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG,
        configs(name).get("retention.ms").source());
    get(alter(name, OpType.APPEND, "cleanup.policy", "compact"));
    waitForConfig(name, "cleanup.policy", "delete,compact");
    get(alter(name, OpType.SUBTRACT, "cleanup.policy", "delete"));
    waitForConfig(name, "cleanup.policy", "compact");
    get(alter(name, OpType.DELETE, "retention.ms", ""));
    waitForConfig(name, "retention.ms", "604800000");
    assertTrue(configs(name).get("retention.ms").isDefault());
    assertFails(InvalidConfigurationException.class,
        alter(name, OpType.SET, "retention.ms", "never"));
    assertFails(UnknownTopicOrPartitionException.class,
        alter(unique("missing"), OpType.SET, "retention.ms", "1"));
  }

  @Test
  void configsHaveTypesAndTheBrokersAreReadable() {
    assertEquals(ConfigEntry.ConfigType.LONG,
        configs(createTopic(1)).get("retention.ms").type());
    String id = get(ADMIN.describeCluster().nodes()).iterator().next().idString();
    ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, id);
    Config found = get(ADMIN.describeConfigs(List.of(broker)).all()).get(broker);
    assertNotNull(found.get("message.max.bytes"));
    assertTrue(found.entries().size() > 100, "a broker has more configs than these");
  }

  @Test
  void recordsAreDeletedUpToAnOffset() {
    String name = createTopic(1);
    TopicPartition partition = new TopicPartition(name, 0);
    produce(numbered(name, 50));
    assertEquals(30, get(ADMIN.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(30)))
        .lowWatermarks().get(partition)).lowWatermark());
    assertEquals(30, offset(name, OffsetSpec.earliest()).offset());
    assertEquals(List.of(30L, 49L), Clients.readAll(name).stream().map(record -> record.offset())
        .filter(at -> at == 30 || at == 49).collect(Collectors.toList()));
    assertEquals(20, Clients.readAll(name).size());
    assertFails(OffsetOutOfRangeException.class, ADMIN.deleteRecords(
        Map.of(partition, RecordsToDelete.beforeOffset(51))).all());
  }

  @Test
  void aLogOfACompactedTopicCannotBeCutByHand() {
    String name = createTopic(1, Map.of("cleanup.policy", "compact"));
    assertFails(PolicyViolationException.class, ADMIN.deleteRecords(
        Map.of(new TopicPartition(name, 0), RecordsToDelete.beforeOffset(0))).all());
  }

  @Test
  void offsetsAreListedByName() {
    String name = createTopic(1);
    produce(numbered(name, 4));
    assertEquals(0, offset(name, OffsetSpec.earliest()).offset());
    assertEquals(4, offset(name, OffsetSpec.latest()).offset());
    assertEquals(0, offset(name, OffsetSpec.forTimestamp(1)).offset());
    assertEquals(-1, offset(name, OffsetSpec.forTimestamp(Long.MAX_VALUE)).offset());
  }

  @Test
  void theClusterIsDescribed() {
    DescribeClusterResult cluster = ADMIN.describeCluster();
    assertFalse(get(cluster.clusterId()).isEmpty());
    Set<Integer> ids = get(cluster.nodes()).stream().map(Node::id).collect(Collectors.toSet());
    assertTrue(ids.contains(get(cluster.controller()).id()));
  }

  /** What a forced codec saves shows in the log's size, though no client sees it in the data. */
  @Test
  void logDirectoriesTellSizes() {
    String plain = createTopic(1);
    String packed = createTopic(1, Map.of("compression.type", "zstd"));
    for (String topic : List.of(plain, packed)) {
      produce(List.of(new org.apache.kafka.clients.producer.ProducerRecord<>(
          topic, 0, null, new byte[500_000])), Map.of("compression.type", "none"));
    }
    assertTrue(logSize(plain) >= 500_000, "size " + logSize(plain));
    assertTrue(logSize(packed) > 0 && logSize(packed) < 50_000, "size " + logSize(packed));
  }

  private static long logSize(String topic) {
    Integer broker = get(ADMIN.describeCluster().nodes()).iterator().next().id();
    return get(ADMIN.describeLogDirs(List.of(broker)).allDescriptions()).get(broker).values()
        .stream().map(directory -> directory.replicaInfos().get(new TopicPartition(topic, 0)))
        .filter(info -> info != null).mapToLong(info -> info.size()).sum();
  }
}
