# SPDX-License-Identifier: Apache-2.0
"""What retention takes and what it leaves: by time, by size, by DeleteRecords, after a change of configs."""

import time
import unittest

from clients import ClientCase, KafkaError, KafkaException, Record, TopicPartition, numbered
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

HOUR_MS = 3_600_000
SECONDS = 30
MEGABYTE = 1_000_000
UNLIMITED = {"retention.ms": "-1", "retention.bytes": "-1"}


class RetentionTest(ClientCase):
    def test_records_older_than_retention_ms_go_when_it_is_set(self):
        topic = self.create_topic("time", config=UNLIMITED)
        self.produce(topic, self.aged(20, hours=2))
        self.set_config(topic, "retention.ms", str(HOUR_MS))
        self.wait_for_start(topic, 20)
        self.assertEqual(self.bounds(topic), (20, 20))
        self.assertEqual(self.produce(topic, numbered(1)), [20])
        self.assertEqual([m.offset() for m in self.read_messages(topic, 1, start=20)], [20])

    def test_younger_records_stay_when_older_ones_go(self):
        kept = self.create_topic("young", config=UNLIMITED)
        self.produce(kept, self.aged(20, hours=2))
        gone = self.create_topic("old", config=UNLIMITED)
        self.produce(gone, self.aged(20, hours=4))
        for topic in (kept, gone):
            self.set_config(topic, "retention.ms", str(3 * HOUR_MS))
        self.wait_for_start(gone, 20)
        self.assertEqual(self.bounds(kept), (0, 20))

    def test_an_idle_topic_expires(self):
        topic = self.create_topic("idle", config={"retention.ms": "1500"})
        self.produce(topic, numbered(5))
        self.wait_for_start(topic, 5)

    def test_retention_bytes_leaves_at_least_so_much(self):
        topic = self.create_topic("size", config={
            **UNLIMITED, "segment.bytes": str(MEGABYTE * 2), "retention.bytes": str(4 * MEGABYTE)})
        record = b"x" * 10_000
        self.produce(topic, [Record(record)] * 1000)  # 10 MB
        self.wait_until(lambda: self.bounds(topic)[0] > 0, "the log to be cut")
        self.set_config(topic, "retention.bytes", "-1")
        start, end = self.bounds(topic)
        self.assertEqual(end, 1000)
        self.assertGreaterEqual((end - start) * len(record), 4 * MEGABYTE - 20_000)

    def test_without_delete_in_cleanup_policy_nothing_expires(self):
        compacted = self.create_topic("compacted", config={
            "cleanup.policy": "compact", "retention.ms": str(HOUR_MS),
            "min.cleanable.dirty.ratio": "1"})
        deleted = self.create_topic("deleted", config={"retention.ms": str(HOUR_MS)})
        for topic in (compacted, deleted):
            self.produce(topic, [Record(b"v", b"key", (), self.ago(2))])
        self.wait_for_start(deleted, 1)
        self.assertEqual(self.bounds(compacted), (0, 1))

    def test_deleted_records_are_gone_at_once_and_the_others_are_not(self):
        topic = self.create_topic("delete", config=UNLIMITED)
        self.produce(topic, self.aged(10, hours=2))
        deleted = self.admin.delete_records([TopicPartition(topic, 0, 4)])
        (result,) = deleted.values()
        self.assertEqual(result.result(SECONDS).low_watermark, 4)
        self.assertEqual(self.bounds(topic), (4, 10))
        self.assertEqual([m.offset() for m in self.read_messages(topic, 6, start=4)],
                         list(range(4, 10)))

    def test_reading_what_has_expired_is_out_of_range(self):
        topic = self.create_topic("range", config={"retention.ms": str(HOUR_MS)})
        self.produce(topic, self.aged(3, hours=2))
        self.wait_for_start(topic, 3)
        with self.assertRaises(KafkaException) as raised:
            self.read_messages(topic, 0, start=1)
        self.assertEqual(raised.exception.args[0].code(), KafkaError._AUTO_OFFSET_RESET)

    # ---- The words of these tests ----

    def ago(self, hours):
        return int(time.time() * 1000) - hours * HOUR_MS

    def aged(self, count, hours):
        return numbered(count, timestamp=self.ago(hours))

    def set_config(self, topic, name, value):
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)])
        self.admin.incremental_alter_configs([resource])[resource].result(SECONDS)

    def bounds(self, topic):
        """The log start offset and the high watermark."""
        return self.consumer().get_watermark_offsets(TopicPartition(topic, 0), timeout=SECONDS)

    def wait_for_start(self, topic, offset):
        self.wait_until(lambda: self.bounds(topic)[0] == offset, f"{topic} to start at {offset}")


if __name__ == "__main__":
    unittest.main()
