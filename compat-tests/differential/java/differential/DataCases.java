// SPDX-License-Identifier: Apache-2.0
package differential;

import static differential.Run.partition;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.DeleteRecordsOptions;
import org.apache.kafka.clients.admin.DescribeProducersOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** listOffsets, deleteRecords, describeProducers. */
final class DataCases {
  private static final TopicPartition FULL = partition("data", 0);
  private static final TopicPartition EMPTY = partition("data", 1);
  private static final TopicPartition ABSENT = partition("absent", 0);
  private static final TopicPartition BEYOND = partition("data", 9);

  private DataCases() {}

  static void run(Run run) {
    run.topic("data", 2, Map.of("retention.ms", "-1"));
    run.topic("compacted", 1, Map.of("cleanup.policy", "compact"));
    run.produce(FULL, 1000, 5000, 3000, 5000, 2000);
    offsets(run, "");
    producers(run);
    deleteRecords(run);
    offsets(run, " after deletion");
  }

  private static void offsets(Run run, String when) {
    Map<String, OffsetSpec> specs = new LinkedHashMap<>();
    specs.put("earliest", OffsetSpec.earliest());
    specs.put("latest", OffsetSpec.latest());
    specs.put("max timestamp", OffsetSpec.maxTimestamp());
    specs.put("earliest local", OffsetSpec.earliestLocal());
    specs.put("latest tiered", OffsetSpec.latestTiered());
    specs.put("earliest pending upload", OffsetSpec.earliestPendingUpload());
    for (long time : new long[] {0, 1000, 1001, 3000, 5000, 5001}) {
      specs.put("time " + time, OffsetSpec.forTimestamp(time));
    }
    specs.forEach(
        (name, spec)
            -> run.call("listOffsets/" + name + when,
                admin -> admin.listOffsets(Map.of(FULL, spec, EMPTY, spec)), FULL, EMPTY));
    run.call("listOffsets/committed" + when,
        admin
        -> admin.listOffsets(Map.of(FULL, OffsetSpec.latest(), EMPTY, OffsetSpec.forTimestamp(7)),
            new ListOffsetsOptions(IsolationLevel.READ_COMMITTED)),
        FULL, EMPTY);
    run.call("listOffsets/none" + when, admin -> admin.listOffsets(Map.of()));
    run.call("listOffsets/unknown" + when,
        admin
        -> admin.listOffsets(Map.of(FULL, OffsetSpec.latest(), ABSENT, OffsetSpec.latest(), BEYOND,
                                 OffsetSpec.latest()),
            new ListOffsetsOptions().timeoutMs(700)),
        FULL, ABSENT, BEYOND);
  }

  private static void producers(Run run) {
    run.call("describeProducers/several",
        admin -> admin.describeProducers(List.of(FULL, EMPTY)), FULL, EMPTY);
    run.call("describeProducers/by broker",
        admin
        -> admin.describeProducers(
            List.of(FULL, ABSENT), new DescribeProducersOptions().brokerId(Run.BROKER)),
        FULL, ABSENT);
    run.call("describeProducers/unknown",
        admin
        -> admin.describeProducers(List.of(ABSENT), new DescribeProducersOptions().timeoutMs(700)),
        ABSENT);
    run.call("describeProducers/another broker",
        admin
        -> admin.describeProducers(
            List.of(FULL), new DescribeProducersOptions().brokerId(7).timeoutMs(700)),
        FULL);
    run.call("describeProducers/none", admin -> admin.describeProducers(List.of()));
  }

  private static void deleteRecords(Run run) {
    Map<TopicPartition, RecordsToDelete> several = new HashMap<>();
    several.put(FULL, RecordsToDelete.beforeOffset(2));
    several.put(EMPTY, RecordsToDelete.beforeOffset(0));
    run.call("deleteRecords/some", admin -> admin.deleteRecords(several));
    run.call("deleteRecords/less",
        admin -> admin.deleteRecords(Map.of(FULL, RecordsToDelete.beforeOffset(1))));
    run.call("deleteRecords/too many",
        admin -> admin.deleteRecords(Map.of(FULL, RecordsToDelete.beforeOffset(6))));
    run.call("deleteRecords/negative",
        admin -> admin.deleteRecords(Map.of(FULL, RecordsToDelete.beforeOffset(-2))));
    run.call("deleteRecords/compacted",
        admin
        -> admin.deleteRecords(Map.of(partition("compacted", 0), RecordsToDelete.beforeOffset(0))));
    run.call("deleteRecords/none", admin -> admin.deleteRecords(Map.of()));
    run.call("deleteRecords/unknown",
        admin
        -> admin.deleteRecords(Map.of(ABSENT, RecordsToDelete.beforeOffset(0)),
            new DeleteRecordsOptions().timeoutMs(700)));
    run.call("deleteRecords/all",
        admin -> admin.deleteRecords(Map.of(FULL, RecordsToDelete.beforeOffset(-1))));
  }
}
