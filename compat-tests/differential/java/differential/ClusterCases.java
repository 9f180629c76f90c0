// SPDX-License-Identifier: Apache-2.0
package differential;

import static differential.Run.partition;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.AddRaftVoterOptions;
import org.apache.kafka.clients.admin.AlterPartitionReassignmentsOptions;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeFeaturesOptions;
import org.apache.kafka.clients.admin.DescribeMetadataQuorumOptions;
import org.apache.kafka.clients.admin.ElectLeadersOptions;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.FeatureUpdate.UpgradeType;
import org.apache.kafka.clients.admin.ListPartitionReassignmentsOptions;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.RaftVoterEndpoint;
import org.apache.kafka.clients.admin.RemoveRaftVoterOptions;
import org.apache.kafka.clients.admin.UnregisterBrokerOptions;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/** Everything about the node itself: cluster, features, quorum, elections, reassignments. */
final class ClusterCases {
  private static final TopicPartition LED = partition("led", 0);
  private static final TopicPartition ABSENT = partition("absent", 0);
  private static final TopicPartition BEYOND = partition("led", 9);

  private ClusterCases() {}

  static void run(Run run) {
    run.topic("led", 2, Map.of());
    cluster(run);
    elections(run);
    reassignments(run);
    features(run);
    quorum(run);
    client(run);
    unregister(run);
  }

  private static void cluster(Run run) {
    run.call("describeCluster/plain", admin -> admin.describeCluster());
    run.call("describeCluster/operations",
        admin
        -> admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true)));
    run.call("describeCluster/fenced",
        admin -> admin.describeCluster(new DescribeClusterOptions().includeFencedBrokers(true)));
  }

  private static void elections(Run run) {
    for (ElectionType type : ElectionType.values()) {
      run.change("electLeaders/one " + type, admin -> admin.electLeaders(type, Set.of(LED)));
      run.change("electLeaders/unknown " + type,
          admin -> admin.electLeaders(type, Set.of(LED, ABSENT, BEYOND)));
      run.change("electLeaders/none " + type, admin -> admin.electLeaders(type, Set.of()));
      run.change("electLeaders/all " + type,
          admin -> admin.electLeaders(type, null, new ElectLeadersOptions().timeoutMs(20_000)));
    }
  }

  private static void reassign(
      Run run, String name, TopicPartition partition, Integer... replicas) {
    run.change("alterPartitionReassignments/" + name,
        admin
        -> admin.alterPartitionReassignments(
            Map.of(partition, Optional.of(new NewPartitionReassignment(List.of(replicas))))));
  }

  private static void reassignments(Run run) {
    reassign(run, "where it is", LED, 1);
    reassign(run, "unknown broker", LED, 7);
    reassign(run, "one unknown broker", LED, 1, 7);
    reassign(run, "twice the same", LED, 1, 1);
    reassign(run, "negative", LED, -1);
    reassign(run, "unknown topic", ABSENT, 1);
    reassign(run, "unknown partition", BEYOND, 1);
    reassign(run, "empty topic", partition("", 0), 1);
    reassign(run, "negative partition", partition("led", -1), 1);
    run.change("alterPartitionReassignments/no replicas",
        admin
        -> admin.alterPartitionReassignments(
            Map.of(LED, Optional.of(new NewPartitionReassignment(List.of())))));
    run.change("alterPartitionReassignments/cancel",
        admin
        -> admin.alterPartitionReassignments(
            Map.of(LED, Optional.empty(), ABSENT, Optional.empty())));
    run.change(
        "alterPartitionReassignments/none", admin -> admin.alterPartitionReassignments(Map.of()));
    run.change("alterPartitionReassignments/replication factor",
        admin
        -> admin.alterPartitionReassignments(
            Map.of(LED, Optional.of(new NewPartitionReassignment(List.of(1, 7)))),
            new AlterPartitionReassignmentsOptions().allowReplicationFactorChange(false)));
    run.call("listPartitionReassignments/all", admin -> admin.listPartitionReassignments());
    run.call("listPartitionReassignments/options",
        admin
        -> admin.listPartitionReassignments(
            new ListPartitionReassignmentsOptions().timeoutMs(20_000)));
    run.call(
        "listPartitionReassignments/some", admin -> admin.listPartitionReassignments(Set.of(LED)));
    run.call("listPartitionReassignments/none",
        admin
        -> admin.listPartitionReassignments(Set.of(), new ListPartitionReassignmentsOptions()));
    run.call("listPartitionReassignments/unknown",
        admin
        -> admin.listPartitionReassignments(
            Optional.of(Set.of(LED, ABSENT, BEYOND)), new ListPartitionReassignmentsOptions()));
  }

  private static void update(
      Run run, String feature, int level, UpgradeType type, UpdateFeaturesOptions options) {
    run.change("updateFeatures/" + feature + " " + level + " " + type
            + (options.validateOnly() ? " validated" : ""),
        admin
        -> admin.updateFeatures(Map.of(feature, new FeatureUpdate((short) level, type)), options));
  }

  private static void features(Run run) {
    run.call("describeFeatures/plain", admin -> admin.describeFeatures());
    run.call("describeFeatures/options",
        admin -> admin.describeFeatures(new DescribeFeaturesOptions().timeoutMs(20_000)));
    UpdateFeaturesOptions validate = new UpdateFeaturesOptions().validateOnly(true);
    for (UpgradeType type :
        List.of(UpgradeType.UPGRADE, UpgradeType.SAFE_DOWNGRADE, UpgradeType.UNSAFE_DOWNGRADE)) {
      for (int level : new int[] {1, 7, 25, 29, 30, 99}) {
        update(run, "metadata.version", level, type, validate);
      }
      for (String feature :
          List.of("group.version", "transaction.version", "eligible.leader.replicas.version",
              "kraft.version", "share.version", "streams.version", "no.such.feature")) {
        for (int level : new int[] {0, 1, 2, 99}) {
          if (level > 0 || type != UpgradeType.UPGRADE) {
            update(run, feature, level, type, validate);
          }
        }
      }
    }
    run.change("updateFeatures/none", admin -> admin.updateFeatures(Map.of()));
    run.change("updateFeatures/one wrong of two",
        admin
        -> admin.updateFeatures(
            Map.of("group.version", new FeatureUpdate((short) 1, UpgradeType.UPGRADE),
                "no.such.feature", new FeatureUpdate((short) 1, UpgradeType.UPGRADE))));
    update(run, "group.version", 0, UpgradeType.UNSAFE_DOWNGRADE, new UpdateFeaturesOptions());
    run.call("describeFeatures/after a downgrade", admin -> admin.describeFeatures());
    update(run, "group.version", 1, UpgradeType.UPGRADE, new UpdateFeaturesOptions());
    run.call("describeFeatures/after an upgrade", admin -> admin.describeFeatures());
  }

  private static void quorum(Run run) {
    run.call("describeMetadataQuorum/plain", admin -> admin.describeMetadataQuorum());
    run.call("describeMetadataQuorum/options",
        admin
        -> admin.describeMetadataQuorum(new DescribeMetadataQuorumOptions().timeoutMs(20_000)));
    Set<RaftVoterEndpoint> endpoints = Set.of(new RaftVoterEndpoint("CONTROLLER", "127.0.0.1", 1));
    run.call("addRaftVoter/another", admin -> admin.addRaftVoter(7, new Uuid(7, 7), endpoints));
    run.call("addRaftVoter/cluster id",
        admin
        -> admin.addRaftVoter(7, new Uuid(7, 7), endpoints,
            new AddRaftVoterOptions().setClusterId(Optional.of("another-cluster"))));
    run.call("addRaftVoter/no endpoints", admin -> admin.addRaftVoter(7, new Uuid(7, 7), Set.of()));
    run.call("removeRaftVoter/another", admin -> admin.removeRaftVoter(7, new Uuid(7, 7)));
    run.call("removeRaftVoter/cluster id",
        admin
        -> admin.removeRaftVoter(7, new Uuid(7, 7),
            new RemoveRaftVoterOptions().setClusterId(Optional.of("another-cluster"))));
  }

  /** What the client knows itself, and the id that the broker gives it for telemetry. */
  private static void client(Run run) {
    run.call("clientInstanceId/negative", admin -> admin.clientInstanceId(Duration.ofMillis(-1)));
    run.call("clientInstanceId/plain", admin -> admin.clientInstanceId(Duration.ofSeconds(5)));
    run.call("metrics", admin -> !admin.metrics().isEmpty());
    var metric = (org.apache.kafka.common.metrics.KafkaMetric) run.admin.metrics()
                     .values()
                     .iterator()
                     .next();
    run.admin.registerMetricForSubscription(metric);
    run.admin.unregisterMetricFromSubscription(metric);
  }

  /**
   * The only broker cannot be unregistered here: afterwards it would answer nothing that compares.
   */
  private static void unregister(Run run) {
    run.change("unregisterBroker/another", admin -> admin.unregisterBroker(7));
    run.change("unregisterBroker/negative",
        admin -> admin.unregisterBroker(-1, new UnregisterBrokerOptions().timeoutMs(20_000)));
    run.admin.close(Duration.ofSeconds(5));
    run.admin.close();
  }
}
