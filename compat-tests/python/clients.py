# SPDX-License-Identifier: Apache-2.0
"""A small language over confluent-kafka: produce these records, read that partition, join a group."""

import dataclasses
import os
import threading
import time
import typing

from confluent_kafka import (OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException,
                             Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, NewTopic

from harness.case import DEADLINE_SECONDS, CompatCase

__all__ = ["ClientCase", "Member", "Record", "OFFSET_BEGINNING", "OFFSET_END", "KafkaError",
           "KafkaException", "TopicPartition", "NewTopic"]


@dataclasses.dataclass(frozen=True)
class Record:
    """What was produced, in the form in which it is compared with what comes back."""

    value: typing.Optional[bytes]
    key: typing.Optional[bytes] = None
    headers: tuple = ()
    timestamp: int = 0  # milliseconds; 0 lets the client choose, and is then not compared

    @staticmethod
    def of(message, with_timestamp):
        timestamp = message.timestamp()[1] if with_timestamp else 0
        return Record(message.value(), message.key(), tuple(message.headers() or ()), timestamp)


class ClientCase(CompatCase):
    """Clients of one broker. Everything opened here is closed when the test ends."""

    @classmethod
    def setUpClass(cls):
        cls.admin = AdminClient({"bootstrap.servers": cls.bootstrap})

    def create_topic(self, stem="topic", partitions=1, config=None):
        name = self.unique(stem)
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1,
                         config=config or {})
        self.admin.create_topics([topic])[name].result(DEADLINE_SECONDS)
        return name

    def consumer(self, **settings):
        consumer = Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": self.unique("reader"),
            "enable.auto.commit": False, "auto.offset.reset": "error",
            "fetch.wait.max.ms": 50,  # the end of a partition is only told after an empty fetch
            **_dotted(settings)})
        self.addCleanup(consumer.close)
        return consumer

    def producer(self, **settings):
        return Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5,
                         **_dotted(settings)})

    def produce(self, topic, records, partition=0, **settings):
        """Produces `records` in order and returns their offsets; any failed delivery fails the test."""
        reports = self.deliver(topic, records, partition, **settings)
        failed = [error for error, _ in reports if error is not None]
        self.assertEqual(failed, [])
        return [message.offset() for _, message in reports]

    def deliver(self, topic, records, partition=0, **settings):
        """As produce(), but returns every delivery report as (error or None, message)."""
        producer, reports = self.producer(**settings), []
        for record in records:
            producer.produce(topic, record.value, record.key, partition,
                             on_delivery=lambda error, message: reports.append((error, message)),
                             timestamp=record.timestamp, headers=list(record.headers))
            producer.poll(0)
        self.assertEqual(producer.flush(DEADLINE_SECONDS), 0, "records without a delivery report")
        self.assertEqual(len(reports), len(records))
        return reports

    def read_messages(self, topic, count, partition=0, start=0, **settings):
        """Reads until the end of the partition, and checks that this gave `count` messages.

        A number as a start is found at once; OFFSET_BEGINNING may cost librdkafka half a second.
        """
        consumer = self.consumer(enable_partition_eof=True, **settings)
        consumer.assign([TopicPartition(topic, partition, start)])
        messages, deadline = [], time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            for message in consumer.consume(500, 0.2):
                if message.error() is None:
                    messages.append(message)
                elif message.error().code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(message.error())
                elif len(messages) >= count:
                    self.assertEqual(len(messages), count)
                    return messages
        return self.fail(f"{len(messages)} of {count} messages after {DEADLINE_SECONDS} s")

    def assert_reads_back(self, topic, records, partition=0, **settings):
        """Every record once, in order, byte-equal, at dense offsets from 0."""
        messages = self.read_messages(topic, len(records), partition, **settings)
        self.assertEqual([message.offset() for message in messages], list(range(len(records))))
        self.assertEqual([Record.of(message, sent.timestamp)
                          for message, sent in zip(messages, records)], list(records))

    def assert_fails(self, code, future):
        """`future` must end in the error `code`; returns that error."""
        with self.assertRaises(KafkaException) as raised:
            future.result(DEADLINE_SECONDS)
        error = raised.exception.args[0]
        self.assertEqual(error.code(), code, error)
        return error


class Member:
    """A group member that polls on a thread of its own, as an application would.

    Threads: construct and close on the test's thread; records and partitions may be read there.
    """

    def __init__(self, case, group, topics, **settings):
        self._lock = threading.Lock()
        self._records = []
        self._partitions = set()
        self._rebalances = 0
        self._stopping = threading.Event()
        protocol = settings.setdefault("group_protocol", "classic")
        strategy = settings.pop("strategy", "range")
        self._cooperative = protocol == "consumer" or strategy == "cooperative-sticky"
        self.consumer = Consumer({
            "bootstrap.servers": case.bootstrap, "group.id": group,
            "auto.offset.reset": "earliest", **_dotted(_of_protocol(settings, strategy))})
        self.consumer.subscribe(topics, on_assign=self._assigned, on_revoke=self._revoked)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        case.addCleanup(self.close)

    def records(self):
        with self._lock:
            return list(self._records)

    def partitions(self):
        """The (topic, partition) pairs that this member owns now."""
        with self._lock:
            return set(self._partitions)

    def rebalances(self):
        with self._lock:
            return self._rebalances

    def close(self):
        """Leaves the group (static members stay until their session ends). May be called twice."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._thread.join()
            self.consumer.close()

    def _run(self):
        while not self._stopping.is_set():
            message = self.consumer.poll(0.05)
            if message is not None and message.error() is None:
                with self._lock:
                    self._records.append(message)

    def _assigned(self, consumer, partitions):
        if self._cooperative:
            consumer.incremental_assign(partitions)
        else:
            consumer.assign(partitions)
        with self._lock:
            self._rebalances += 1
            self._partitions |= {(p.topic, p.partition) for p in partitions}

    def _revoked(self, consumer, partitions):
        if self._cooperative:
            consumer.incremental_unassign(partitions)
        else:
            consumer.unassign()
        with self._lock:
            self._partitions -= {(p.topic, p.partition) for p in partitions}


def _of_protocol(settings, strategy):
    """In the consumer protocol the timeouts, and who reads what, are the broker's business."""
    if settings["group_protocol"] == "consumer":
        settings.pop("session_timeout_ms", None)
        return {"group_remote_assignor": strategy, **settings}
    return {"session_timeout_ms": 6000, "heartbeat_interval_ms": 200,
            "partition_assignment_strategy": strategy, **settings}


def numbered(count, stem="value", key=None, **fields):
    """`count` records whose values tell their position."""
    return [Record(f"{stem}-{i}".encode(), key, **fields) for i in range(count)]


def varied(count, seed=1):
    """`count` records of many shapes; the same seed gives the same ones."""
    records = []
    for i in range(count):
        noise = (seed * 7919 + i * 104729) % 251
        records.append(Record(
            value=os.urandom(noise * 3) if i % 3 else f"text {i} ".encode() * (noise + 1),
            key=None if i % 5 == 0 else f"key-{noise}".encode(),
            headers=tuple((f"h{n}", bytes([n, noise])) for n in range(i % 4)),
            timestamp=1_600_000_000_000 + i * 10 + noise))
    return records


def _dotted(settings):
    return {name.replace("_", "."): value for name, value in settings.items()}
