# SPDX-License-Identifier: Apache-2.0
"""Each tool once in its ordinary use, and once in a mistake that it has to report."""

import json
import re
import tempfile
import unittest

from tools import CLASSIC, ToolCase


class TopicsTest(ToolCase):
    def test_a_topic_is_created_listed_described_altered_and_deleted(self):
        name = self.create_topic(partitions=3, configs=["retention.ms=3600000"])
        self.assertIn(name, self.run_tool("topics", "--list").splitlines())
        described = self.run_tool("topics", "--describe", "--topic", name)
        self.assertRegex(described, r"PartitionCount: 3\s+ReplicationFactor: 1\s+Configs: .*"
                                    r"retention\.ms=3600000")
        self.assertEqual(len(re.findall(r"Partition: \d\tLeader: \d+\tReplicas: \d+\tIsr: \d+",
                                        described)), 3)
        self.run_tool("topics", "--alter", "--topic", name, "--partitions", "5")
        self.wait_until(lambda: "PartitionCount: 5" in self.run_tool(
            "topics", "--describe", "--topic", name), "5 partitions")
        self.run_tool("topics", "--delete", "--topic", name)
        self.wait_until(lambda: name not in self.run_tool("topics", "--list").splitlines(),
                        "the topic to go")

    def test_mistakes_are_reported(self):
        name = self.create_topic()
        missing = self.unique("missing")
        for message, arguments in [
                ("TopicExistsException", ["--create", "--topic", name]),
                ("does not exist", ["--delete", "--topic", missing]),
                ("does not exist", ["--describe", "--topic", missing]),
                ("InvalidTopicException", ["--create", "--topic", "not a name"]),
                ("InvalidReplicationFactorException",
                 ["--create", "--topic", missing, "--replication-factor", "50"]),
                ("InvalidPartitionsException", ["--alter", "--topic", name, "--partitions", "1"])]:
            with self.subTest(arguments=arguments):
                out = self.run_tool("topics", *arguments, expect=1)
                self.assertRegex(out + self.stderr, message)
        self.run_tool("topics", "--create", "--topic", name, "--if-not-exists")


class ConfigsTest(ToolCase):
    def describe(self, name, *arguments):
        return self.run_tool("configs", "--describe", "--entity-type", "topics", "--entity-name",
                             name, *arguments)

    def alter(self, name, *arguments, expect=0):
        return self.run_tool("configs", "--alter", "--entity-type", "topics", "--entity-name",
                             name, *arguments, expect=expect)

    def test_a_topics_configs_are_set_shown_and_deleted(self):
        name = self.create_topic()
        self.alter(name, "--add-config", "retention.ms=7200000,cleanup.policy=[compact,delete]")
        shown = self.wait_until(lambda: "retention.ms" in (d := self.describe(name)) and d,
                                "the new config")
        self.assertRegex(shown, r"retention\.ms=7200000 sensitive=false synonyms=\{"
                                r"DYNAMIC_TOPIC_CONFIG:retention\.ms=7200000")
        self.assertIn("cleanup.policy=compact,delete", shown)
        self.alter(name, "--delete-config", "retention.ms")
        self.wait_until(lambda: "retention.ms" not in self.describe(name), "the config to go")
        self.assertRegex(self.describe(name, "--all"),
                         r"retention\.ms=604800000 sensitive=false synonyms=\{\}|"
                         r"retention\.ms=604800000 sensitive=false")

    def test_mistakes_are_reported(self):
        name = self.create_topic()
        out = self.alter(name, "--add-config", "retention.ms=never", expect=1)
        self.assertIn("InvalidConfigurationException", out + self.stderr)
        out = self.alter(name, "--add-config", "no.such.config=1", expect=1)
        self.assertIn("no.such.config", out + self.stderr)

    def test_the_brokers_configs_are_shown(self):
        broker = re.search(r"\(id: (\d+)", self.run_tool("broker-api-versions")).group(1)
        shown = self.run_tool("configs", "--describe", "--entity-type", "brokers",
                              "--entity-name", broker, "--all")
        for name in ["log.retention.hours", "message.max.bytes", "num.partitions"]:
            self.assertRegex(shown, rf"(?m)^\s*{re.escape(name)}=")


class ProduceAndConsumeTest(ToolCase):
    def test_lines_come_back_in_order(self):
        topic, lines = self.create_topic(), [f"line {i}" for i in range(500)]
        self.produce(topic, lines)
        self.assertEqual(self.consume(topic, 500), lines)

    def test_each_codec(self):
        topic, sent = self.create_topic(), []
        for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
            lines = [f"{codec} {i}" for i in range(50)]
            self.produce(topic, lines, "--compression-codec", codec)
            sent += lines
        self.assertEqual(self.consume(topic, 250), sent)

    def test_keys_headers_nulls_and_timestamps_are_printed(self):
        topic = self.create_topic()
        reader = [part for setting in ["parse.key=true", "parse.headers=true", "key.separator=|",
                                       "headers.delimiter=;", "null.marker=NULL"]
                  for part in ("--reader-property", setting)]
        self.produce(topic, ["a:1,b:2;key|value", "NULL;NULL|unkeyed", "c:3;gone|NULL"], *reader)
        printing = [part for setting in ["key", "headers", "offset", "partition", "timestamp"]
                    for part in ("--formatter-property", f"print.{setting}=true")]
        shown = [re.sub(r"CreateTime:\d{13}", "TIME", line)
                 for line in self.consume(topic, 3, *printing)]
        self.assertEqual(shown, [
            "TIME\tPartition:0\tOffset:0\ta:1,b:2\tkey\tvalue",
            "TIME\tPartition:0\tOffset:1\tNO_HEADERS\tnull\tunkeyed",
            "TIME\tPartition:0\tOffset:2\tc:3\tgone\tnull"])

    def test_a_consumer_starts_at_an_offset_and_a_group_continues(self):
        topic, group = self.create_topic(), self.unique("console")
        self.produce(topic, [str(i) for i in range(10)])
        at_six = ["--partition", "0", "--offset", "6"]
        self.assertEqual(self.consume(topic, 4, start=at_six), ["6", "7", "8", "9"])
        in_group = ["--group", group, *CLASSIC]
        self.assertEqual(self.consume(topic, 3, *in_group), ["0", "1", "2"])
        self.assertEqual(self.consume(topic, 7, *in_group), [str(i) for i in range(3, 10)])

    def test_a_record_that_is_too_large_is_reported(self):
        topic = self.create_topic(configs=["max.message.bytes=1000"])
        self.produce(topic, ["x" * 2000])
        self.assertIn("RecordTooLargeException", self.stderr)

    def test_verifiable_clients_agree(self):
        topic, group = self.create_topic(), self.unique("verifiable")
        said = [json.loads(line) for line in self.run_alone(
            "verifiable-producer", "--topic", topic, "--max-messages", "1000", "--acks", "-1",
            "--value-prefix", "7").splitlines()]
        acknowledged = [event for event in said if event["name"] == "producer_send_success"]
        self.assertEqual([event["offset"] for event in acknowledged], list(range(1000)))
        self.assertEqual([event["value"] for event in acknowledged],
                         [f"7.{i}" for i in range(1000)])
        totals = [event for event in said if event["name"] == "tool_data"]
        self.assertEqual([(t["sent"], t["acked"]) for t in totals], [(1000, 1000)])
        said = [json.loads(line) for line in self.run_tool(
            "verifiable-consumer", "--topic", topic, "--group-id", group, "--max-messages", "1000",
            "--group-protocol", "classic", "--verbose").splitlines()]
        received = [event for event in said if event["name"] == "record_data"]
        self.assertEqual([(event["offset"], event["value"]) for event in received],
                         [(i, f"7.{i}") for i in range(1000)])
        committed = [event for event in said if event["name"] == "offsets_committed"]
        self.assertEqual(committed[-1]["offsets"],
                         [{"topic": topic, "partition": 0, "offset": 1000}])


class OffsetsTest(ToolCase):
    def offsets(self, topic, *arguments):
        out = self.run_tool("get-offsets", "--topic", topic, *arguments)
        return dict(line.rsplit(":", 1) for line in out.splitlines())

    def test_the_ends_of_a_topic_and_times_are_listed(self):
        topic = self.create_topic(partitions=2)
        self.produce(topic, ["a", "b", "c"], "--reader-property", "parse.key=false")
        latest = self.offsets(topic, "--time", "-1")
        self.assertEqual(sum(map(int, latest.values())), 3)
        self.assertEqual(self.offsets(topic, "--time", "earliest"),
                         {f"{topic}:0": "0", f"{topic}:1": "0"})
        self.assertEqual(sorted(self.offsets(topic, "--time", "0").values())[-1], "0")
        newest = self.offsets(topic, "--time", "max-timestamp")
        self.assertIn(max(map(int, newest.values())), [0, 1, 2])

    def test_records_are_deleted_up_to_an_offset(self):
        topic = self.create_topic()
        self.produce(topic, [str(i) for i in range(10)])
        self.assertIn("low_watermark: 4", self.delete_records(topic, 4))
        self.assertEqual(self.offsets(topic, "--time", "-2"), {f"{topic}:0": "4"})
        self.assertEqual(self.consume(topic, 6), [str(i) for i in range(4, 10)])
        self.assertIn("OffsetOutOfRangeException", self.delete_records(topic, 11))

    def delete_records(self, topic, offset):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as request:
            json.dump({"version": 1, "partitions": [
                {"topic": topic, "partition": 0, "offset": offset}]}, request)
            request.flush()
            return self.run_tool("delete-records", "--offset-json-file", request.name)


class BrokerTest(ToolCase):
    def test_the_broker_tells_what_it_speaks(self):
        spoken = self.run_tool("broker-api-versions")
        for api in ["Produce", "Fetch", "Metadata", "JoinGroup", "CreateTopics", "InitProducerId"]:
            self.assertRegex(spoken, rf"\b{api}\(\d+\): \d+ to \d+ \[usable: \d+\]")
        self.assertIn("Produce(0): 0 to 13 [usable: 13]", spoken)
        self.assertIn("Fetch(1): 4 to 18 [usable: 18]", spoken)

    def test_the_size_of_a_log_is_told_by_its_directory(self):
        topic = self.create_topic()
        self.produce(topic, ["x" * 100 for _ in range(100)])
        out = self.run_tool("log-dirs", "--describe", "--topic-list", topic)
        told = json.loads(out[out.index("{"):])
        partitions = [p for broker in told["brokers"] for directory in broker["logDirs"]
                      for p in directory["partitions"]]
        self.assertEqual([p["partition"] for p in partitions], [f"{topic}-0"])
        self.assertGreater(partitions[0]["size"], 10_000)
        self.assertEqual((partitions[0]["offsetLag"], partitions[0]["isFuture"]), (0, False))


if __name__ == "__main__":
    unittest.main()
