# SPDX-License-Identifier: Apache-2.0
"""What must be refused, and with which code."""

import time
import unittest

from clients import ClientCase, KafkaError, Record, numbered


class ErrorsTest(ClientCase):
    def assert_refused(self, code, topic, records, **settings):
        """Every record must come back with `code`, and nothing may have been stored."""
        codes = {error.code() for error, _ in self.deliver(topic, records, **settings) if error}
        self.assertEqual(codes, {code})
        self.assertEqual(self.read_messages(topic, 0), [])

    def test_a_batch_above_the_topics_limit(self):
        topic = self.create_topic(config={"max.message.bytes": "2000"})
        self.assert_refused(KafkaError.MSG_SIZE_TOO_LARGE, topic, [Record(b"x" * 3000)])
        self.produce(topic, [Record(b"x" * 1800)])
        self.assertEqual(len(self.read_messages(topic, 1)), 1)

    def test_a_record_without_key_in_a_compacted_topic(self):
        topic = self.create_topic(config={"cleanup.policy": "compact"})
        self.assert_refused(KafkaError.INVALID_RECORD, topic, [Record(b"no key")])
        keyed = numbered(3, key=b"k")
        self.produce(topic, keyed)
        self.assert_reads_back(topic, keyed)

    def test_a_timestamp_outside_the_topics_window(self):
        topic = self.create_topic(config={"message.timestamp.before.max.ms": "60000",
                                          "message.timestamp.after.max.ms": "60000"})
        now = int(time.time() * 1000)
        for stamp in [now - 3_600_000, now + 3_600_000]:
            self.assert_refused(KafkaError.INVALID_TIMESTAMP, topic,
                                [Record(b"v", timestamp=stamp)])
        self.produce(topic, [Record(b"v", timestamp=now)])

    def test_one_bad_partition_does_not_harm_the_others(self):
        small = self.create_topic(config={"max.message.bytes": "500"})
        large = self.create_topic()
        producer, results = self.producer(), {}
        for topic in [small, large]:
            producer.produce(topic, b"x" * 1000, partition=0, on_delivery=lambda error, message:
                             results.update({message.topic(): error and error.code()}))
        self.assertEqual(producer.flush(30), 0)
        self.assertEqual(results, {small: KafkaError.MSG_SIZE_TOO_LARGE, large: None})

    def test_consuming_an_unknown_topic(self):
        consumer = self.consumer()
        consumer.subscribe([self.unique("missing")])
        error = self.wait_until(lambda: consumer.poll(0.2), "an error").error()
        self.assertEqual(error.code(), KafkaError.UNKNOWN_TOPIC_OR_PART)

    def test_metadata_of_an_illegal_topic_name(self):
        metadata = self.consumer().list_topics("not/a topic", 30)
        self.assertEqual(metadata.topics["not/a topic"].error.code(), KafkaError.TOPIC_EXCEPTION)

    def test_metadata_of_an_unknown_topic_creates_nothing_for_a_consumer(self):
        consumer, name = self.consumer(), self.unique("missing")
        self.assertEqual(consumer.list_topics(name, 30).topics[name].error.code(),
                         KafkaError.UNKNOWN_TOPIC_OR_PART)
        self.assertNotIn(name, consumer.list_topics(timeout=30).topics)


if __name__ == "__main__":
    unittest.main()
