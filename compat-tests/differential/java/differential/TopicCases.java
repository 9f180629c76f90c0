// SPDX-License-Identifier: Apache-2.0
package differential;

import static differential.Run.one;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DeleteTopicsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.Uuid;

/** createTopics, createPartitions, deleteTopics, describeTopics, listTopics. */
final class TopicCases {
  private static final List<String> BAD_NAMES =
      List.of("", ".", "..", "a b", "a/b", "a:b", "ä", "x".repeat(250));

  private TopicCases() {}

  static void run(Run run) {
    create(run);
    createWithConfigs(run);
    createWithAssignments(run);
    createPartitions(run);
    describe(run);
    delete(run);
  }

  private static NewTopic topic(String name) {
    return new NewTopic(name, 1, (short) 1);
  }

  private static void create(Run run) {
    run.change("createTopics/one",
        admin -> admin.createTopics(List.of(new NewTopic("one", 3, (short) 1))), "one");
    run.change("createTopics/defaults",
        admin
        -> admin.createTopics(
            List.of(new NewTopic("defaults", Optional.empty(), Optional.empty()))),
        "defaults");
    run.change("createTopics/249 characters",
        admin -> admin.createTopics(List.of(topic("y".repeat(249)))));
    run.change("createTopics/none", admin -> admin.createTopics(List.of()));
    run.change("createTopics/exists", admin -> admin.createTopics(List.of(topic("one"))), "one");
    run.change(
        "createTopics/collides", admin -> admin.createTopics(List.of(topic("a.b"), topic("c_d"))));
    run.change("createTopics/collides with the former",
        admin -> admin.createTopics(List.of(topic("a_b"), topic("c.d"))));
    run.change("createTopics/twice in one",
        admin -> admin.createTopics(List.of(topic("twice"), topic("twice"))));
    run.change("createTopics/bad names",
        admin -> admin.createTopics(BAD_NAMES.stream().map(TopicCases::topic).toList()));
    run.change("createTopics/good beside bad",
        admin -> admin.createTopics(List.of(topic("good"), topic("not good"))), "good", "not good");
    run.change(
        "createTopics/internal", admin -> admin.createTopics(List.of(topic("__cluster_metadata"))));
    for (int partitions : new int[] {0, -2, 10_001}) {
      run.change("createTopics/partitions " + partitions,
          admin -> admin.createTopics(List.of(new NewTopic("partitions", partitions, (short) 1))));
    }
    for (int replicas : new int[] {0, -2, 2}) {
      run.change("createTopics/replicas " + replicas,
          admin -> admin.createTopics(List.of(new NewTopic("replicas", 1, (short) replicas))));
    }
    run.change("createTopics/only validated",
        admin
        -> admin.createTopics(List.of(new NewTopic("validated", Optional.empty(), one())
                                          .configs(Map.of("retention.ms", "5")),
                                  topic("one"), topic("!")),
            new CreateTopicsOptions().validateOnly(true)),
        "validated", "one", "!");
    run.change("createTopics/no time",
        admin
        -> admin.createTopics(List.of(topic("one")),
            new CreateTopicsOptions().timeoutMs(0).retryOnQuotaViolation(false)));
  }

  private static void createWithConfigs(Run run) {
    run.change("createTopics/configs",
        admin
        -> admin.createTopics(List.of(topic("configured")
                .configs(Map.of("cleanup.policy", "compact,delete", "retention.ms", "3600000",
                    "compression.type", "zstd", "max.message.bytes", "2000000",
                    "min.cleanable.dirty.ratio", "0.25")))),
        "configured");
    for (String config : List.of("retention.ms=never", "no.such.config=1", "cleanup.policy=both",
             "cleanup.policy=", "min.insync.replicas=0", "max.message.bytes=-1",
             "compression.type=lzma", "segment.bytes=1", "flush.messages=0",
             "min.cleanable.dirty.ratio=1.5", "message.timestamp.type=Now",
             "compression.gzip.level=10", "local.retention.ms=9", "remote.storage.enable=true",
             "min.compaction.lag.ms=100", "unclean.leader.election.enable=maybe",
             "leader.replication.throttled.replicas=x", "preallocate=yes",
             "index.interval.bytes=-1", "retention.bytes=-2", "message.format.version=2.8")) {
      String[] parts = config.split("=", 2);
      run.change("createTopics/" + config,
          admin
          -> admin.createTopics(List.of(topic("configs").configs(Map.of(parts[0], parts[1]))),
              new CreateTopicsOptions().validateOnly(true)),
          "configs");
    }
    run.change("createTopics/null config", admin -> {
      Map<String, String> configs = new java.util.HashMap<>();
      configs.put("retention.ms", null);
      return admin.createTopics(List.of(topic("null-config").configs(configs)));
    }, "null-config");
    run.change("createTopics/lag of compaction",
        admin
        -> admin.createTopics(List.of(topic("lag").configs(
            Map.of("min.compaction.lag.ms", "100", "max.compaction.lag.ms", "50")))),
        "lag");
  }

  private static void createWithAssignments(Run run) {
    run.change("createTopics/assigned",
        admin
        -> admin.createTopics(
            List.of(new NewTopic("assigned", Map.of(0, List.of(1), 1, List.of(1))))),
        "assigned");
    for (Map<Integer, List<Integer>> wrong : List.of(Map.of(0, List.of(9)), Map.of(1, List.of(1)),
             Map.of(0, List.<Integer>of()), Map.of(0, List.of(1, 1)),
             Map.of(0, List.of(1), 1, List.of(1, 2)), Map.of(-1, List.of(1)))) {
      run.change("createTopics/assigned " + new java.util.TreeMap<>(wrong),
          admin -> admin.createTopics(List.of(new NewTopic("wrong", wrong))), "wrong");
    }
  }

  private static void createPartitions(Run run) {
    run.topic("grows", 2, Map.of());
    run.change("createPartitions/more",
        admin -> admin.createPartitions(Map.of("grows", NewPartitions.increaseTo(4))));
    run.change("createPartitions/assigned",
        admin
        -> admin.createPartitions(
            Map.of("grows", NewPartitions.increaseTo(6, List.of(List.of(1), List.of(1))))));
    run.change("createPartitions/none", admin -> admin.createPartitions(Map.of()));
    for (int count : new int[] {6, 5, 0, -1}) {
      run.change("createPartitions/to " + count,
          admin -> admin.createPartitions(Map.of("grows", NewPartitions.increaseTo(count))));
    }
    run.change("createPartitions/unknown",
        admin
        -> admin.createPartitions(
            Map.of("absent", NewPartitions.increaseTo(2), "grows", NewPartitions.increaseTo(7))));
    run.change("createPartitions/bad name",
        admin -> admin.createPartitions(Map.of("a b", NewPartitions.increaseTo(2))));
    for (List<List<Integer>> wrong :
        List.of(List.of(List.of(9)), List.<List<Integer>>of(), List.of(List.<Integer>of()),
            List.of(List.of(1, 1)), List.of(List.of(1), List.of(1)))) {
      run.change("createPartitions/assigned " + wrong,
          admin -> admin.createPartitions(Map.of("grows", NewPartitions.increaseTo(8, wrong))));
    }
    run.change("createPartitions/only validated",
        admin
        -> admin.createPartitions(
            Map.of("grows", NewPartitions.increaseTo(20), "one", NewPartitions.increaseTo(1),
                "defaults", NewPartitions.increaseTo(10_002)),
            new CreatePartitionsOptions().validateOnly(true).retryOnQuotaViolation(false)));
  }

  private static void describe(Run run) {
    run.call("describeTopics/several",
        admin
        -> admin.describeTopics(
            List.of("one", "defaults", "configured", "assigned", "grows", "absent", "a b", "")));
    run.call("describeTopics/none", admin -> admin.describeTopics(List.of()));
    run.call("describeTopics/operations",
        admin
        -> admin.describeTopics(
            List.of("one"), new DescribeTopicsOptions().includeAuthorizedOperations(true)));
    for (int limit : new int[] {1, 2, 1000}) {
      run.call("describeTopics/pages of " + limit,
          admin
          -> admin.describeTopics(List.of("one", "grows", "absent"),
              new DescribeTopicsOptions().partitionSizeLimitPerResponse(limit)));
    }
    Uuid id = run.topic("by-id", 2, Map.of());
    run.call("describeTopics/ids",
        admin -> admin.describeTopics(TopicCollection.ofTopicIds(List.of(id, Uuid.ZERO_UUID))), id);
    run.call("describeTopics/unknown id",
        admin
        -> admin.describeTopics(TopicCollection.ofTopicIds(List.of(new Uuid(7, 7))),
            new DescribeTopicsOptions().includeAuthorizedOperations(true)));
    run.call("listTopics/all", admin -> admin.listTopics());
    run.call("listTopics/internal",
        admin -> admin.listTopics(new ListTopicsOptions().listInternal(true).timeoutMs(20_000)));
  }

  private static void delete(Run run) {
    Uuid id = run.topic("deleted-by-id", 1, Map.of());
    run.topic("deleted-by-name", 1, Map.of());
    run.change("deleteTopics/by name",
        admin -> admin.deleteTopics(List.of("deleted-by-name", "absent", "a b", "")));
    run.change("deleteTopics/by id",
        admin
        -> admin.deleteTopics(
            TopicCollection.ofTopicIds(List.of(id, new Uuid(7, 7), Uuid.ZERO_UUID))));
    run.change("deleteTopics/again",
        admin
        -> admin.deleteTopics(
            TopicCollection.ofTopicNames(Arrays.asList("deleted-by-name", "deleted-by-id")),
            new DeleteTopicsOptions().timeoutMs(20_000).retryOnQuotaViolation(false)));
    run.change("deleteTopics/none", admin -> admin.deleteTopics(List.of()));
    run.change("deleteTopics/twice in one",
        admin -> admin.deleteTopics(List.of("lag", "lag"), new DeleteTopicsOptions()));
    run.call("describeTopics/deleted",
        admin -> admin.describeTopics(TopicCollection.ofTopicNames(List.of("deleted-by-name"))));
  }
}
