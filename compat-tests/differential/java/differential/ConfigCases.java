// SPDX-License-Identifier: Apache-2.0
package differential;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.ListClientMetricsResourcesOptions;
import org.apache.kafka.clients.admin.ListConfigResourcesOptions;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;

/** describeConfigs, incrementalAlterConfigs, listConfigResources, listClientMetricsResources. */
final class ConfigCases {
  private static final ConfigResource TOPIC = new ConfigResource(Type.TOPIC, "set");
  private static final ConfigResource BROKER = new ConfigResource(Type.BROKER, "" + Run.BROKER);
  private static final ConfigResource ALL_BROKERS = new ConfigResource(Type.BROKER, "");
  private static final ConfigResource GROUP = new ConfigResource(Type.GROUP, "set-group");
  private static final ConfigResource CLIENT_METRICS =
      new ConfigResource(Type.CLIENT_METRICS, "set-metrics");
  private static final ConfigResource LOGGERS =
      new ConfigResource(Type.BROKER_LOGGER, "" + Run.BROKER);

  private ConfigCases() {}

  static void run(Run run) {
    run.topic("set", 1, Map.of("retention.ms", "1000000"));
    describe(run);
    alterTopics(run);
    alterBrokers(run);
    alterLoggers(run);
    alterGroups(run);
    alterClientMetrics(run);
    mistakes(run);
    list(run);
  }

  /** "name=value" sets, "name+=value" appends, "name-=value" subtracts, "name" deletes. */
  private static AlterConfigOp op(String change) {
    int at = change.indexOf('=');
    if (at < 0) {
      return new AlterConfigOp(new ConfigEntry(change, ""), AlterConfigOp.OpType.DELETE);
    }
    char kind = at == 0 ? ' ' : change.charAt(at - 1);
    String name = change.substring(0, kind == '+' || kind == '-' ? at - 1 : at);
    return new AlterConfigOp(new ConfigEntry(name, change.substring(at + 1)),
        kind == '+'       ? AlterConfigOp.OpType.APPEND
            : kind == '-' ? AlterConfigOp.OpType.SUBTRACT
                          : AlterConfigOp.OpType.SET);
  }

  private static Map<ConfigResource, Collection<AlterConfigOp>> ops(
      ConfigResource resource, String... changes) {
    return Map.of(resource, Stream.of(changes).map(ConfigCases::op).toList());
  }

  private static String title(ConfigResource resource, String... changes) {
    return "incrementalAlterConfigs/" + resource.type() + " " + resource.name() + "/"
        + String.join(" & ", changes).replaceAll("(.{60}).*", "$1");
  }

  /** Makes the changes and writes the answer, and what the resource has then. */
  private static void alter(Run run, ConfigResource resource, String... changes) {
    String name = title(resource, changes);
    run.change(name, admin -> admin.incrementalAlterConfigs(ops(resource, changes)));
    Set<String> names = Arrays.stream(changes)
                            .map(change -> op(change).configEntry().name())
                            .collect(Collectors.toSet());
    run.call(name + "/then",
        admin
        -> admin
            .describeConfigs(List.of(resource), new DescribeConfigsOptions().includeSynonyms(true))
            .values()
            .get(resource)
            .thenApply(config
                -> config.entries()
                    .stream()
                    .filter(entry -> names.contains(entry.name()))
                    .toList()));
  }

  private static void validate(Run run, ConfigResource resource, String... changes) {
    run.change(title(resource, changes),
        admin
        -> admin.incrementalAlterConfigs(
            ops(resource, changes), new AlterConfigsOptions().validateOnly(true)));
  }

  private static void describe(Run run) {
    DescribeConfigsOptions all =
        new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
    run.call("describeConfigs/everything",
        admin -> admin.describeConfigs(List.of(TOPIC, BROKER, ALL_BROKERS), all));
    run.call("describeConfigs/loggers", admin -> admin.describeConfigs(List.of(LOGGERS), all));
    run.call("describeConfigs/groups",
        admin -> admin.describeConfigs(List.of(GROUP, new ConfigResource(Type.GROUP, "")), all));
    run.call("describeConfigs/client metrics",
        admin -> admin.describeConfigs(List.of(CLIENT_METRICS), all));
    run.call("describeConfigs/without options",
        admin -> admin.describeConfigs(List.of(TOPIC, ALL_BROKERS)));
    run.call("describeConfigs/none", admin -> admin.describeConfigs(List.of()));
    for (ConfigResource wrong :
        List.of(new ConfigResource(Type.TOPIC, "absent"), new ConfigResource(Type.TOPIC, ""),
            new ConfigResource(Type.TOPIC, "a b"), new ConfigResource(Type.BROKER, "no number"),
            new ConfigResource(Type.CLIENT_METRICS, ""))) {
      run.call("describeConfigs/" + wrong.type() + " " + wrong.name(),
          admin -> admin.describeConfigs(List.of(wrong)));
    }
    run.call("describeConfigs/another broker",
        admin
        -> admin.describeConfigs(List.of(new ConfigResource(Type.BROKER, "7")),
            new DescribeConfigsOptions().timeoutMs(1500)));
    run.call("describeConfigs/unknown type",
        admin -> admin.describeConfigs(List.of(new ConfigResource(Type.UNKNOWN, "x"))));
  }

  private static void alterTopics(Run run) {
    alter(run, TOPIC, "retention.ms=7200000", "cleanup.policy=compact");
    alter(run, TOPIC, "cleanup.policy+=delete");
    alter(run, TOPIC, "cleanup.policy+=delete");
    alter(run, TOPIC, "cleanup.policy-=compact");
    alter(run, TOPIC, "cleanup.policy-=compact");
    alter(run, TOPIC, "retention.ms");
    alter(run, TOPIC, "retention.ms");
    alter(run, TOPIC, "follower.replication.throttled.replicas=*");
    alter(run, TOPIC, "follower.replication.throttled.replicas=0:1,0:2");
    alter(run, TOPIC, "follower.replication.throttled.replicas-=0:1");
    alter(run, TOPIC, "compression.type=lz4", "compression.lz4.level=12",
        "unclean.leader.election.enable=true");
    alter(run, TOPIC, "min.insync.replicas=1");
    alter(run, TOPIC, "segment.ms= 3600000 ");
    alter(run, TOPIC, "retention.bytes+=5");
    alter(run, TOPIC, "no.such.config");
    alter(run, TOPIC, "retention.ms=1", "retention.ms=2");
    for (String change :
        List.of("no.such.config=1", "retention.ms=x",
            "retention.ms=", "cleanup.policy=compact,compact", "cleanup.policy-=delete",
            "max.message.bytes=99999999999", "min.cleanable.dirty.ratio=2",
            "compression.zstd.level=99", "preallocate=TRUE", "remote.storage.enable=true",
            "local.retention.bytes=5", "remote.log.delete.on.disable=true", "segment.bytes=1048575",
            "internal.segment.bytes=100", "message.timestamp.before.max.ms=-1",
            "delete.retention.ms=-1", "leader.replication.throttled.replicas=nonsense",
            "errors.deadletterqueue.topic.name=x", "min.insync.replicas=7", "cleanup.policy=none",
            "retention.bytes=-3", "=1")) {
      validate(run, TOPIC, change);
    }
    run.call("describeConfigs/altered topic",
        admin
        -> admin.describeConfigs(
            List.of(TOPIC), new DescribeConfigsOptions().includeSynonyms(true)));
  }

  private static void alterBrokers(Run run) {
    alter(run, BROKER, "log.retention.ms=5000000");
    alter(run, ALL_BROKERS, "log.retention.ms=6000000", "log.flush.interval.messages=77");
    run.call("describeConfigs/synonyms of a topic",
        admin
        -> admin.describeConfigs(
            List.of(TOPIC), new DescribeConfigsOptions().includeSynonyms(true)));
    run.call("describeConfigs/synonyms of a broker",
        admin
        -> admin.describeConfigs(
            List.of(BROKER, ALL_BROKERS), new DescribeConfigsOptions().includeSynonyms(true)));
    alter(run, BROKER, "log.retention.ms");
    alter(run, ALL_BROKERS, "log.retention.ms", "log.flush.interval.messages");
    alter(run, ALL_BROKERS, "log.cleaner.threads=2", "num.io.threads=10",
        "max.connections.per.ip=1000000");
    alter(run, ALL_BROKERS, "log.cleaner.threads", "num.io.threads", "max.connections.per.ip");
    alter(run, ALL_BROKERS, "log.cleanup.policy+=compact");
    alter(run, ALL_BROKERS, "log.cleanup.policy");
    alter(run, BROKER, "max.connections.per.ip.overrides=127.0.0.2:5");
    alter(run, BROKER, "max.connections.per.ip.overrides");
    alter(run, BROKER, "background.threads=12");
    alter(run, BROKER, "background.threads");
    alter(run, BROKER, "leader.replication.throttled.rate=1000000");
    alter(run, BROKER, "leader.replication.throttled.rate");
    alter(run, BROKER, "no.such.config=9");
    alter(run, BROKER, "no.such.config");
    alter(run, ALL_BROKERS, "min.insync.replicas=1");
    alter(run, ALL_BROKERS, "unclean.leader.election.enable=true");
    alter(run, ALL_BROKERS, "unclean.leader.election.enable");
    alter(run, ALL_BROKERS, "message.max.bytes=2000000", "compression.type=gzip");
    alter(run, ALL_BROKERS, "message.max.bytes", "compression.type");
    for (ConfigResource resource : List.of(BROKER, ALL_BROKERS)) {
      for (String change : List.of("log.retention.ms=x", "log.retention.bytes=-2",
               "log.cleaner.threads= 2 ", "broker.id=7", "node.id=7", "log.dirs=/tmp",
               "zookeeper.connect=x", "num.partitions=3", "num.io.threads=1000",
               "num.network.threads=0", "log.cleaner.threads=0", "message.max.bytes=-1",
               "max.connections=-1", "listeners=PLAINTEXT://127.0.0.1:0",
               "advertised.listeners=PLAINTEXT://x:1", "log.message.timestamp.type=x",
               "ssl.keystore.location=/nowhere", "principal.builder.class=x",
               "metric.reporters=no.such.Class", "log.retention.hours=5",
               "auto.create.topics.enable=false", "group.initial.rebalance.delay.ms=5",
               "transaction.partition.verification.enable=false", "producer.id.expiration.ms=1",
               "remote.log.manager.copy.max.bytes.per.second=5", "log.local.retention.ms=0",
               "sasl.mechanism.inter.broker.protocol=PLAIN", "min.insync.replicas=0",
               "cordoned.log.dirs=/nowhere", "log.index.interval.bytes+=5",
               "max.connections.per.ip.overrides=nonsense", "leader.replication.throttled.rate=-1",
               "controller.performance.sample.period.ms=9", "num.replica.fetchers=2",
               "max.connection.creation.rate=5", "group.coordinator.append.linger.ms=10",
               "share.delivery.count.limit.max=3", "super.users=User:a")) {
        validate(run, resource, change);
      }
    }
  }

  private static void alterLoggers(Run run) {
    alter(run, LOGGERS, "kafka.server=DEBUG");
    alter(run, LOGGERS, "kafka.server");
    alter(run, LOGGERS, "root=INFO");
    for (String change : List.of("no.such.logger=INFO", "root=LOUD", "root", "root+=INFO",
             "root-=INFO", "no.such.logger")) {
      validate(run, LOGGERS, change);
    }
    validate(run, new ConfigResource(Type.BROKER_LOGGER, "x"), "root=INFO");
  }

  private static void alterGroups(Run run) {
    alter(run, GROUP, "consumer.session.timeout.ms=50000", "consumer.heartbeat.interval.ms=6000");
    run.call("describeConfigs/altered group",
        admin
        -> admin.describeConfigs(List.of(GROUP),
            new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true)));
    alter(run, GROUP, "consumer.session.timeout.ms");
    for (String change : List.of("consumer.session.timeout.ms=1",
             "consumer.session.timeout.ms=99999999", "consumer.heartbeat.interval.ms=1",
             "consumer.heartbeat.interval.ms=x", "no.such.config=1", "no.such.config",
             "consumer.heartbeat.interval.ms=46000", "share.session.timeout.ms=1",
             "streams.num.standby.replicas=1", "consumer.session.timeout.ms+=5")) {
      validate(run, GROUP, change);
    }
    validate(run, new ConfigResource(Type.GROUP, ""), "consumer.session.timeout.ms=50000");
  }

  private static void alterClientMetrics(Run run) {
    alter(run, CLIENT_METRICS, "interval.ms=5000", "metrics=org.apache.kafka.,x.",
        "match=client_id=a.*,client_software_name=b");
    run.call("describeConfigs/altered client metrics",
        admin
        -> admin.describeConfigs(List.of(CLIENT_METRICS),
            new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true)));
    alter(run, CLIENT_METRICS, "metrics+=y.");
    alter(run, CLIENT_METRICS, "metrics-=x.");
    alter(run, CLIENT_METRICS, "match");
    for (String change : List.of("interval.ms=1", "interval.ms=99999999", "interval.ms=x",
             "match=nonsense", "match=client_id=[", "match=no_such_key=a", "no.such.config=1",
             "no.such.config", "metrics=", "metrics=*")) {
      validate(run, CLIENT_METRICS, change);
    }
    validate(run, new ConfigResource(Type.CLIENT_METRICS, ""), "interval.ms=5000");
  }

  private static void mistakes(Run run) {
    run.change("incrementalAlterConfigs/none", admin -> admin.incrementalAlterConfigs(Map.of()));
    run.change("incrementalAlterConfigs/no ops",
        admin -> admin.incrementalAlterConfigs(Map.of(TOPIC, List.of())));
    run.change("incrementalAlterConfigs/several",
        admin
        -> admin.incrementalAlterConfigs(Map.of(TOPIC, List.of(op("retention.ms=8000000")),
            new ConfigResource(Type.TOPIC, "absent"), List.of(op("retention.ms=1")), ALL_BROKERS,
            List.of(op("log.retention.ms=x")))));
    validate(run, new ConfigResource(Type.TOPIC, ""), "retention.ms=1");
    validate(run, new ConfigResource(Type.TOPIC, "a b"), "retention.ms=1");
    validate(run, new ConfigResource(Type.BROKER, "x"), "log.retention.ms=1");
    validate(run, new ConfigResource(Type.UNKNOWN, "x"), "a=1");
    run.change("incrementalAlterConfigs/another broker",
        admin
        -> admin.incrementalAlterConfigs(
            ops(new ConfigResource(Type.BROKER, "7"), "log.retention.ms=5"),
            new AlterConfigsOptions().timeoutMs(1500)));
  }

  private static void list(Run run) {
    run.call("listConfigResources/all", admin -> admin.listConfigResources());
    for (Type type : Type.values()) {
      run.call("listConfigResources/" + type,
          admin -> admin.listConfigResources(Set.of(type), new ListConfigResourcesOptions()));
    }
    run.call("listClientMetricsResources/all", admin -> admin.listClientMetricsResources());
    run.call("listClientMetricsResources/options",
        admin
        -> admin.listClientMetricsResources(
            new ListClientMetricsResourcesOptions().timeoutMs(20_000)));
  }
}
