# SPDX-License-Identifier: Apache-2.0
"""A group member as a process of its own, so that it can be killed and put to sleep.

    member.py BOOTSTRAP GROUP TOPIC PROTOCOL

Says on stdout what happens to it: one event to a line, with the machine's monotonic time. SIGTERM
has it leave. What it has said it read, it commits; so a record is said at least once.
"""

import signal
import sys
import threading
import time

from confluent_kafka import Consumer

SESSION_MS = 3000


def say(event, partitions):
    print(event, time.monotonic_ns(), ",".join(str(p.partition) for p in partitions), flush=True)


class Application:
    """What any consumer does with its partitions. Threads: one."""

    def __init__(self, bootstrap, group, topic, protocol):
        self._is_classic = protocol == "classic"
        settings = {"group.protocol": protocol}
        if self._is_classic:
            settings |= {"partition.assignment.strategy": "cooperative-sticky",
                         "session.timeout.ms": SESSION_MS, "heartbeat.interval.ms": 300}
        self._consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest",
            "auto.commit.interval.ms": 200, "enable.auto.offset.store": False,
            "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "log_level": 0,
            **settings})
        self._consumer.subscribe([topic], on_assign=self._assigned, on_revoke=self._revoked,
                                 on_lost=self._lost)

    def run(self, stopping):
        while not stopping.is_set():
            message = self._consumer.poll(0.1)
            if message is not None and message.error() is None:
                print("read", time.monotonic_ns(), message.partition(), message.offset(),
                      message.value().decode(), flush=True)
                self._consumer.store_offsets(message)
        self._consumer.close()

    def _assigned(self, consumer, partitions):
        say("assigned", partitions)
        consumer.incremental_assign(partitions)

    def _revoked(self, consumer, partitions):
        consumer.incremental_unassign(partitions)
        say("revoked", partitions)

    def _lost(self, consumer, partitions):
        consumer.incremental_unassign(partitions)
        say("lost", partitions)


def main():
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    Application(*sys.argv[1:]).run(stopping)


if __name__ == "__main__":
    main()
