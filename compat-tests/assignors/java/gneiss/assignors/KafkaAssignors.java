// SPDX-License-Identifier: Apache-2.0
package gneiss.assignors;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.api.assignor.ConsumerGroupPartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.GroupAssignment;
import org.apache.kafka.coordinator.group.api.assignor.SubscribedTopicDescriber;
import org.apache.kafka.coordinator.group.api.assignor.SubscriptionType;
import org.apache.kafka.coordinator.group.assignor.RangeAssignor;
import org.apache.kafka.coordinator.group.assignor.UniformAssignor;
import org.apache.kafka.coordinator.group.modern.Assignment;
import org.apache.kafka.coordinator.group.modern.GroupSpecImpl;
import org.apache.kafka.coordinator.group.modern.MemberSubscriptionAndAssignmentImpl;

/** Kafka's own assignors behind the lines of text that the README describes. */
public final class KafkaAssignors {
    private final Map<Uuid, Integer> partitionCounts = new HashMap<>();
    private final Map<String, MemberSubscriptionAndAssignmentImpl> members = new HashMap<>();
    private final Set<Set<Uuid>> subscriptions = new HashSet<>();

    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        PrintStream out = new PrintStream(System.out, false);
        KafkaAssignors group = new KafkaAssignors();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "topic" -> group.partitionCounts.put(id(words[1]), Integer.parseInt(words[2]));
                case "member" -> group.addMember(words);
                case "assign" -> {
                    group.assign(words[1], out);
                    out.flush();
                    group = new KafkaAssignors();
                }
                default -> throw new IOException("unknown line: " + line);
            }
        }
    }

    /** Topics are numbers; their ids hold them in the last half. */
    private static Uuid id(String topic) {
        return new Uuid(0x4000L, Long.parseLong(topic));
    }

    /** member ID INSTANCE TOPICS OWNED, where "-" stands for none. */
    private void addMember(String[] words) {
        Set<Uuid> topics = new HashSet<>();
        if (!words[3].equals("-")) {
            for (String topic : words[3].split(",")) topics.add(id(topic));
        }
        subscriptions.add(topics);
        Optional<String> instance = words[2].equals("-") ? Optional.empty() : Optional.of(words[2]);
        members.put(words[1], new MemberSubscriptionAndAssignmentImpl(
            Optional.empty(), instance, topics, new Assignment(partitions(words[4]))));
    }

    private static Map<Uuid, Set<Integer>> partitions(String text) {
        Map<Uuid, Set<Integer>> result = new HashMap<>();
        if (text.equals("-")) return result;
        for (String topic : text.split(";")) {
            String[] parts = topic.split(":");
            Set<Integer> partitions = new HashSet<>();
            for (String partition : parts[1].split(",")) partitions.add(Integer.parseInt(partition));
            result.put(id(parts[0]), partitions);
        }
        return result;
    }

    private void assign(String name, PrintStream out) {
        ConsumerGroupPartitionAssignor assignor =
            name.equals("range") ? new RangeAssignor() : new UniformAssignor();
        Map<Uuid, Map<Integer, String>> owners = new HashMap<>();
        members.forEach((member, fields) -> fields.partitions().forEach((topic, partitions) -> {
            for (int partition : partitions) {
                owners.computeIfAbsent(topic, ignored -> new HashMap<>()).put(partition, member);
            }
        }));
        SubscriptionType type = subscriptions.size() == 1
            ? SubscriptionType.HOMOGENEOUS : SubscriptionType.HETEROGENEOUS;
        SubscribedTopicDescriber topics = new SubscribedTopicDescriber() {
            @Override
            public int numPartitions(Uuid topic) {
                return partitionCounts.getOrDefault(topic, -1);
            }

            @Override
            public Set<String> racksForPartition(Uuid topic, int partition) {
                return Set.of();
            }
        };
        GroupAssignment assignment = assignor.assign(new GroupSpecImpl(members, type, owners), topics);
        for (String member : new TreeSet<>(members.keySet())) {
            out.println("member " + member + " " + text(assignment.members().get(member).partitions()));
        }
        out.println("end");
    }

    private static String text(Map<Uuid, Set<Integer>> partitions) {
        StringBuilder result = new StringBuilder();
        Map<Long, Set<Integer>> byNumber = new TreeMap<>();
        partitions.forEach((topic, set) -> byNumber.put(topic.getLeastSignificantBits(), set));
        byNumber.forEach((topic, set) -> {
            if (set.isEmpty()) return;
            if (result.length() > 0) result.append(';');
            result.append(topic).append(':');
            String separator = "";
            for (int partition : new TreeSet<>(set)) {
                result.append(separator).append(partition);
                separator = ",";
            }
        });
        return result.length() == 0 ? "-" : result.toString();
    }
}
