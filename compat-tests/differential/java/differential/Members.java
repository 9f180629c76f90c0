// SPDX-License-Identifier: Apache-2.0
package differential;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Members of one group on the topic "grouped", each polling on a thread of its own. */
final class Members implements AutoCloseable {
  private static final long SETTLE_SECONDS = 20;

  private static final class Member {
    final KafkaConsumer<String, String> consumer;
    final Thread thread = new Thread(this::poll);
    volatile Set<TopicPartition> share = Set.of();
    volatile boolean closing = false;
    volatile RuntimeException failure;

    Member(Map<String, Object> settings) {
      consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
      consumer.subscribe(List.of("grouped"));
    }

    private void poll() {
      try (consumer) {
        while (!closing) {
          consumer.poll(Duration.ofMillis(100));
          share = Set.copyOf(consumer.assignment());
        }
      } catch (WakeupException closed) {
        // close() asked for it
      } catch (RuntimeException error) {
        failure = error;
      }
      share = Set.of();
    }
  }

  private final Run run;
  private final String group;
  private final String protocol;
  private final List<Member> members = new ArrayList<>();

  Members(Run run, String group, String protocol) {
    this.run = run;
    this.group = group;
    this.protocol = protocol;
  }

  /** Returns whether the new member and those before it came to share the partitions. */
  boolean join(String clientId, Map<String, Object> more) {
    Map<String, Object> settings = new HashMap<>(more);
    settings.putAll(Map.of("bootstrap.servers", run.bootstrap, "group.id", group, "client.id",
        clientId, "group.protocol", protocol, "auto.offset.reset", "earliest", "enable.auto.commit",
        false));
    if (protocol.equals("classic")) {
      settings.put("heartbeat.interval.ms", 100);
    }
    Member member = new Member(settings);
    members.add(member);
    member.thread.start();
    return settle(members.size());
  }

  /** Returns whether {@code owners} members came to share the three partitions. */
  boolean settle(int owners) {
    return Run.within(SETTLE_SECONDS, () -> {
      Set<TopicPartition> owned = new HashSet<>();
      members.forEach(member -> owned.addAll(member.share));
      long with = members.stream().filter(member -> !member.share.isEmpty()).count();
      int count = members.stream().mapToInt(member -> member.share.size()).sum();
      return members.stream().allMatch(member -> member.failure != null)
          || with == owners && count == 3 && owned.size() == 3;
    }) && members.stream().anyMatch(member -> member.failure == null);
  }

  String failure() {
    return members.stream()
        .filter(member -> member.failure != null)
        .map(member -> member.failure.getClass().getSimpleName())
        .findFirst()
        .orElse("");
  }

  @Override
  public void close() {
    members.forEach(member -> member.closing = true);
    members.forEach(member -> member.consumer.wakeup());
    for (Member member : members) {
      try {
        member.thread.join();
      } catch (InterruptedException interrupted) {
        throw new AssertionError(interrupted);
      }
    }
  }
}
