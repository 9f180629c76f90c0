// SPDX-License-Identifier: Apache-2.0
package differential;

import static differential.Run.partition;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AlterReplicaLogDirsOptions;
import org.apache.kafka.clients.admin.DescribeLogDirsOptions;
import org.apache.kafka.clients.admin.DescribeReplicaLogDirsOptions;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.common.TopicPartitionReplica;

/** describeLogDirs, describeReplicaLogDirs, alterReplicaLogDirs. */
final class LogDirCases {
  private static final TopicPartitionReplica HERE =
      new TopicPartitionReplica("moved", 0, Run.BROKER);
  private static final TopicPartitionReplica ABSENT =
      new TopicPartitionReplica("absent", 0, Run.BROKER);
  private static final TopicPartitionReplica ELSEWHERE = new TopicPartitionReplica("moved", 0, 7);

  private static final long MOVE_SECONDS = 15;

  private LogDirCases() {}

  static void run(Run run) {
    run.topic("moved", 1, Map.of());
    run.produce(partition("moved", 0), 1, 2, 3);
    run.call("describeLogDirs/one",
        admin
        -> admin.describeLogDirs(List.of(Run.BROKER))
            .allDescriptions()
            .thenApply(LogDirCases::together));
    run.call("describeLogDirs/none", admin -> admin.describeLogDirs(List.of()));
    run.call("describeLogDirs/another broker",
        admin -> admin.describeLogDirs(List.of(7), new DescribeLogDirsOptions().timeoutMs(700)));
    run.call("describeReplicaLogDirs/several",
        admin -> admin.describeReplicaLogDirs(List.of(HERE, ABSENT)));
    run.call("describeReplicaLogDirs/elsewhere",
        admin
        -> admin.describeReplicaLogDirs(
            List.of(ELSEWHERE), new DescribeReplicaLogDirsOptions().timeoutMs(700)));
    move(run);
  }

  /**
   * Which directory a new partition comes to is the broker's choice, so that replicas stand
   * together.
   */
  private static Map<String, Object> together(
      Map<Integer, Map<String, LogDirDescription>> brokers) {
    Map<String, Object> all = new TreeMap<>();
    brokers.forEach((broker, directories) -> directories.forEach((path, directory) -> {
      all.put(broker + " " + path,
          List.of("" + directory.error(), directory.totalBytes().getAsLong() > 0,
              directory.usableBytes().getAsLong() > 0, directory.isCordoned()));
      directory.replicaInfos().forEach(
          (replica, details) -> all.put(broker + " " + replica, details));
    }));
    return all;
  }

  private static String directory(Run run) {
    return Run.get(run.admin.describeReplicaLogDirs(List.of(HERE)).values().get(HERE))
        .getCurrentReplicaLogDir();
  }

  private static void move(Run run) {
    String before = directory(run);
    String other = Run.get(run.admin.describeLogDirs(List.of(Run.BROKER)).allDescriptions())
                       .get(Run.BROKER)
                       .keySet()
                       .stream()
                       .filter(name -> !name.equals(before))
                       .findFirst()
                       .orElse(before);
    run.call("alterReplicaLogDirs/where it is",
        admin -> admin.alterReplicaLogDirs(Map.of(HERE, before)));
    run.call("alterReplicaLogDirs/unknown directory",
        admin -> admin.alterReplicaLogDirs(Map.of(HERE, "/no/such/directory")));
    run.call("alterReplicaLogDirs/relative directory",
        admin -> admin.alterReplicaLogDirs(Map.of(HERE, "relative")));
    run.call("alterReplicaLogDirs/unknown topic",
        admin -> admin.alterReplicaLogDirs(Map.of(ABSENT, other)));
    run.call("alterReplicaLogDirs/none", admin -> admin.alterReplicaLogDirs(Map.of()));
    run.call("alterReplicaLogDirs/another broker",
        admin
        -> admin.alterReplicaLogDirs(
            Map.of(ELSEWHERE, other), new AlterReplicaLogDirsOptions().timeoutMs(700)));
    run.call("alterReplicaLogDirs/other", admin -> admin.alterReplicaLogDirs(Map.of(HERE, other)));
    run.document.add("alterReplicaLogDirs/other/moved",
        Run.within(MOVE_SECONDS, () -> directory(run).equals(other)));
  }
}
