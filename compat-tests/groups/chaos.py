# SPDX-License-Identifier: Apache-2.0
"""Groups under members that join, leave, are killed and fall asleep, and a broker that restarts.

    chaos.py NAME COMMAND...    two groups side by side, one of each group protocol, of members that
                                COMMAND starts

A producer writes numbered records meanwhile. COMPAT_SEED repeats a run, against another broker too;
the number of partitions that moved is printed and may not be more than each step needs.
"""

import math
import os
import pathlib
import random
import shlex
import shutil
import sys
import tempfile
import threading
import time

from confluent_kafka import (Consumer, ConsumerGroupType, KafkaException, Producer,
                             TopicPartition)
from confluent_kafka.admin import AdminClient, NewTopic

import ledger
from harness.broker_process import BrokerProcess
from members import History, Member

PARTITIONS = 6
SETTLE_SECONDS = 60
ASK_SECONDS = 2
RECONNECT = {"reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "log_level": 0}
PROTOCOLS = {"classic": ConsumerGroupType.CLASSIC, "consumer": ConsumerGroupType.CONSUMER}


class Writer:
    """Writes 0, 1, 2... to each partition of each topic. Threads: start and stop on the test's."""

    def __init__(self, bootstrap, topics):
        self._topics = topics
        self._count = 0
        self._failed = []
        self._stopping = threading.Event()
        self._producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True,
                                   "linger.ms": 5, **RECONNECT})
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self):
        """Returns the number of records of each partition."""
        self._stopping.set()
        self._thread.join()
        self._producer.flush(SETTLE_SECONDS)
        assert not self._failed, self._failed[0]
        return self._count

    def _run(self):
        while not self._stopping.wait(0.05):
            for topic in self._topics:
                for partition in range(PARTITIONS):
                    self._producer.produce(topic, str(self._count), partition=partition,
                                           on_delivery=self._delivered)
            self._count += 1
            self._producer.poll(0)

    def _delivered(self, error, _):
        if error is not None:
            self._failed.append(error)


class Group:
    """One group, its members and what is known of it. Threads: the test's."""

    def __init__(self, protocol, bootstrap, command):
        self.name = self.topic = f"chaos-{protocol}"
        self.protocol = protocol
        self.history = History()
        self.members = {}
        self.wrong = []
        self._command = command
        self._bootstrap = bootstrap
        self._committed = {}
        # Asks for the offsets of the group; it does not belong to it.
        self._reader = Consumer({"bootstrap.servers": bootstrap, "group.id": self.name,
                                 **RECONNECT})
        self._admin = AdminClient({"bootstrap.servers": bootstrap, **RECONNECT})
        self._admin.create_topics([NewTopic(self.topic, PARTITIONS, 1)])[self.topic].result(30)

    def join(self, name):
        command = [*self._command, self._bootstrap, self.name, self.topic, self.protocol]
        self.members[name] = Member(f"{self.protocol}-{name}", command, self.history)

    def is_settled(self, but=()):
        """All partitions have one owner each among the members, in equal shares."""
        owned = [member.owned() for name, member in self.members.items() if name not in but]
        sizes = sorted(map(len, owned))
        return (set().union(*owned) == set(range(PARTITIONS)) and sum(sizes) == PARTITIONS
                and sizes[-1] - sizes[0] <= 1)

    def check_commits(self):
        """Committed offsets never go back. Asked of a broker that is away, it says nothing."""
        asked = [TopicPartition(self.topic, partition) for partition in range(PARTITIONS)]
        try:
            found = self._reader.committed(asked, ASK_SECONDS)
        except KafkaException:
            return self._committed
        for one in found:
            before, now = self._committed.get(one.partition, 0), max(one.offset, 0)
            if now < before:
                self.wrong.append(f"partition {one.partition}: the committed offset went from "
                                  f"{before} to {now}")
            self._committed[one.partition] = now
        return self._committed

    def check_type(self):
        listed = self._admin.list_consumer_groups().result(30).valid
        kinds = [one.type for one in listed if one.group_id == self.name]
        if kinds != [PROTOCOLS[self.protocol]]:
            self.wrong.append(f"the group's type is {kinds}")

    def has_read(self, count):
        return all(self.check_commits().get(partition) == count for partition in range(PARTITIONS))

    def close(self):
        for member in self.members.values():
            if member.running:
                member.resume()
                member.kill()
        self._reader.close()


class Chaos:
    """One run: the broker, both groups, one seed."""

    def __init__(self, broker, command, chance):
        self._broker = broker
        self._chance = chance
        self._groups = [Group(protocol, broker.bootstrap, command) for protocol in PROTOCOLS]
        self.wrong = []

    def run(self):
        writer = Writer(self._broker.bootstrap, [group.topic for group in self._groups])
        try:
            self._start()
            steps = [self._leave, self._kill, self._pause, self._restart_broker]
            self._chance.shuffle(steps)
            for step in [self._join, *steps]:
                self._measure(step)
            count = writer.stop()
            self._wait("the last commits", lambda group: group.has_read(count))
            self._end(count)
        finally:
            writer.stop()
            for group in self._groups:
                group.close()

    def _start(self):
        for group in self._groups:
            for name in "abc":
                group.join(name)
        self._wait_settled()
        for group in self._groups:
            group.check_type()

    # Each step is done to both groups, and returns how many partitions each may have to move.

    def _join(self):
        for group in self._groups:
            group.join("d")
        self._wait_settled()
        return [PARTITIONS // len(group.members) for group in self._groups]

    def _leave(self):
        return self._lose(lambda group, member: self._expect_in_order(group, member.leave()))

    def _kill(self):
        return self._lose(lambda group, member: member.kill())

    def _lose(self, end):
        name = self._victim()
        lost = [len(group.members[name].owned()) for group in self._groups]
        for group in self._groups:
            end(group, group.members.pop(name))
        self._wait_settled()
        return lost

    def _pause(self):
        """Beyond the session: it is given up, and comes back when it hears of that."""
        name = self._victim()
        lost = [len(group.members[name].owned()) for group in self._groups]
        for group in self._groups:
            group.members[name].pause()
        self._wait_settled(but=[name])
        for group in self._groups:
            group.members[name].resume()
        self._wait_settled()
        return [count + PARTITIONS // len(group.members)
                for count, group in zip(lost, self._groups)]

    def _restart_broker(self):
        """Whatever moves: a broker that is away for longer than a session may lose members."""
        if self._chance.random() < 0.5:
            self._broker.kill()
        elif (code := self._broker.stop()) != 0:
            self.wrong.append(f"the broker stopped with exit code {code}")
        self._broker.start()
        committed = [dict(group.check_commits()) for group in self._groups]
        self._wait("commits after the restart", lambda group: group.check_commits()
                   != committed[self._groups.index(group)])
        self._wait_settled()
        return [math.inf] * len(self._groups)

    def _victim(self):
        return self._chance.choice(sorted(self._groups[0].members))

    def _measure(self, step):
        before = [ledger.moves(group.history.events()) for group in self._groups]
        started = time.monotonic()
        allowed = step()
        for group, moved_before, most in zip(self._groups, before, allowed):
            moved = ledger.moves(group.history.events()) - moved_before
            print(f"{group.name} {step.__name__.strip('_')}: {moved} moves, at most {most}, "
                  f"{time.monotonic() - started:.1f} s", flush=True)
            if moved > most:
                self.wrong.append(f"{group.name} {step.__name__}: {moved} moves, {most} are enough")

    def _wait_settled(self, but=()):
        self._wait("equal shares", lambda group: group.is_settled(but))

    def _wait(self, what, condition):
        deadline = time.monotonic() + SETTLE_SECONDS
        while not all([condition(group) for group in self._groups]):
            if time.monotonic() > deadline:
                raise AssertionError(f"gave up waiting for {what}: " + str(
                    [(group.name, {name: member.owned() for name, member in group.members.items()},
                      group.check_commits()) for group in self._groups]))
            for group in self._groups:
                group.check_commits()
            time.sleep(0.05)

    def _expect_in_order(self, group, code):
        if code != 0:
            group.wrong.append(f"a member ended with exit code {code}")

    def _end(self, count):
        for group in self._groups:
            for member in group.members.values():
                self._expect_in_order(group, member.leave())
            events = group.history.events()
            group.wrong += ledger.check_owners(events)
            group.wrong += ledger.check_records(events, dict.fromkeys(range(PARTITIONS), count))
            self.wrong += [f"{group.name}: {what}" for what in group.wrong]
            print(f"{group.name}: {count} records to each partition, "
                  f"{ledger.moves(events)} moves", flush=True)


def main():
    kind, *command = sys.argv[1:]
    seed = int(os.environ.get("COMPAT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"groups: {kind} members, COMPAT_SEED={seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="groups-", dir=os.environ["COMPAT_WORK_DIR"]))
    broker = BrokerProcess(shlex.split(os.environ["COMPAT_BROKER"]), folder / "data",
                           folder / "broker.log")
    wrong = []
    try:
        broker.start()
        chaos = Chaos(broker, command, random.Random(seed))
        wrong = chaos.wrong
        chaos.run()
    except (AssertionError, RuntimeError, KafkaException) as error:
        wrong.append(repr(error))
    finally:
        if broker.running:
            broker.kill()
    if not wrong:
        shutil.rmtree(folder)
        return 0
    print(f"FAILED with COMPAT_SEED={seed}; data is in {folder}")
    print("\n".join(wrong[:50]))
    print(f"end of the broker's log:\n{broker.log_tail()}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
