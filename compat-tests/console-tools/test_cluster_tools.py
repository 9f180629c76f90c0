# SPDX-License-Identifier: Apache-2.0
"""The tools that look at a cluster and change it: what a single node answers them."""

import json
import re
import tempfile
import unittest

from tools import ToolCase


class ClusterCase(ToolCase):
    def node(self):
        return re.search(r"\(id: (\d+)", self.run_tool("broker-api-versions")).group(1)

    def json_file(self, content):
        written = tempfile.NamedTemporaryFile("w", suffix=".json")  # pylint: disable=R1732
        self.addCleanup(written.close)
        json.dump(content, written)
        written.flush()
        return written.name


class LeaderElectionTest(ClusterCase):
    def elect(self, *arguments, expect=0):
        return self.run_tool("leader-election", *arguments, expect=expect)

    def test_a_partition_is_led_as_it_should_be(self):
        name = self.create_topic(partitions=2)
        out = self.elect("--election-type", "preferred", "--topic", name, "--partition", "0")
        self.assertIn("Valid replica already elected for partitions " + name + "-0", out)
        out = self.elect("--election-type", "unclean", "--topic", name, "--partition", "1")
        self.assertIn("Valid replica already elected", out)
        self.elect("--election-type", "preferred", "--all-topic-partitions")

    def test_several_partitions_come_from_a_file(self):
        name = self.create_topic(partitions=2)
        path = self.json_file({"partitions": [{"topic": name, "partition": p} for p in (0, 1)]})
        out = self.elect("--election-type", "preferred", "--path-to-json-file", path)
        self.assertIn(name + "-0", out)
        self.assertIn(name + "-1", out)

    def test_an_unknown_partition_is_reported(self):
        out = self.elect("--election-type", "preferred", "--topic", self.unique("missing"),
                         "--partition", "0", expect=1)
        self.assertIn("UnknownTopicOrPartitionException", out + self.stderr)


class ReassignPartitionsTest(ClusterCase):
    def reassign(self, replicas, *arguments, expect=0):
        topic = self.create_topic()
        path = self.json_file({"version": 1, "partitions": [
            {"topic": topic, "partition": 0, "replicas": replicas}]})
        return topic, path, self.run_tool("reassign-partitions", "--reassignment-json-file", path,
                                          *arguments, expect=expect)

    def test_a_partition_may_be_assigned_to_where_it_is(self):
        topic, path, out = self.reassign([int(self.node())], "--execute")
        self.assertIn("Successfully started partition reassignment for " + topic + "-0", out)
        out = self.run_tool("reassign-partitions", "--reassignment-json-file", path, "--verify")
        self.assertIn(f"Reassignment of partition {topic}-0 is completed.", out)
        self.assertIn("No partition reassignments found.",
                      self.run_tool("reassign-partitions", "--list"))

    def test_a_throttle_is_set_and_taken_back(self):
        topic, path, _ = self.reassign([int(self.node())], "--execute", "--throttle", "1000000")
        out = self.run_tool("reassign-partitions", "--reassignment-json-file", path, "--verify")
        self.assertIn("Clearing broker-level throttles", out)
        self.assertIn("Clearing topic-level throttles on topic " + topic, out)

    def test_an_unknown_broker_is_reported(self):
        _, _, out = self.reassign([4711], "--execute", expect=1)
        self.assertIn("Unknown broker id 4711", out + self.stderr)

    def test_there_is_nothing_to_cancel(self):
        _, _, out = self.reassign([int(self.node())], "--cancel")
        self.assertIn("None of the specified partition reassignments are active", out)

    def test_a_plan_is_generated(self):
        topic = self.create_topic(partitions=2)
        path = self.json_file({"version": 1, "topics": [{"topic": topic}]})
        out = self.run_tool("reassign-partitions", "--topics-to-move-json-file", path,
                            "--broker-list", self.node(), "--generate")
        self.assertIn("Proposed partition reassignment configuration", out)


class FeaturesTest(ClusterCase):
    ELR = "eligible.leader.replicas.version"

    def features(self):
        lines = self.run_tool("features", "describe").splitlines()
        return dict(re.search(r"Feature: (\S+).*FinalizedVersionLevel: (\S+)", line).groups()
                    for line in lines if "Feature:" in line)

    def test_levels_are_shown_lowered_and_raised(self):
        self.assertEqual(self.features()["metadata.version"], "4.3-IV0")
        self.assertEqual(self.features()[self.ELR], "1")
        self.assertEqual(self.features()["kraft.version"], "0")
        self.run_tool("features", "downgrade", "--feature", self.ELR + "=0", "--dry-run")
        self.assertEqual(self.features()[self.ELR], "1")
        out = self.run_tool("features", "downgrade", "--feature", self.ELR + "=0")
        self.assertIn(self.ELR + " was downgraded to 0", out)
        self.assertEqual(self.features()[self.ELR], "0")
        out = self.run_tool("features", "upgrade", "--feature", self.ELR + "=1")
        self.assertIn(self.ELR + " was upgraded to 1", out)
        self.assertEqual(self.features()[self.ELR], "1")

    def test_levels_that_cannot_be_had_are_reported(self):
        for command, feature in [("upgrade", self.ELR + "=7"), ("upgrade", "no.such.feature=1"),
                                 ("downgrade", "metadata.version=20")]:
            with self.subTest(feature=feature):
                out = self.run_tool("features", command, "--feature", feature, expect=1)
                self.assertRegex(out + self.stderr, "Could not " + command)


class MetadataQuorumTest(ClusterCase):
    def test_the_quorum_is_this_node(self):
        node = self.node()
        out = self.run_tool("metadata-quorum", "describe", "--status")
        self.assertRegex(out, rf"LeaderId:\s+{node}\n")
        self.assertRegex(out, r"MaxFollowerLag:\s+0\n")
        self.assertRegex(out, rf'CurrentVoters:\s+\[\{{"id": {node}, ')
        self.assertRegex(out, r"CurrentObservers:\s+\[\]")
        out = self.run_tool("metadata-quorum", "describe", "--replication")
        rows = [line.split() for line in out.splitlines()]
        self.assertEqual((rows[1][0], rows[1][-1]), (node, "Leader"))
        self.assertEqual(len(rows), 2)

    def test_a_quorum_of_fixed_size_loses_no_member(self):
        out = self.run_tool("metadata-quorum", "remove-controller", "--controller-id", "7",
                            "--controller-directory-id", "AAAAAAAAAAAAAAAAAAAABQ", expect=1)
        self.assertIn("UnsupportedVersionException", out + self.stderr)


class ClusterToolTest(ClusterCase):
    def test_the_cluster_has_an_id_and_one_node(self):
        self.assertRegex(self.run_tool("cluster", command=["cluster-id"]),
                         r"Cluster ID: \S{22}\n")
        self.assertRegex(self.run_tool("cluster", command=["list-endpoints"]),
                         rf"(?m)^{self.node()}\s")

    def test_an_unknown_broker_is_not_unregistered(self):
        out = self.run_tool("cluster", "--id", "4711", command=["unregister"], expect=1)
        self.assertIn("BrokerIdNotRegisteredException", out + self.stderr)


class ConfigResourcesTest(ClusterCase):
    def configs(self, *arguments, expect=0):
        return self.run_tool("configs", *arguments, expect=expect)

    def test_a_broker_is_changed_while_it_runs(self):
        broker = ["--entity-type", "brokers", "--entity-name", self.node()]
        for setting in ["max.connections.per.ip.overrides=[10.9.8.7:5]",
                        "producer.id.expiration.ms=90000000", "log.cleaner.threads=2"]:
            with self.subTest(setting=setting):
                name, value = setting.split("=")
                self.configs(*broker, "--alter", "--add-config", setting)
                shown = self.wait_until(
                    lambda name=name: name in (d := self.configs(*broker, "--describe")) and d,
                    "the setting")
                self.assertIn(f"{name}={value.strip('[]')} sensitive=false synonyms="
                              f"{{DYNAMIC_BROKER_CONFIG:", shown)
                self.configs(*broker, "--alter", "--delete-config", name)

    def test_all_brokers_are_changed_while_they_run(self):
        defaults = ["--entity-type", "brokers", "--entity-default"]
        self.assertIn("min.insync.replicas=1", self.configs(*defaults, "--describe"))
        self.configs(*defaults, "--alter", "--add-config", "log.retention.ms=90000000")
        self.wait_until(lambda: "log.retention.ms=90000000" in self.configs(
            *defaults, "--describe"), "the setting")
        self.configs(*defaults, "--alter", "--delete-config", "log.retention.ms")
        out = self.configs(*defaults, "--alter", "--delete-config", "min.insync.replicas",
                           expect=1)
        self.assertIn("InvalidConfigurationException", out + self.stderr)

    def test_refused_settings_are_reported(self):
        broker = ["--entity-type", "brokers", "--entity-name", self.node(), "--alter"]
        for setting in ["num.partitions=3", "max.connections=0", "log.cleaner.threads=50",
                        "log.segment.bytes=7"]:
            with self.subTest(setting=setting):
                out = self.configs(*broker, "--add-config", setting, expect=1)
                self.assertIn("InvalidRequestException", out + self.stderr)

    def test_the_level_of_the_root_logger_is_shown_and_set(self):
        logger = ["--entity-type", "broker-loggers", "--entity-name", self.node()]
        before = re.search(r"(?m)^\s*root=(\w+)", self.configs(*logger, "--describe")).group(1)
        for level in ["ERROR", before]:
            self.configs(*logger, "--alter", "--add-config", f"root={level}")
            self.assertRegex(self.configs(*logger, "--describe"), rf"(?m)^\s*root={level} ")
        out = self.configs(*logger, "--alter", "--add-config", "no.such.logger=INFO", expect=1)
        self.assertIn("Invalid broker logger(s): no.such.logger", out + self.stderr)


class ClientMetricsTest(ClusterCase):
    def metrics(self, *arguments, expect=0):
        return self.run_tool("client-metrics", *arguments, expect=expect)

    def test_a_subscription_is_made_listed_described_and_deleted(self):
        name = self.unique("subscription")
        self.metrics("--alter", "--name", name, "--metrics", "org.apache.kafka.producer.",
                     "--interval", "5000", "--match", "client_id=no-such-client")
        self.wait_until(lambda: name in self.metrics("--list").splitlines(), "the subscription")
        shown = self.metrics("--describe", "--name", name)
        for setting in ["interval.ms=5000", "match=client_id=no-such-client",
                        "metrics=org.apache.kafka.producer."]:
            self.assertIn(setting, shown)
        shown = self.run_tool("configs", "--describe", "--entity-type", "client-metrics",
                              "--entity-name", name)
        self.assertIn("interval.ms=5000", shown)
        self.metrics("--delete", "--name", name)
        self.wait_until(lambda: name not in self.metrics("--list").splitlines(),
                        "the subscription to go")

    def test_a_wrong_pattern_is_reported(self):
        out = self.metrics("--alter", "--name", self.unique("bad"), "--match", "zork=1", expect=1)
        self.assertIn("InvalidConfigurationException", out + self.stderr)


class WithoutSecurityTest(ClusterCase):
    def test_there_are_no_acls(self):
        for arguments in [["--list"], ["--add", "--allow-principal", "User:a", "--operation",
                                       "Read", "--topic", "orders"]]:
            with self.subTest(arguments=arguments):
                out = self.run_tool("acls", *arguments, expect=1)
                self.assertIn("SecurityDisabledException", out + self.stderr)


if __name__ == "__main__":
    unittest.main()
