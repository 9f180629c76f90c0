// SPDX-License-Identifier: Apache-2.0
package compat;

import static compat.Broker.ADMIN;
import static compat.Broker.createTopic;
import static compat.Broker.get;
import static compat.Broker.waitUntil;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;

/** AlterConfigs, which replaces all configs of a resource; kafka-clients 4 has lost it. */
class ReplacedConfigsTest {
  @Test
  void whatIsNotNamedGoesBackToItsDefault() {
    String topic = createTopic(1, Map.of("retention.ms", "4444444", "segment.bytes", "3333333"));
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    get(ADMIN.alterConfigs(Map.of(resource,
        new Config(List.of(new ConfigEntry("segment.bytes", "2222222"))))).all());
    waitUntil("the new config", () -> configs(resource).get("segment.bytes").value()
        .equals("2222222"));
    assertEquals("604800000", configs(resource).get("retention.ms").value());
  }

  private static Config configs(ConfigResource resource) {
    return get(ADMIN.describeConfigs(List.of(resource)).all()).get(resource);
  }
}
