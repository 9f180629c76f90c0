# SPDX-License-Identifier: Apache-2.0
"""Topics, configs and records through the admin client."""

import unittest

from clients import (OFFSET_BEGINNING, ClientCase, KafkaError, NewTopic, TopicPartition,
                     numbered)
from confluent_kafka import TopicCollection
from confluent_kafka.admin import (AlterConfigOpType, ConfigEntry, ConfigResource, ConfigSource,
                                   NewPartitions, OffsetSpec)

SECONDS = 30


class TopicsTest(ClientCase):
    def describe(self, name):
        """The topic's description, once the broker has heard of the topic."""
        def described():
            future = self.admin.describe_topics(TopicCollection([name]))[name]
            error = future.exception(SECONDS)
            if error is None:
                return future.result()
            self.assertEqual(error.args[0].code(), KafkaError.UNKNOWN_TOPIC_OR_PART)
            return None
        return self.wait_until(described, f"{name} to be known")

    def create(self, topic, **options):
        return self.admin.create_topics([topic], **options)[topic.topic]

    def test_a_created_topic_is_described_as_asked(self):
        name = self.create_topic(partitions=5)
        topic = self.describe(name)
        self.assertEqual((topic.name, topic.is_internal), (name, False))
        self.assertEqual([p.id for p in topic.partitions], [0, 1, 2, 3, 4])
        broker = topic.partitions[0].leader.id
        for partition in topic.partitions:
            self.assertEqual(([n.id for n in partition.replicas], [n.id for n in partition.isr]),
                             ([broker], [broker]))

    def test_refused_creations(self):
        taken = self.create_topic()
        fresh = self.unique("refused")
        cases = [
            (KafkaError.TOPIC_ALREADY_EXISTS, NewTopic(taken, 1, 1)),
            (KafkaError.TOPIC_EXCEPTION, NewTopic("bad name!", 1, 1)),
            (KafkaError.TOPIC_EXCEPTION, NewTopic("x" * 250, 1, 1)),
            (KafkaError.TOPIC_EXCEPTION, NewTopic("..", 1, 1)),
            (KafkaError.INVALID_REPLICATION_FACTOR, NewTopic(fresh, 1, 1000)),
            (KafkaError.INVALID_CONFIG, NewTopic(fresh, 1, 1, config={"no.such.config": "1"})),
            (KafkaError.INVALID_CONFIG, NewTopic(fresh, 1, 1, config={"retention.ms": "soon"})),
            (KafkaError.INVALID_CONFIG, NewTopic(fresh, 1, 1, config={"cleanup.policy": "shred"})),
            (KafkaError.INVALID_REPLICA_ASSIGNMENT,
             NewTopic(fresh, 1, replica_assignment=[[999_999]])),
        ]
        for code, topic in cases:
            with self.subTest(topic=topic):
                self.assert_fails(code, self.create(topic))
        self.assertNotIn(fresh, self.admin.list_topics(timeout=SECONDS).topics)

    def test_names_that_differ_in_dot_and_underscore_collide(self):
        name = self.unique("a.b")
        self.create(NewTopic(name, 1, 1)).result(SECONDS)
        self.assert_fails(KafkaError.TOPIC_EXCEPTION,
                          self.create(NewTopic(name.replace(".", "_"), 1, 1)))

    def test_validate_only_creates_nothing(self):
        name = self.unique("validated")
        self.create(NewTopic(name, 3, 1), validate_only=True).result(SECONDS)
        self.assertNotIn(name, self.admin.list_topics(timeout=SECONDS).topics)

    def test_defaults_for_partitions_and_replicas(self):
        name = self.unique("defaults")
        self.create(NewTopic(name, -1, -1)).result(SECONDS)
        self.assertGreaterEqual(len(self.describe(name).partitions), 1)

    def test_partitions_are_added_and_never_taken_away(self):
        name = self.create_topic(partitions=2)
        self.produce(name, numbered(3), partition=1)
        self.admin.create_partitions([NewPartitions(name, 4)])[name].result(SECONDS)
        self.wait_until(lambda: len(self.describe(name).partitions) == 4, "4 partitions")
        self.produce(name, numbered(3), partition=3)
        self.assert_reads_back(name, numbered(3), partition=1)
        self.assert_reads_back(name, numbered(3), partition=3)
        for count in [4, 3]:
            self.assert_fails(KafkaError.INVALID_PARTITIONS, self.admin.create_partitions(
                [NewPartitions(name, count)])[name])
        missing = self.unique("missing")
        self.assert_fails(KafkaError.UNKNOWN_TOPIC_OR_PART, self.admin.create_partitions(
            [NewPartitions(missing, 4)])[missing])

    def test_a_deleted_topic_comes_back_empty_and_with_another_id(self):
        name = self.create_topic()
        self.produce(name, numbered(10))
        first = str(self.describe(name).topic_id)
        self.admin.delete_topics([name])[name].result(SECONDS)
        self.wait_until(lambda: name not in self.admin.list_topics(timeout=SECONDS).topics,
                        "the topic to go")
        self.assert_fails(KafkaError.UNKNOWN_TOPIC_OR_PART,
                          self.admin.delete_topics([name])[name])
        self.create(NewTopic(name, 1, 1)).result(SECONDS)
        self.assertNotEqual(str(self.describe(name).topic_id), first)
        self.produce(name, numbered(2, "again"))
        self.assert_reads_back(name, numbered(2, "again"))

    def test_the_cluster_is_described(self):
        cluster = self.admin.describe_cluster().result(SECONDS)
        self.assertTrue(cluster.cluster_id)
        self.assertIn(cluster.controller.id, [node.id for node in cluster.nodes])
        host, port = self.bootstrap.rsplit(":", 1)
        if host == "127.0.0.1":
            self.assertIn((host, int(port)), [(node.host, node.port) for node in cluster.nodes])


class ConfigsTest(ClientCase):
    def resource(self, name, **options):
        return ConfigResource(ConfigResource.Type.TOPIC, name, **options)

    def configs(self, resource):
        return self.admin.describe_configs([resource])[resource].result(SECONDS)

    def wait_for_configs(self, name, **expected):
        """A change is acknowledged by the controller; brokers hear of it a moment later."""
        expected = {key.replace("_", "."): value for key, value in expected.items()}

        def found():
            configs = self.configs(self.resource(name))
            return {key: configs[key].value for key in expected} == expected and configs
        return self.wait_until(found, str(expected))

    def alter(self, name, *entries):
        changed = self.resource(name, incremental_configs=[
            ConfigEntry(key, value, incremental_operation=operation)
            for operation, key, value in entries])
        return self.admin.incremental_alter_configs([changed])[changed]

    def test_a_topics_configs_tell_value_and_source(self):
        name = self.create_topic(config={"retention.ms": "12345", "cleanup.policy": "compact"})
        configs = self.configs(self.resource(name))
        self.assertEqual((configs["retention.ms"].value, configs["retention.ms"].source),
                         ("12345", ConfigSource.DYNAMIC_TOPIC_CONFIG.value))
        self.assertEqual(configs["cleanup.policy"].value, "compact")
        plain = configs["max.message.bytes"]
        self.assertEqual((plain.value, plain.source),
                         ("1048588", ConfigSource.DEFAULT_CONFIG.value))
        self.assertTrue(plain.is_default)

    def test_incremental_changes_touch_only_what_they_name(self):
        name = self.create_topic(config={"retention.ms": "1000000", "segment.bytes": "2000000"})
        self.alter(name, (AlterConfigOpType.SET, "retention.ms", "2000000"),
                   (AlterConfigOpType.APPEND, "cleanup.policy", "compact")).result(SECONDS)
        self.wait_for_configs(name, retention_ms="2000000", segment_bytes="2000000",
                              cleanup_policy="delete,compact")
        self.alter(name, (AlterConfigOpType.DELETE, "retention.ms", None),
                   (AlterConfigOpType.SUBTRACT, "cleanup.policy", "delete")).result(SECONDS)
        configs = self.wait_for_configs(name, retention_ms="604800000", cleanup_policy="compact")
        self.assertTrue(configs["retention.ms"].is_default)

    def test_refused_changes_change_nothing(self):
        name = self.create_topic(config={"retention.ms": "777777"})
        for code, change in [
                (KafkaError.INVALID_CONFIG, (AlterConfigOpType.SET, "retention.ms", "never")),
                (KafkaError.INVALID_CONFIG, (AlterConfigOpType.SET, "no.such.config", "1")),
                (KafkaError.INVALID_CONFIG, (AlterConfigOpType.APPEND, "retention.ms", "1"))]:
            with self.subTest(change=change):
                self.assert_fails(code, self.alter(name, change))
        self.assertEqual(self.configs(self.resource(name))["retention.ms"].value, "777777")
        self.assert_fails(KafkaError.UNKNOWN_TOPIC_OR_PART, self.alter(
            self.unique("missing"), (AlterConfigOpType.SET, "retention.ms", "1")))

    def test_the_older_call_replaces_all_of_a_topics_configs(self):
        name = self.create_topic(config={"retention.ms": "1000000", "segment.bytes": "2000000"})
        changed = self.resource(name, set_config={"segment.bytes": "3000000"})
        self.admin.alter_configs([changed])[changed].result(SECONDS)
        self.wait_for_configs(name, segment_bytes="3000000", retention_ms="604800000")

    def test_the_brokers_configs_are_described(self):
        node = self.admin.describe_cluster().result(SECONDS).nodes[0]
        configs = self.configs(ConfigResource(ConfigResource.Type.BROKER, str(node.id)))
        self.assertEqual(configs["node.id"].value, str(node.id))
        self.assertTrue(configs["node.id"].is_read_only)
        self.assertIn("message.max.bytes", configs)

    def test_configs_of_an_unknown_topic(self):
        resource = self.resource(self.unique("missing"))
        self.assert_fails(KafkaError.UNKNOWN_TOPIC_OR_PART,
                          self.admin.describe_configs([resource])[resource])


class RecordsTest(ClientCase):
    def delete_before(self, topic, offset):
        partition = TopicPartition(topic, 0, offset)
        return self.admin.delete_records([partition])[partition]

    def list_offset(self, topic, spec):
        partition = TopicPartition(topic, 0)
        return self.admin.list_offsets({partition: spec})[partition].result(SECONDS)

    def test_deleted_records_are_gone_and_offsets_stay(self):
        topic = self.create_topic()
        self.produce(topic, numbered(100))
        self.assertEqual(self.delete_before(topic, 40).result(SECONDS).low_watermark, 40)
        self.assertEqual(self.list_offset(topic, OffsetSpec.earliest()).offset, 40)
        messages = self.read_messages(topic, 60, start=OFFSET_BEGINNING)
        self.assertEqual([m.offset() for m in messages], list(range(40, 100)))
        self.assertEqual(self.delete_before(topic, 10).result(SECONDS).low_watermark, 40)
        self.assert_fails(KafkaError.OFFSET_OUT_OF_RANGE, self.delete_before(topic, 101))
        self.assertEqual(self.delete_before(topic, -1).result(SECONDS).low_watermark, 100)
        self.assertEqual(self.produce(topic, numbered(1, "next")), [100])
        self.assertEqual(self.read_messages(topic, 1, start=OFFSET_BEGINNING)[0].value(), b"next-0")

    def test_each_kind_of_offset_can_be_listed(self):
        topic = self.create_topic(config={"retention.ms": "-1"})
        empty = self.list_offset(topic, OffsetSpec.max_timestamp())
        self.assertEqual((empty.offset, empty.timestamp), (-1, -1))
        for stamp in [1000, 9000, 4000]:
            self.produce(topic, numbered(1, timestamp=stamp))
        self.assertEqual(self.list_offset(topic, OffsetSpec.earliest()).offset, 0)
        self.assertEqual(self.list_offset(topic, OffsetSpec.latest()).offset, 3)
        newest = self.list_offset(topic, OffsetSpec.max_timestamp())
        self.assertEqual((newest.offset, newest.timestamp), (1, 9000))
        found = self.list_offset(topic, OffsetSpec.for_timestamp(1001))
        self.assertEqual((found.offset, found.timestamp), (1, 9000))
        self.assertEqual(self.list_offset(topic, OffsetSpec.for_timestamp(9001)).offset, -1)


if __name__ == "__main__":
    unittest.main()
