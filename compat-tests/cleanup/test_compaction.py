# SPDX-License-Identifier: Apache-2.0
"""Log compaction leaves exactly the newest record of each key: which one, where, and byte for byte.

What is left is computed here and demanded of the broker, so a run against Apache Kafka
(--broker=kafka) and one against Gneiss prove that both cleaners leave the same. The input is random
from a printed seed: COMPACTION_SEED repeats it.
"""

import os
import random
import time
import unittest

from clients import ClientCase, KafkaError, Record, TopicPartition

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
SEED = int(os.environ.get("COMPACTION_SEED", random.randrange(1 << 32)))
CLEAN_SECONDS = 60
QUICK = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01"}


class CompactionTest(ClientCase):
    def setUp(self):
        print(f"COMPACTION_SEED={SEED}", flush=True)
        self.random = random.Random(SEED)

    def test_the_newest_record_of_each_key_is_left_in_every_codec(self):
        for codec in CODECS:
            with self.subTest(codec=codec):
                topic = self.create_topic(codec, config={**QUICK, "delete.retention.ms": "600000"})
                records = self.write(topic, [codec])
                self.wait_for(topic, newest_by_key(records))

    def test_batches_of_all_codecs_in_one_log(self):
        topic = self.create_topic("mixed", config={**QUICK, "delete.retention.ms": "600000"})
        records = self.write(topic, CODECS)
        self.wait_for(topic, newest_by_key(records))

    def test_tombstones_go_after_their_retention(self):
        topic = self.create_topic("tombstones", config={**QUICK, "delete.retention.ms": "500"})
        records = self.write(topic, ["none", "lz4"])
        left = {offset: record for offset, record in newest_by_key(records).items()
                if record.value is not None}
        self.assertLess(len(left), len(newest_by_key(records)), "no tombstone among the newest")
        self.wait_for(topic, left)

    def test_log_append_time_stays(self):
        topic = self.create_topic("append-time", config={
            **QUICK, "delete.retention.ms": "600000", "message.timestamp.type": "LogAppendTime"})
        self.write(topic, ["none", "zstd"])
        before = {message.offset(): message for message in self.read_all(topic)}
        newest = {}
        for offset, message in before.items():
            newest[message.key()] = offset
        self.wait_for(topic, {offset: Record.of(before[offset], True)
                              for offset in newest.values()
                              if not before[offset].key().startswith(b"filler")})

    def test_a_reader_that_asks_for_a_hole_gets_the_next_record(self):
        topic = self.create_topic("hole", config=QUICK)
        records = [Record(b"old", b"a"), Record(b"new", b"a"), Record(b"other", b"b")]
        self.produce(topic, records)
        self.wait_for(topic, {1: records[1], 2: records[2]})
        self.assertEqual(self.read_all(topic, start=0)[0].offset(), 1)
        self.assertEqual(self.read_all(topic, start=1)[0].offset(), 1)

    def test_a_record_without_a_key_is_refused(self):
        topic = self.create_topic("keys", config=QUICK)
        (error, _), = self.deliver(topic, [Record(b"value without a key")])
        self.assertEqual(error.code(), KafkaError.INVALID_RECORD)

    # ---- The words of these tests ----

    def write(self, topic, codecs):
        """Produces batches of random records; returns them by offset."""
        records, now = {}, int(time.time() * 1000)
        for round_number in range(12):
            batch = [self.random_record(now + round_number) for _ in range(60)]
            offsets = self.produce(topic, batch, linger_ms=20, batch_num_messages=25,
                                   enable_idempotence=True,
                                   compression_type=codecs[round_number % len(codecs)])
            records.update(zip(offsets, batch))
        return records

    def random_record(self, timestamp):
        pick = self.random
        value = None if pick.random() < 0.2 else pick.randbytes(pick.randrange(300))
        headers = tuple((f"h{n}", pick.choice([None, b"", b"value"])) for n in range(pick.randrange(3)))
        return Record(value, f"key-{pick.randrange(80)}".encode(), headers,
                      timestamp + pick.randrange(50))

    def wait_for(self, topic, expected):
        """Fillers make Kafka roll its active segment and keep both logs dirty; they do not count."""
        deadline, left = time.monotonic() + CLEAN_SECONDS, {}
        while time.monotonic() < deadline:
            time.sleep(0.3)
            self.produce(topic, [Record(b"", f"filler-{time.monotonic_ns()}".encode())])
            left = {message.offset(): message for message in self.read_all(topic)
                    if not message.key().startswith(b"filler")}
            if left.keys() == expected.keys():
                break
        self.assertEqual(sorted(left), sorted(expected))
        for offset, record in expected.items():
            self.assertEqual(Record.of(left[offset], record.timestamp), record, offset)

    def read_all(self, topic, start=0):
        end = self.consumer()
        _, high = end.get_watermark_offsets(TopicPartition(topic, 0), timeout=30)
        consumer = self.consumer(enable_partition_eof=True)
        consumer.assign([TopicPartition(topic, 0, start)])
        messages, deadline = [], time.monotonic() + 30
        while time.monotonic() < deadline:
            for message in consumer.consume(500, 0.2):
                if message.error() is None:
                    messages.append(message)
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    self.assertGreaterEqual(message.offset(), high)
                    consumer.close()
                    end.close()
                    return messages
        return self.fail("no end of the partition")


def newest_by_key(records):
    """Of records by offset, those that are the last of their key."""
    last = {record.key: offset for offset, record in sorted(records.items())}
    return {offset: records[offset] for offset in last.values()}


if __name__ == "__main__":
    unittest.main()
