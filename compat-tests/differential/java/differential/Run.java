// SPDX-License-Identifier: Apache-2.0
package differential;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringSerializer;

/** One run against one broker: what all cases share. Threads: one. */
final class Run {
  static final int BROKER = 1;
  private static final String MARKER = "marker";
  private static final long DEADLINE_SECONDS = 60;

  final String bootstrap;
  final Admin admin;
  final Document document;
  final Placeholders placeholders;
  private final Admin unwatched;
  private long marks = 0;

  Run(String bootstrap, Admin watched, Admin unwatched, Document document,
      Placeholders placeholders) {
    this.bootstrap = bootstrap;
    this.admin = watched;
    this.unwatched = unwatched;
    this.document = document;
    this.placeholders = placeholders;
    get(unwatched.createTopics(List.of(new NewTopic(MARKER, 1, (short) 1))).all());
    until("the marker topic", () -> get(unwatched.listTopics().names()).contains(MARKER));
  }

  /** One call; what it returns is written below {@code name}. */
  void call(String name, Function<Admin, Object> call, Object... keys) {
    Object result;
    try {
      result = call.apply(admin);
    } catch (RuntimeException thrown) {
      document.add(name, "throws " + thrown.getClass().getSimpleName());
      return;
    }
    document.add(name, result, keys);
  }

  /** The same for a call that changes metadata: returns when the broker acts on the change. */
  void change(String name, Function<Admin, Object> call, Object... keys) {
    call(name, call, keys);
    settle();
  }

  /** A topic that is ready to be used; not part of the document. */
  Uuid topic(String name, int partitions, Map<String, String> configs) {
    var created =
        unwatched.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs)));
    Uuid id = get(created.topicId(name));
    placeholders.name(id, name);
    settle();
    return id;
  }

  /** Records with the given timestamps, in order, through an idempotent producer. */
  void produce(TopicPartition to, long... timestamps) {
    Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "linger.ms", 0);
    try (var producer =
             new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      List<Future<?>> sent = new ArrayList<>();
      for (long timestamp : timestamps) {
        sent.add(producer.send(
            new ProducerRecord<>(to.topic(), to.partition(), timestamp, "key", "value")));
        producer.flush();
      }
      sent.forEach(Run::get);
    }
  }

  /**
   * Returns when all that was changed before is in force. Metadata records are published in their
   * order, one lot after the other: when a record that was written after the first mark was seen is
   * seen as well, the lot with everything before the first mark is through.
   */
  void settle() {
    mark();
    mark();
  }

  private void mark() {
    ConfigResource marker = new ConfigResource(ConfigResource.Type.TOPIC, MARKER);
    String value = "" + (86_400_000 + ++marks);
    get(unwatched
            .incrementalAlterConfigs(Map.of(marker,
                List.of(new AlterConfigOp(
                    new ConfigEntry("retention.ms", value), AlterConfigOp.OpType.SET))))
            .all());
    until("a change of metadata",
        ()
            -> get(unwatched.describeConfigs(List.of(marker)).all())
                .get(marker)
                .get("retention.ms")
                .value()
                .equals(value));
  }

  static void until(String what, Callable<Boolean> condition) {
    if (!within(DEADLINE_SECONDS, condition)) {
      throw new AssertionError("gave up waiting for " + what);
    }
  }

  /** Polls; returns whether the condition came to hold in this time. */
  static boolean within(long seconds, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try {
      while (!condition.call()) {
        if (System.nanoTime() > deadline) {
          return false;
        }
        Thread.sleep(2);
      }
    } catch (Exception error) {
      throw new AssertionError(error);
    }
    return true;
  }

  static <T> T get(Future<T> future) {
    try {
      return future.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (Exception error) {
      throw new AssertionError(error);
    }
  }

  static TopicPartition partition(String topic, int index) {
    return new TopicPartition(topic, index);
  }

  static Optional<Short> one() {
    return Optional.of((short) 1);
  }
}
