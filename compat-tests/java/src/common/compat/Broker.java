// SPDX-License-Identifier: Apache-2.0
package compat;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** The broker under test: where it is, topics on it, and waiting for it. */
final class Broker {
  /** How long anything may take before a test gives up; only spent by failures. */
  static final Duration DEADLINE = Duration.ofSeconds(60);

  /** One admin client for all tests of the JVM; it may be used from any thread. */
  static final Admin ADMIN = Admin.create(settings(Map.of()));

  private Broker() {}

  static Map<String, Object> settings(Map<String, ?> more) {
    Map<String, Object> all = new HashMap<>(more);
    all.put("bootstrap.servers", System.getenv("BOOTSTRAP"));
    return all;
  }

  /** A name that no earlier run has used. */
  static String unique(String stem) {
    return "compat-" + stem + "-" + UUID.randomUUID().toString().substring(0, 13);
  }

  /** Returns when the broker knows of the topic, which is a moment after its creation. */
  static String createTopic(int partitions, Map<String, String> configs) {
    String name = unique("java");
    NewTopic topic = new NewTopic(name, partitions, (short) 1).configs(configs);
    get(ADMIN.createTopics(List.of(topic)).all());
    waitUntil(name, () -> get(ADMIN.listTopics().names()).contains(name));
    return name;
  }

  static String createTopic(int partitions) {
    return createTopic(partitions, Map.of());
  }

  /** The answer, or the failure of the test. */
  static <T> T get(Future<T> future) {
    try {
      return future.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException error) {
      throw new AssertionError(error.getCause());
    } catch (Exception error) {
      throw new AssertionError(error);
    }
  }

  /** The future has to fail with exactly this kind of exception, which is returned. */
  static <T extends Throwable> T assertFails(Class<T> kind, Future<?> future) {
    ExecutionException error =
        assertThrows(
            ExecutionException.class,
            () -> future.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS));
    if (!kind.isInstance(error.getCause())) {
      fail("expected " + kind.getSimpleName(), error.getCause());
    }
    return kind.cast(error.getCause());
  }

  /** Polls until the condition holds. */
  static void waitUntil(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        fail("gave up waiting for " + what);
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException interrupted) {
        throw new AssertionError(interrupted);
      }
    }
  }
}
