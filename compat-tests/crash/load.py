# SPDX-License-Identifier: Apache-2.0
"""The load that the broker dies under: writers, and a group that keeps committing."""

import collections
import random
import threading

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

# Short, so that clients are back soon after a restart and each life of the broker sees load.
RECONNECT = {"reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200,
             "log_level": 0, "topic.metadata.refresh.interval.ms": 5000}
DRAIN_SECONDS = 60
PAUSE_SECONDS = 0.005
BURST = 4  # records per partition and pause


def payload(writer, partition, sequence):
    """The one value that `writer` sends as number `sequence`: 30 to about 1500 bytes."""
    shape = random.Random(f"{writer}/{partition}/{sequence}")
    filler = shape.randbytes(shape.choice([5, 40, 200, 720])).hex()
    return f"{writer}:{partition}:{sequence}:{filler}".encode()


def parse(value):
    """The (writer, partition, sequence) of a payload."""
    writer, partition, sequence, _ = value.decode().split(":")
    return writer, int(partition), int(sequence)


class Writer:
    """One producer on a thread of its own, with a sequence of its own in every partition.

    Idempotent writers retry until everything is acknowledged. Plain ones never retry, so that a
    record they send is stored at most once whatever happens.
    Threads: start, stop and counts on the test's thread; the rest on the writer's own.
    """

    def __init__(self, name, bootstrap, topic, partitions, idempotent, codec):
        self.name = name
        self.idempotent = idempotent
        self.sent = [0] * partitions
        self.acknowledged = collections.defaultdict(dict)  # partition -> sequence -> offset
        self.failed = 0
        self.fatal = None
        self._acknowledged_count = 0
        self._topic = topic
        self._stopping = threading.Event()
        # One request in flight, since librdkafka puts requests that it could not send back behind
        # later ones, with retries=0 too; only idempotent producers mend that.
        settings = {"enable.idempotence": True} if idempotent else {
            "retries": 0, "max.in.flight.requests.per.connection": 1}
        self._producer = Producer({
            "bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 2,
            "batch.num.messages": 60, "message.timeout.ms": 120_000, "compression.type": codec,
            "error_cb": self._failed_for_good, **RECONNECT, **settings})
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self):
        self._thread.start()

    def stop(self):
        """Stops sending; returns the number of records without an answer (0 is expected)."""
        self._stopping.set()
        self._thread.join()
        return self._producer.flush(DRAIN_SECONDS)

    def acknowledged_count(self):
        return self._acknowledged_count

    def _run(self):
        while not self._stopping.is_set():
            for partition in range(len(self.sent)):
                for _ in range(BURST):
                    self._send(partition)
            self._producer.poll(PAUSE_SECONDS)
            self._stopping.wait(PAUSE_SECONDS)

    def _send(self, partition):
        sequence = self.sent[partition]
        self.sent[partition] += 1

        def answered(error, message):
            if error is None:
                self.acknowledged[partition][sequence] = message.offset()
                self._acknowledged_count += 1
            else:
                self.failed += 1
        while True:
            try:
                self._producer.produce(self._topic, payload(self.name, partition, sequence),
                                       partition=partition, on_delivery=answered)
                return
            except BufferError:
                self._producer.poll(0.1)

    def _failed_for_good(self, error):
        if error.fatal():
            self.fatal = error


class Committer:
    """A group without members that commits ever larger offsets of every partition.

    Threads: as Writer.
    """

    def __init__(self, group, bootstrap, topic, partitions):
        self._lock = threading.Lock()
        self._acknowledged = 0
        self.last_error = None
        self._partitions = [TopicPartition(topic, p) for p in range(partitions)]
        self._stopping = threading.Event()
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group,
                                   "enable.auto.commit": False, **RECONNECT})
        self._thread = threading.Thread(target=self._run, name=group)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    def acknowledged(self):
        """The largest offset whose commit was answered with success for all partitions."""
        with self._lock:
            return self._acknowledged

    def _run(self):
        offset = 0
        while not self._stopping.wait(PAUSE_SECONDS):
            offset += 1
            wanted = [TopicPartition(p.topic, p.partition, offset, f"commit {offset}")
                      for p in self._partitions]
            try:
                done = self._consumer.commit(offsets=wanted, asynchronous=False)
            except KafkaException as error:
                self.last_error = error  # the broker was away; the next commit asks again
                continue
            if all(p.error is None for p in done):
                with self._lock:
                    self._acknowledged = offset
