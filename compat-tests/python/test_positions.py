# SPDX-License-Identifier: Apache-2.0
"""Where a consumer starts, where it is, and how it moves."""

import threading
import time
import unittest

from clients import (OFFSET_BEGINNING, OFFSET_END, ClientCase, KafkaError, KafkaException, Record,
                     TopicPartition, numbered)


class PositionsTest(ClientCase):
    def values(self, consumer, count):
        """The next `count` values that `consumer` returns."""
        values = []

        def enough():
            for message in consumer.consume(count - len(values), 0.2):
                if message.error():
                    raise KafkaException(message.error())
                values.append(message.value().decode())
            return len(values) >= count
        self.wait_until(enough, f"{count} records")
        return values

    def test_a_start_inside_a_batch_skips_what_lies_before(self):
        topic = self.create_topic()
        for codec in ["none", "snappy"]:  # a linger this long makes one batch of each
            self.produce(topic, numbered(100), compression_type=codec, linger_ms=200)
        for start in [0, 1, 57, 99, 100, 133, 199]:
            messages = self.read_messages(topic, 200 - start, start=start)
            self.assertEqual([m.offset() for m in messages], list(range(start, 200)))

    def test_the_end_means_only_later_records(self):
        topic = self.create_topic()
        self.produce(topic, numbered(10))
        consumer = self.consumer(enable_partition_eof=True)
        consumer.assign([TopicPartition(topic, 0, OFFSET_END)])
        end = self.wait_until(lambda: consumer.poll(0.2), "the end of the partition")
        self.assertEqual((end.error().code(), end.offset()), (KafkaError._PARTITION_EOF, 10))
        self.produce(topic, numbered(1, "later"))
        message = self.wait_until(lambda: consumer.poll(0.2), "the later record")
        self.assertEqual((message.value(), message.offset()), (b"later-0", 10))

    def test_an_offset_out_of_range_is_an_error_or_a_reset(self):
        topic = self.create_topic()
        self.produce(topic, numbered(5))
        consumer = self.consumer(auto_offset_reset="error")
        consumer.assign([TopicPartition(topic, 0, 99)])
        error = self.wait_until(lambda: consumer.poll(0.2), "an error").error()
        self.assertEqual(error.code(), KafkaError._AUTO_OFFSET_RESET)
        messages = self.read_messages(topic, 5, start=99, auto_offset_reset="earliest")
        self.assertEqual([m.offset() for m in messages], [0, 1, 2, 3, 4])

    def test_watermarks_are_the_ends_of_the_log(self):
        topic = self.create_topic()
        consumer = self.consumer()
        partition = TopicPartition(topic, 0)
        self.assertEqual(consumer.get_watermark_offsets(partition, 30), (0, 0))
        self.produce(topic, numbered(7))
        self.assertEqual(consumer.get_watermark_offsets(partition, 30), (0, 7))

    def test_offsets_for_times_finds_the_first_record_not_older(self):
        # Out of order on purpose: the answer is the first record by OFFSET whose time is >= t.
        stamps = [1000, 5000, 3000, 3000, 9000, 2000, 7000, 9500, 100]
        records = [Record(str(stamp).encode(), timestamp=stamp) for stamp in stamps]
        for linger in [0, 200]:  # batches of few records, and one batch of all
            topic = self.create_topic(config={"retention.ms": "-1"})
            self.produce(topic, records, linger_ms=linger)
            consumer = self.consumer()
            for asked, expected in [(0, 0), (1000, 0), (1001, 1), (5000, 1), (5001, 4), (9000, 4),
                                    (9001, 7), (9500, 7)]:
                with self.subTest(asked=asked, linger=linger):
                    found = consumer.offsets_for_times([TopicPartition(topic, 0, asked)], 30)[0]
                    self.assertIsNone(found.error)
                    self.assertEqual(found.offset, expected)
            beyond = consumer.offsets_for_times([TopicPartition(topic, 0, 9501)], 30)[0]
            self.assertEqual(beyond.offset, OFFSET_END)

    def test_seek_moves_back_and_forth(self):
        topic = self.create_topic()
        self.produce(topic, numbered(100))
        consumer = self.consumer()
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        self.assertEqual(self.values(consumer, 3), ["value-0", "value-1", "value-2"])
        for target in [90, 10, 50, 0]:
            consumer.seek(TopicPartition(topic, 0, target))
            self.assertEqual(self.values(consumer, 2), [f"value-{target}", f"value-{target + 1}"])
            self.assertEqual(consumer.position([TopicPartition(topic, 0)])[0].offset, target + 2)

    def test_a_paused_partition_is_silent_until_it_is_resumed(self):
        topic = self.create_topic(partitions=2)
        quiet, loud = TopicPartition(topic, 0, 0), TopicPartition(topic, 1, 0)
        consumer = self.consumer()
        consumer.assign([quiet, loud])
        consumer.pause([quiet])
        self.produce(topic, numbered(20, "quiet"), partition=0)
        self.produce(topic, numbered(20, "loud"), partition=1)
        self.assertEqual(self.values(consumer, 20), [f"loud-{i}" for i in range(20)])
        self.assertIsNone(consumer.poll(0.5))
        consumer.resume([quiet])
        self.assertEqual(self.values(consumer, 20), [f"quiet-{i}" for i in range(20)])

    def test_batches_larger_than_the_fetch_limit_still_arrive(self):
        topic = self.create_topic()
        records = [Record(bytes([i]) * 50_000) for i in range(20)]
        self.produce(topic, records, batch_size=60_000)
        self.assert_reads_back(topic, records, max_partition_fetch_bytes=1024,
                               fetch_message_max_bytes=1024)

    def test_small_fetches_lose_nothing(self):
        topic, records = self.create_topic(), numbered(3000)
        self.produce(topic, records, batch_num_messages=7)
        self.assert_reads_back(topic, records, max_partition_fetch_bytes=500)

    def test_a_long_poll_ends_when_a_record_arrives(self):
        topic = self.create_topic()
        consumer = self.consumer(fetch_wait_max_ms=6000, fetch_min_bytes=1,
                                 enable_partition_eof=True)
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        # Told after the first fetch; the second one is then on its way, and waits.
        self.wait_until(lambda: consumer.poll(0.2), "the end of the empty partition")
        writer = threading.Timer(0.5, self.produce, (topic, numbered(1)))
        started = time.monotonic()
        writer.start()
        message = self.wait_until(lambda: consumer.poll(0.2), "the record")
        elapsed = time.monotonic() - started
        writer.join()
        self.assertEqual(message.value(), b"value-0")
        self.assertLess(elapsed, 5, "the fetch waited for its timeout")

    def test_read_committed_sees_plain_records(self):
        topic, records = self.create_topic(), numbered(50)
        self.produce(topic, records)
        self.assert_reads_back(topic, records, isolation_level="read_committed")


if __name__ == "__main__":
    unittest.main()
