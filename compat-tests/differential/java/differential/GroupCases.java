// SPDX-License-Identifier: Apache-2.0
package differential;

import static differential.Run.partition;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.DeleteConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.DeleteConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeClassicGroupsOptions;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListConsumerGroupsOptions;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;

/** Everything about groups: without members, and with members of either protocol. */
final class GroupCases {
  private static final TopicPartition FIRST = partition("grouped", 0);
  private static final TopicPartition SECOND = partition("grouped", 1);
  private static final TopicPartition ABSENT = partition("absent", 0);
  private static final List<String> BAD = List.of("no-such-group", "");

  private GroupCases() {}

  static void run(Run run) {
    run.topic("grouped", 3, Map.of());
    run.produce(FIRST, 1, 2, 3);
    commit(run);
    read(run);
    deleteOffsets(run);
    for (String protocol : List.of("classic", "consumer")) {
      live(run, protocol);
    }
    describe(run, "empty", List.of("simple", "classic-live", "consumer-live"));
    lists(run, "at the end");
    delete(run);
  }

  private static void commit(Run run) {
    run.call("alterConsumerGroupOffsets/some",
        admin
        -> admin.alterConsumerGroupOffsets("simple",
            Map.of(FIRST, new OffsetAndMetadata(2, Optional.of(0), "a text"), SECOND,
                new OffsetAndMetadata(0))),
        FIRST, SECOND);
    run.call("alterConsumerGroupOffsets/beyond the end",
        admin
        -> admin.alterConsumerGroupOffsets("beyond", Map.of(FIRST, new OffsetAndMetadata(99))),
        FIRST);
    run.call("alterConsumerGroupOffsets/unknown",
        admin
        -> admin.alterConsumerGroupOffsets("simple",
            Map.of(ABSENT, new OffsetAndMetadata(1), partition("grouped", 9),
                new OffsetAndMetadata(1), SECOND, new OffsetAndMetadata(1))),
        ABSENT, SECOND, partition("grouped", 9));
    run.call("alterConsumerGroupOffsets/long text",
        admin
        -> admin.alterConsumerGroupOffsets("simple",
            Map.of(FIRST, new OffsetAndMetadata(1, "x".repeat(5000)), SECOND,
                new OffsetAndMetadata(1, "x".repeat(4096)))),
        FIRST, SECOND);
    run.call("alterConsumerGroupOffsets/no text",
        admin
        -> admin.alterConsumerGroupOffsets(
            "simple", Map.of(SECOND, new OffsetAndMetadata(1, Optional.of(7), null))),
        SECOND);
    run.call("alterConsumerGroupOffsets/none",
        admin -> admin.alterConsumerGroupOffsets("nothing", Map.of()));
    run.call("alterConsumerGroupOffsets/empty name",
        admin
        -> admin.alterConsumerGroupOffsets(
            "", Map.of(FIRST, new OffsetAndMetadata(1)), new AlterConsumerGroupOffsetsOptions()),
        FIRST);
  }

  private static void read(Run run) {
    ListConsumerGroupOffsetsSpec some = new ListConsumerGroupOffsetsSpec().topicPartitions(
        List.of(FIRST, ABSENT, partition("grouped", 9)));
    run.call("listConsumerGroupOffsets/all",
        admin -> admin.listConsumerGroupOffsets("simple"), "simple");
    run.call("listConsumerGroupOffsets/stable",
        admin
        -> admin.listConsumerGroupOffsets(
            "simple", new ListConsumerGroupOffsetsOptions().requireStable(true)),
        "simple");
    run.call("listConsumerGroupOffsets/some",
        admin -> admin.listConsumerGroupOffsets(Map.of("simple", some)), "simple");
    run.call("listConsumerGroupOffsets/several",
        admin
        -> admin.listConsumerGroupOffsets(Map.of("simple", new ListConsumerGroupOffsetsSpec(),
                                              "beyond", some, "no-such-group", some),
            new ListConsumerGroupOffsetsOptions().requireStable(true)),
        "simple", "beyond", "no-such-group");
    run.call("listConsumerGroupOffsets/unknown",
        admin -> admin.listConsumerGroupOffsets("no-such-group"), "no-such-group");
    run.call(
        "listConsumerGroupOffsets/empty name", admin -> admin.listConsumerGroupOffsets(""), "");
    run.call("listConsumerGroupOffsets/none", admin -> admin.listConsumerGroupOffsets(Map.of()));
    run.call("listConsumerGroupOffsets/no partitions",
        admin
        -> admin.listConsumerGroupOffsets(
            Map.of("simple", new ListConsumerGroupOffsetsSpec().topicPartitions(List.of()))),
        "simple");
  }

  private static void deleteOffsets(Run run) {
    run.call("deleteConsumerGroupOffsets/some",
        admin
        -> admin.deleteConsumerGroupOffsets(
            "simple", Set.of(SECOND, ABSENT, partition("grouped", 9), partition("grouped", 2))),
        SECOND, ABSENT, partition("grouped", 9));
    run.call("deleteConsumerGroupOffsets/unknown group",
        admin
        -> admin.deleteConsumerGroupOffsets(
            "no-such-group", Set.of(FIRST), new DeleteConsumerGroupOffsetsOptions()),
        FIRST);
    run.call("deleteConsumerGroupOffsets/empty name",
        admin -> admin.deleteConsumerGroupOffsets("", Set.of(FIRST)), FIRST);
    run.call("deleteConsumerGroupOffsets/none",
        admin -> admin.deleteConsumerGroupOffsets("simple", Set.of()));
    run.call("listConsumerGroupOffsets/after deletion",
        admin -> admin.listConsumerGroupOffsets("simple"));
    run.call("deleteConsumerGroups/before", admin -> admin.deleteConsumerGroups(BAD));
  }

  private static void describe(Run run, String when, List<String> groups) {
    List<String> all = new java.util.ArrayList<>(groups);
    all.addAll(BAD);
    run.call("describeConsumerGroups/" + when, admin -> admin.describeConsumerGroups(all));
    run.call("describeClassicGroups/" + when, admin -> admin.describeClassicGroups(all));
    run.call("describeConsumerGroups/operations " + when,
        admin
        -> admin.describeConsumerGroups(
            groups, new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true)));
    run.call("describeClassicGroups/operations " + when,
        admin
        -> admin.describeClassicGroups(
            groups, new DescribeClassicGroupsOptions().includeAuthorizedOperations(true)));
    run.call("describeConsumerGroups/none", admin -> admin.describeConsumerGroups(List.of()));
    run.call("describeClassicGroups/none", admin -> admin.describeClassicGroups(List.of()));
  }

  private static void lists(Run run, String when) {
    run.call("listGroups/" + when, admin -> admin.listGroups());
    run.call("listConsumerGroups/" + when, admin -> admin.listConsumerGroups());
    for (GroupState state : GroupState.values()) {
      run.call("listGroups/" + state + " " + when,
          admin -> admin.listGroups(new ListGroupsOptions().inGroupStates(Set.of(state))));
    }
    for (GroupType type : GroupType.values()) {
      run.call("listGroups/" + type + " " + when,
          admin -> admin.listGroups(new ListGroupsOptions().withTypes(Set.of(type))));
    }
    run.call("listGroups/protocol " + when,
        admin -> admin.listGroups(new ListGroupsOptions().withProtocolTypes(Set.of("consumer"))));
    run.call("listGroups/other protocol " + when,
        admin -> admin.listGroups(new ListGroupsOptions().withProtocolTypes(Set.of("connect"))));
    run.call("listGroups/for consumers " + when,
        admin -> admin.listGroups(ListGroupsOptions.forConsumerGroups()));
    run.call("listConsumerGroups/stable " + when,
        admin
        -> admin.listConsumerGroups(new ListConsumerGroupsOptions()
                .inGroupStates(Set.of(GroupState.STABLE))
                .withTypes(Set.of(GroupType.CLASSIC))));
  }

  /** Three members, one of them static, all with known assignments. */
  private static void live(Run run, String protocol) {
    String group = protocol + "-live";
    try (Members members = new Members(run, group, protocol)) {
      // One after the other, so that who has what does not hang on drawn ids.
      boolean settled = members.join("member-a", Map.of()) && members.join("member-b", Map.of())
          && members.join("member-c", Map.of("group.instance.id", "instance-c"));
      if (!settled) {
        run.document.add("members/" + protocol, "did not settle: " + members.failure());
        return;
      }
      describe(run, protocol, List.of(group));
      lists(run, "with " + protocol);
      refused(run, group);
      remove(run, group);
      run.call("removeMembersFromConsumerGroup/" + protocol + "/all",
          admin
          -> admin.removeMembersFromConsumerGroup(
              group, new RemoveMembersFromConsumerGroupOptions()));
    }
  }

  private static void refused(Run run, String group) {
    run.call("alterConsumerGroupOffsets/" + group,
        admin
        -> admin.alterConsumerGroupOffsets(group, Map.of(FIRST, new OffsetAndMetadata(1))),
        FIRST);
    run.call("deleteConsumerGroupOffsets/" + group,
        admin
        -> admin.deleteConsumerGroupOffsets(group, Set.of(FIRST, partition("data", 0), ABSENT)),
        FIRST, partition("data", 0), ABSENT);
    run.call("deleteConsumerGroups/" + group, admin -> admin.deleteConsumerGroups(List.of(group)));
    run.call("listConsumerGroupOffsets/" + group, admin -> admin.listConsumerGroupOffsets(group));
  }

  private static void remove(Run run, String group) {
    MemberToRemove here = new MemberToRemove("instance-c");
    MemberToRemove absent = new MemberToRemove("instance-x");
    var options = new RemoveMembersFromConsumerGroupOptions(List.of(here, absent));
    options.reason("a reason");
    run.call("removeMembersFromConsumerGroup/" + group + "/some",
        admin -> admin.removeMembersFromConsumerGroup(group, options), here, absent);
    run.call("removeMembersFromConsumerGroup/no members",
        admin
        -> admin.removeMembersFromConsumerGroup(
            "simple", new RemoveMembersFromConsumerGroupOptions()));
    run.call("removeMembersFromConsumerGroup/unknown group",
        admin
        -> admin.removeMembersFromConsumerGroup(
            "no-such-group", new RemoveMembersFromConsumerGroupOptions(List.of(here))),
        here);
    run.call("removeMembersFromConsumerGroup/all of an unknown group",
        admin
        -> admin.removeMembersFromConsumerGroup(
            "no-such-group", new RemoveMembersFromConsumerGroupOptions()));
  }

  private static void delete(Run run) {
    run.call("deleteConsumerGroups/several",
        admin
        -> admin.deleteConsumerGroups(
            Arrays.asList("simple", "beyond", "classic-live", "consumer-live", "no-such-group", ""),
            new DeleteConsumerGroupsOptions()));
    run.call("deleteConsumerGroups/again", admin -> admin.deleteConsumerGroups(List.of("simple")));
    run.call("deleteConsumerGroups/none", admin -> admin.deleteConsumerGroups(List.of()));
    lists(run, "after deletion");
  }
}
