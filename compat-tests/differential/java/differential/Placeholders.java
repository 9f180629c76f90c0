// SPDX-License-Identifier: Apache-2.0
package differential;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.ClientMetricsResourceListing;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupListing;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;

/**
 * Says in the same words what differs from one broker to the next by its nature: ids that are
 * drawn, ports, paths, times and sizes. Everything else is left as it is.
 */
final class Placeholders {
  private static final Pattern UUID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  /** By the accessor's name. Zero and negative values mean something, and are kept. */
  private static final Map<String, String> DRAWN =
      Map.ofEntries(Map.entry("port", "<port>"), Map.entry("documentation", "<text>"),
          Map.entry("producerId", "<producer id>"), Map.entry("size", "<size>"),
          Map.entry("totalBytes", "<bytes>"), Map.entry("usableBytes", "<bytes>"),
          Map.entry("lastTimestamp", "<time>"), Map.entry("lastFetchTimestamp", "<time>"),
          Map.entry("lastCaughtUpTimestamp", "<time>"), Map.entry("groupEpoch", "<epoch>"),
          Map.entry("targetAssignmentEpoch", "<epoch>"), Map.entry("memberEpoch", "<epoch>"),
          Map.entry("consumerId", "<member id>"), Map.entry("highWatermark", "<offset>"),
          Map.entry("logEndOffset", "<offset>"), Map.entry("finalizedFeaturesEpoch", "<offset>"));

  private final Map<String, String> texts = new LinkedHashMap<>();
  private final Map<Uuid, String> ids = new HashMap<>();

  /** From now on {@code text} is written as {@code placeholder} wherever it occurs. */
  void replace(String text, String placeholder) {
    texts.put(text, placeholder);
  }

  void name(Uuid id, String name) {
    ids.put(id, "<id of " + name + ">");
  }

  /** What takes the place of a field's value, or nothing where the value is to be compared. */
  Optional<String> forField(String field, Object value) {
    Object inner = value instanceof Optional<?> optional ? optional.orElse(null) : value;
    if (inner == null || inner instanceof Number number && number.longValue() <= 0) {
      return Optional.empty();
    }
    boolean plain = inner instanceof Number || inner instanceof String || inner instanceof Uuid
        || inner instanceof java.util.OptionalLong;
    return plain ? Optional.ofNullable(DRAWN.get(field)) : Optional.empty();
  }

  /** Things that are written as one word, also when they are the key of a map. */
  static boolean isKey(Object value) {
    return value instanceof Uuid || value instanceof TopicPartition
        || value instanceof TopicPartitionReplica || value instanceof ConfigResource;
  }

  String text(Object value) {
    if (value instanceof Uuid id) {
      return id.equals(Uuid.ZERO_UUID) ? "<zero id>" : ids.getOrDefault(id, "<id>");
    }
    if (value instanceof MemberToRemove member) {
      return member.groupInstanceId();
    }
    if (value instanceof ConfigResource resource) {
      return resource.type() + " " + resource.name();
    }
    String text = String.valueOf(value);
    for (Map.Entry<String, String> entry : texts.entrySet()) {
      text = text.replace(entry.getKey(), entry.getValue());
    }
    return UUID.matcher(text).replaceAll("<uuid>");
  }

  /** The name under which an element of a collection without meaningful order is written. */
  Optional<String> nameOf(Object element) {
    if (element instanceof ConfigEntry entry) {
      return Optional.of(entry.name());
    } else if (element instanceof TopicListing topic) {
      return Optional.of(topic.name());
    } else if (element instanceof GroupListing group) {
      return Optional.of(group.groupId());
    } else if (element instanceof ConsumerGroupListing group) {
      return Optional.of(group.groupId());
    } else if (element instanceof ClientMetricsResourceListing resource) {
      return Optional.of(resource.name());
    } else if (element instanceof MemberDescription member) {
      return Optional.of(member.clientId());
    } else if (element instanceof Node node) {
      return Optional.of("node " + node.idString());
    } else if (isKey(element) || element instanceof AclOperation || element instanceof String) {
      return Optional.of(text(element));
    }
    return Optional.empty();
  }
}
