# SPDX-License-Identifier: Apache-2.0
"""Whatever is produced comes back: once, in order, byte for byte."""

import threading
import time
import unittest

from clients import OFFSET_BEGINNING, ClientCase, Record, TopicPartition, numbered, varied
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


class DataTest(ClientCase):
    def test_every_codec_returns_the_same_records(self):
        for codec in CODECS:
            with self.subTest(codec=codec):
                topic, records = self.create_topic(codec), varied(400)
                offsets = self.produce(topic, records, compression_type=codec)
                self.assertEqual(offsets, list(range(len(records))))
                self.assert_reads_back(topic, records)

    def test_batches_of_different_codecs_follow_one_another(self):
        topic, records = self.create_topic("mixed"), []
        for seed, codec in enumerate(CODECS):
            batch = varied(50, seed)
            self.produce(topic, batch, compression_type=codec)
            records += batch
        self.assert_reads_back(topic, records)

    def test_nulls_and_empties_are_told_apart(self):
        records = [Record(None, b"tombstone"), Record(b"", b"empty value"), Record(b"no key"),
                   Record(b"empty key", b""), Record(None, None), Record(b"", b"")]
        topic = self.create_topic("nulls")
        self.produce(topic, records)
        self.assert_reads_back(topic, records)

    def test_headers_keep_order_repetition_and_nulls(self):
        headers = (("a", b"1"), ("b", None), ("a", b"2"), ("empty", b""), ("", b"no name"),
                   ("Umlaut-\u00fc", bytes(range(256))))
        records = [Record(b"v", b"k", headers), Record(None, None, headers), Record(b"none")]
        for codec in CODECS:
            with self.subTest(codec=codec):
                topic = self.create_topic("headers")
                self.produce(topic, records, compression_type=codec)
                self.assert_reads_back(topic, records)

    def test_values_close_to_the_largest_batch(self):
        records = [Record(bytes([i]) * 900_000, f"big-{i}".encode()) for i in range(6)]
        for codec in ["none", "lz4"]:
            with self.subTest(codec=codec):
                topic = self.create_topic("big")
                self.produce(topic, records, compression_type=codec)
                self.assert_reads_back(topic, records)

    def test_explicit_timestamps_are_kept_in_any_order(self):
        now = int(time.time() * 1000)
        stamps = [now, 1, now - 86_400_000, now + 60_000, 1_500_000_000_000, now]
        records = [Record(str(stamp).encode(), timestamp=stamp) for stamp in stamps]
        topic = self.create_topic("times")
        self.produce(topic, records)
        self.assert_reads_back(topic, records)
        for message in self.read_messages(topic, len(records)):
            self.assertEqual(message.timestamp()[0], TIMESTAMP_CREATE_TIME)

    def test_log_append_time_replaces_the_producers_timestamps(self):
        topic = self.create_topic("append-time", config={"message.timestamp.type": "LogAppendTime"})
        for codec in ["none", "zstd"]:
            before = int(time.time() * 1000)
            offsets = self.produce(topic, numbered(20, timestamp=1000), compression_type=codec)
            after = int(time.time() * 1000)
            messages = self.read_messages(topic, 20, start=offsets[0])
            for message in messages:
                kind, stamp = message.timestamp()
                self.assertEqual(kind, TIMESTAMP_LOG_APPEND_TIME)
                self.assertTrue(before <= stamp <= after, (before, stamp, after))

    def test_each_level_of_acknowledgement_stores_the_records(self):
        for acks in ["0", "1", "all"]:
            with self.subTest(acks=acks):
                topic, records = self.create_topic(f"acks-{acks}"), numbered(300)
                self.deliver(topic, records, acks=acks)
                self.assert_reads_back(topic, records)

    def test_an_idempotent_producer_keeps_order_with_five_requests_in_flight(self):
        topic, records = self.create_topic("idempotent"), numbered(5000)
        offsets = self.produce(topic, records, enable_idempotence=True, batch_num_messages=50)
        self.assertEqual(offsets, list(range(len(records))))
        self.assert_reads_back(topic, records)

    def test_a_codec_forced_by_the_topic_changes_no_record(self):
        for forced in ["uncompressed", "gzip", "snappy", "lz4", "zstd"]:
            topic = self.create_topic("forced", config={"compression.type": forced})
            records = varied(60) + varied(60, seed=2)
            with self.subTest(forced=forced):
                self.produce(topic, records[:60], compression_type="none")
                self.produce(topic, records[60:], compression_type="gzip")
                self.assert_reads_back(topic, records)

    def test_many_partitions_each_keep_their_own_order(self):
        topic = self.create_topic("wide", partitions=40)
        producer = self.producer()
        for i in range(4000):
            producer.produce(topic, f"value-{i // 40}".encode(), partition=i % 40)
            producer.poll(0)
        self.assertEqual(producer.flush(30), 0)
        consumer = self.consumer()
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(40)])
        values = {p: [] for p in range(40)}

        def everything():
            for message in consumer.consume(500, 0.2):
                self.assertIsNone(message.error())
                self.assertEqual(message.offset(), len(values[message.partition()]))
                values[message.partition()].append(message.value())
            return sum(map(len, values.values())) >= 4000
        self.wait_until(everything, "4000 records")
        expected = [record.value for record in numbered(100)]
        self.assertEqual(values, {p: expected for p in range(40)})

    def test_producers_on_one_partition_do_not_disturb_each_others_order(self):
        topic = self.create_topic("shared")
        writers = [threading.Thread(target=self.produce, args=(topic, numbered(1000, stem)),
                                    kwargs={"enable_idempotence": True}) for stem in "abc"]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        messages = self.read_messages(topic, 3000)
        self.assertEqual([message.offset() for message in messages], list(range(3000)))
        for stem in "abc":
            mine = [m.value() for m in messages if m.value().startswith(stem.encode())]
            self.assertEqual(mine, [record.value for record in numbered(1000, stem)])

    def test_a_topic_is_created_by_the_first_record_for_it(self):
        topic = self.unique("automatic")
        self.deliver(topic, numbered(10))
        self.assert_reads_back(topic, numbered(10))


if __name__ == "__main__":
    unittest.main()
