#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A thousand groups of ten members each on one broker, and a producer beside them; both brokers in turn.

    bench/many_groups.py --gneiss build/bin/gneiss [--groups 1000] [--members 10] [--only gneiss]

All members join at once; then of each group one member leaves and comes back, which every other
member learns from its next heartbeat. Each member has a connection and heartbeats of its own, of the
classic protocol. The probe writes a record of 1 KB every 5 ms and fetches it: its figures, for each
phase, are the median, the 99th percentile and the longest of both. The members are simulated at a
lower priority than the broker and the probe, or they would be what is measured.
"""

import argparse
import concurrent.futures
import multiprocessing
import os
import platform
import resource
import selectors
import shutil
import socket
import statistics
import struct
import sys
import tempfile
import time

import compare
from many_partitions import Client, one_record_batch, text

PROBE_INTERVAL = 0.005
HEARTBEAT_INTERVAL = 3.0
LOOK_INTERVAL = 0.05
SESSION_MS, REBALANCE_MS = 60_000, 60_000
QUIET_SECONDS = 5
CROWD_NICENESS = 10
GIVE_UP = 240
JOIN, HEARTBEAT, LEAVE, SYNC = 11, 12, 13, 14
PHASES = ("alone", "joining", "heartbeats only", "rebalancing")


def data(value):
    return struct.pack(">i", len(value)) + value


class Parser:
    def __init__(self, answer):
        self.answer, self.at = answer, 0

    def number(self, form):
        value, = struct.unpack_from(form, self.answer, self.at)
        self.at += struct.calcsize(form)
        return value

    def string(self):
        length = max(self.number(">h"), 0)
        self.at += length
        return self.answer[self.at - length:self.at].decode()

    def skip_data(self):
        length = max(self.number(">i"), 0)
        self.at += length


class Member:
    """A member of a group, driven by the answers that come in. One request at a time."""

    def __init__(self, port, group):
        self.group, self.id, self.generation = group, "", -1
        self.stable, self.next_beat, self.waits_for, self.got = False, None, None, b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, key, version, body):
        request = struct.pack(">hhi", key, version, 1) + text("bench") + body
        self.waits_for = key
        self.socket.sendall(struct.pack(">i", len(request)) + request)

    def join(self):
        self.stable, self.next_beat = False, None
        self.send(JOIN, 2, text(self.group) + struct.pack(">ii", SESSION_MS, REBALANCE_MS) +
                  text(self.id) + text("consumer") + struct.pack(">i", 1) + text("range") +
                  data(b"\0\0\0\0\0\0\0\0\0\0"))

    def identity(self):
        return text(self.group) + struct.pack(">i", self.generation) + text(self.id)

    def beat(self):
        self.next_beat = None
        self.send(HEARTBEAT, 1, self.identity())

    def leave(self):
        self.stable = False
        self.send(LEAVE, 1, text(self.group) + text(self.id))

    def receive(self, now):
        self.got += self.socket.recv(65_536)
        if len(self.got) < 4 or len(self.got) < 4 + struct.unpack_from(">i", self.got)[0]:
            return
        answer, self.got = Parser(self.got[8:]), b""
        answer.number(">i")  # throttle time
        error, key = answer.number(">h"), self.waits_for
        self.waits_for = None
        if key == LEAVE or error != 0:
            if key == LEAVE or error == 25:
                self.id = ""
            self.join()
        elif key == JOIN:
            self.sync(answer)
        else:
            self.stable = self.stable or key == SYNC
            self.next_beat = now + HEARTBEAT_INTERVAL

    def sync(self, answer):
        self.generation = answer.number(">i")
        answer.string()  # protocol
        leader, self.id = answer.string(), answer.string()
        members = []
        for _ in range(answer.number(">i")):
            members.append(answer.string())
            answer.skip_data()
        body = self.identity() + struct.pack(">i", len(members) if leader == self.id else 0)
        if leader == self.id:
            body += b"".join(text(member) + data(b"its part") for member in members)
        self.send(SYNC, 1, body)


class Crowd:
    """All members, on one thread."""

    def __init__(self, port, groups, members):
        self.members = [Member(port, f"group-{g}") for g in range(groups) for _ in range(members)]
        self.selector = selectors.EpollSelector()
        self.groups, self.next_look = groups, 0.0
        for member in self.members:
            self.selector.register(member.socket, selectors.EVENT_READ, member)

    def turn(self):
        """True when it has looked after everybody: not each time, there are thousands."""
        for key, _ in self.selector.select(LOOK_INTERVAL):
            key.data.receive(time.monotonic())
        now = time.monotonic()
        if now < self.next_look:
            return False
        self.next_look = now + LOOK_INTERVAL
        for member in self.members:
            if member.next_beat is not None and member.next_beat <= now:
                member.beat()
        return True

    def run_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()

    def settle(self):
        """Until every group is stable in one generation. Returns the seconds that it took."""
        start = time.monotonic()
        while True:
            if self.turn() and all(member.stable for member in self.members):
                if len({(m.group, m.generation) for m in self.members}) == self.groups:
                    return time.monotonic() - start
            if time.monotonic() - start > GIVE_UP:
                sys.exit(f"{sum(not m.stable for m in self.members)} members are not stable")

    def close(self):
        for member in self.members:
            member.socket.close()


def probe(port, stop, phase, results):
    """Puts (phase, seconds to write, seconds to fetch) of each record into `results` at the end."""
    client, batch, found = Client(port), one_record_batch(1000), []
    written = text("probe")
    while not stop.is_set():
        of, start = phase.value, time.monotonic()
        answer = client.call(0, 8, struct.pack(">hhii", -1, -1, 30_000, 1) + written +
                             struct.pack(">iii", 1, 0, len(batch)) + batch)
        produced = time.monotonic()
        error, offset = struct.unpack_from(">hq", answer, 4 + len(written) + 4 + 4)
        if error != 0:
            sys.exit(f"Produce failed with {error}")
        client.call(1, 4, struct.pack(">iiiibi", -1, 500, 1, 1 << 20, 0, 1) + written +
                    struct.pack(">iiqi", 1, 0, offset, 1 << 20))
        fetched = time.monotonic()
        found.append((of, produced - start, fetched - produced))
        time.sleep(PROBE_INTERVAL)
    results.put(found)


def make_offsets_topic(port):
    client, deadline = Client(port), time.monotonic() + GIVE_UP
    while struct.unpack_from(">h", client.call(10, 1, text("group-0") + b"\0"), 4)[0] != 0:
        if time.monotonic() > deadline:
            sys.exit("no coordinator")
        time.sleep(0.1)


def add_latencies(figures, found):
    for number, phase in enumerate(PHASES):
        for column, what in ((1, "write"), (2, "fetch")):
            times = sorted(row[column] * 1000 for row in found if row[0] == number)
            figures[f"{what}, {phase}, p50 (ms)"] = statistics.median(times)
            figures[f"{what}, {phase}, p99 (ms)"] = times[len(times) * 99 // 100]
            figures[f"{what}, {phase}, longest (ms)"] = times[-1]


def measure(flags, broker):
    Client(broker.port).create({"probe": 1})
    make_offsets_topic(broker.port)
    broker.settle()
    stop, phase = multiprocessing.Event(), multiprocessing.Value("i", 0)
    results = multiprocessing.Queue()
    prober = multiprocessing.Process(target=probe, args=(broker.port, stop, phase, results))
    prober.start()
    figures = {}
    try:
        time.sleep(QUIET_SECONDS)
        os.nice(CROWD_NICENESS)
        crowd = Crowd(broker.port, flags.groups, flags.members)
        phase.value = 1
        for member in crowd.members:
            member.join()
        figures["all groups stable (s)"] = crowd.settle()
        phase.value = 2
        crowd.run_for(QUIET_SECONDS)
        phase.value = 3
        for member in crowd.members[::flags.members]:
            if member.waits_for is None:
                member.next_beat = None
                member.leave()
        figures["all groups stable again (s)"] = crowd.settle()
        stop.set()
        add_latencies(figures, results.get(timeout=GIVE_UP))
        prober.join()
        figures["resident (MB)"] = broker.resident_mb()
        crowd.close()
    finally:
        if prober.is_alive():
            prober.kill()
    return figures


def one_run(flags, command):
    """REQUIRES: a process of its own, whose priority it lowers."""
    directory = tempfile.mkdtemp(prefix="gneiss-bench-", dir=flags.dir)
    broker = compare.Broker(command, os.path.join(directory, "data"), compare.free_port())
    try:
        return measure(flags, broker)
    finally:
        broker.kill()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gneiss", default="build/bin/gneiss")
    parser.add_argument("--kafka", default=str(compare.ROOT / "compat-tests/kafka/run_kafka.py"))
    parser.add_argument("--work_dir", default=str(compare.ROOT / "build/compat"),
                        help="where the list of Kafka's archives is kept between starts")
    parser.add_argument("--only", choices=["gneiss", "kafka"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--groups", type=int, default=1000)
    parser.add_argument("--members", type=int, default=10, help="of each group")
    parser.add_argument("--dir", default=None, help="where the brokers keep their data")
    flags = parser.parse_args()
    files = flags.groups * flags.members + 1000  # of this process, and of the broker
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    commands = compare.commands_of(flags, flags.only)
    runs = {name: [] for name in commands}
    for number in range(flags.rounds):
        for name, command in commands.items():
            print(f"round {number + 1}: {name}", file=sys.stderr, flush=True)
            with concurrent.futures.ProcessPoolExecutor(1) as process:
                runs[name].append(process.submit(one_run, flags, command).result())
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"{flags.rounds} rounds, {flags.groups} groups of {flags.members}\n")
    compare.print_spreads(runs)


if __name__ == "__main__":
    main()
