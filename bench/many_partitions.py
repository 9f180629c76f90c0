#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ten thousand partitions on one broker: Gneiss and the real Apache Kafka in turn.

    bench/many_partitions.py --gneiss build/bin/gneiss [--topics 2] [--rounds 3] [--time_limit 300]

Creates the partitions in as few requests as Kafka allows, writes records of 1 KB to them round robin, restarts the
broker cleanly and after kill -9. Both brokers run with the same limit of open files. A restart
lasts from the signal (clean) or the start (kill) until a hundred partitions, spread over all, have
taken a record. Requests are sent raw, with the same batch for every record, so that the load costs
next to nothing; what is refused is sent again, as clients do. The load has one request in flight,
with a record for each of 500 partitions; the slowest one is given for the first record of each
partition and for the later ones. The probe is an unhurried producer beside the load: its figure is
the longest time that one of its records took to be acknowledged. A broker that does not get through
in --time_limit seconds is killed; its figures so far are on stderr.
"""

import argparse
import multiprocessing
import os
import platform
import resource
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time

import compare

ROUND_PARTITIONS = 500  # per Produce request
RECORDS_PER_REQUEST = 10_000  # of metadata: Kafka refuses more, a topic and each partition is one
PROBE_INTERVAL = 0.005
GIVE_UP = 120


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def varint(value):
    value = (value << 1) ^ (value >> 63)
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def one_record_batch(value_bytes, timestamp=None):
    """`timestamp` in milliseconds; now, if there is none."""
    value = os.urandom(value_bytes)
    record = b"\0" + varint(0) + varint(0) + varint(-1) + varint(len(value)) + value + varint(0)
    record = varint(len(record)) + record
    stamp = int(time.time() * 1000) if timestamp is None else timestamp
    body = struct.pack(">hiqqqhii", 0, 0, stamp, stamp, -1, -1, -1, 1) + record
    return struct.pack(">qiibI", 0, 9 + len(body), -1, 2, crc32c(body)) + body


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


class Client:
    """One connection, one request at a time."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, key, version, body):
        request = struct.pack(">hhi", key, version, 1) + text("bench") + body
        self.socket.sendall(struct.pack(">i", len(request)) + request)
        size = struct.unpack(">i", self._read(4))[0]
        return self._read(size)[4:]  # behind the correlation id

    def _read(self, size):
        data = bytearray()
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the broker closed the connection")
            data += part
        return bytes(data)

    def create(self, topics):
        """`topics`: {name: partitions}."""
        body = struct.pack(">i", len(topics))
        for name, partitions in topics.items():
            body += text(name) + struct.pack(">ihii", partitions, 1, 0, 0)
        answer = self.call(19, 4, body + struct.pack(">ib", 60_000, 0))
        at = 8
        for _ in topics:
            at += 2 + struct.unpack_from(">h", answer, at)[0]
            error, message = struct.unpack_from(">hh", answer, at)
            if error != 0:
                sys.exit(f"CreateTopics failed with {error}")
            at += 4 + max(message, 0)

    def produce(self, partitions, batch):
        """`partitions`: [(topic, index)], of one topic after the other. Returns what was refused."""
        by_topic = {}
        for topic, index in partitions:
            by_topic.setdefault(topic, []).append(index)
        body = [struct.pack(">hhii", -1, -1, 30_000, len(by_topic))]
        for topic, indexes in by_topic.items():
            body.append(text(topic) + struct.pack(">i", len(indexes)))
            for index in indexes:
                body.append(struct.pack(">ii", index, len(batch)))
                body.append(batch)
        answer = self.call(0, 8, b"".join(body))
        refused = []
        at = 4
        for _ in by_topic:
            length = struct.unpack_from(">h", answer, at)[0]
            topic = answer[at + 2:at + 2 + length].decode()
            at += 2 + length
            count = struct.unpack_from(">i", answer, at)[0]
            at += 4
            for _ in range(count):
                index, error = struct.unpack_from(">ih", answer, at)
                records, message = struct.unpack_from(">ih", answer, at + 30)
                if records > 0:
                    sys.exit(f"Produce: record errors, code {error}")
                at += 36 + max(message, 0)
                if error != 0:
                    refused.append((topic, index))
        return refused


def produce_all(client, partitions, batch):
    """Until every partition has taken one. Returns how many were refused at first, and the seconds
    that the slowest request took with what had to be repeated of it."""
    refused_first, slowest = 0, 0.0
    for begin in range(0, len(partitions), ROUND_PARTITIONS):
        start = time.monotonic()
        refused = client.produce(partitions[begin:begin + ROUND_PARTITIONS], batch)
        refused_first += len(refused)
        while refused:
            if time.monotonic() > start + GIVE_UP:
                sys.exit("a partition takes no records")
            time.sleep(0.1)
            refused = client.produce(refused, batch)
        slowest = max(slowest, time.monotonic() - start)
    return refused_first, slowest


def probe(port, batch, stop, longest):
    client = Client(port)
    while not stop.is_set():
        start = time.monotonic()
        produce_all(client, [("probe", 0)], batch)
        longest.value = max(longest.value, time.monotonic() - start)
        time.sleep(PROBE_INTERVAL)


def descriptors(broker):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in broker.pids())


def wait_until_served(broker, partitions, batch):
    sample = partitions[::max(1, len(partitions) // 100)]
    produce_all(Client(broker.port), sample, batch)


class Figures(dict):
    """Tells each as it comes, for a run that does not come to its end."""

    def __setitem__(self, name, value):
        print(f"  {name}: {value:.4g}", file=sys.stderr, flush=True)
        super().__setitem__(name, value)


class Scenario:
    """One broker's life. REQUIRES: close() at the end, which also kills what still runs."""

    def __init__(self, flags, command, directory):
        self.flags, self.command = flags, command
        self.data = os.path.join(directory, "data")
        self.batch = one_record_batch(1000)
        self.names = [f"many-{i:03}" for i in range(flags.topics)]
        self.each = flags.partitions // flags.topics
        self.partitions = [(name, index) for name in self.names for index in range(self.each)]
        self.figures = Figures()
        self.broker = self.prober = None

    def close(self):
        if self.prober is not None and self.prober.is_alive():
            self.prober.kill()
        if self.broker is not None and self.broker.process.poll() is None:
            self.broker.kill()

    def run(self):
        self.start()
        self.create()
        self.write()
        self.restart()
        return self.figures

    def start(self):
        self.broker = compare.Broker(self.command, self.data, compare.free_port())

    def create(self):
        client = Client(self.broker.port)
        client.create({"probe": 1})
        produce_all(client, [("probe", 0)], self.batch)
        per_request = max(1, RECORDS_PER_REQUEST // (self.each + 1))
        start = time.monotonic()
        for begin in range(0, len(self.names), per_request):
            client.create({name: self.each for name in self.names[begin:begin + per_request]})
        self.figures["create all (s)"] = time.monotonic() - start
        self.broker.settle()
        self.figures["resident, empty (MB)"] = self.broker.resident_mb()
        self.figures["descriptors, empty"] = descriptors(self.broker)

    def write(self):
        stop, longest = multiprocessing.Event(), multiprocessing.Value("d", 0)
        self.prober = multiprocessing.Process(
            target=probe, args=(self.broker.port, self.batch, stop, longest))
        self.prober.start()
        client = Client(self.broker.port)
        start = time.monotonic()
        rounds = [produce_all(client, self.partitions, self.batch)
                  for _ in range(self.flags.records // len(self.partitions))]
        self.figures["write all (s)"] = time.monotonic() - start
        self.figures["records refused at first"] = sum(refused for refused, _ in rounds)
        self.figures["slowest request, first records (ms)"] = rounds[0][1] * 1000
        self.figures["slowest request, later records (ms)"] = max(r[1] for r in rounds[1:]) * 1000
        start = time.monotonic()
        Client(self.broker.port).create({"one-more": 1})
        self.figures["create one more (ms)"] = (time.monotonic() - start) * 1000
        stop.set()
        self.prober.join()
        self.figures["probe, longest (ms)"] = longest.value * 1000
        self.figures["resident, written (MB)"] = self.broker.resident_mb()
        self.figures["descriptors, written"] = descriptors(self.broker)

    def restart(self):
        start = time.monotonic()
        self.broker.stop()
        self.figures["clean stop (s)"] = time.monotonic() - start
        self.start()
        wait_until_served(self.broker, self.partitions, self.batch)
        self.figures["clean restart, stop and start (s)"] = time.monotonic() - start
        self.figures["resident, restarted (MB)"] = self.broker.resident_mb()
        self.broker.kill()
        start = time.monotonic()
        self.start()
        wait_until_served(self.broker, self.partitions, self.batch)
        self.figures["restart after kill -9 (s)"] = time.monotonic() - start
        self.broker.stop()


def one_run(flags, command):
    def give_up(*_):
        sys.exit(f"{command[0]} is not through after {flags.time_limit} s")

    directory = tempfile.mkdtemp(prefix="gneiss-bench-", dir=flags.dir)
    scenario = Scenario(flags, command, directory)
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(flags.time_limit)
    try:
        return scenario.run()
    finally:
        signal.alarm(0)
        scenario.close()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gneiss", default="build/bin/gneiss")
    parser.add_argument("--kafka", default=str(compare.ROOT / "compat-tests/kafka/run_kafka.py"))
    parser.add_argument("--work_dir", default=str(compare.ROOT / "build/compat"),
                        help="where the list of Kafka's archives is kept between starts")
    parser.add_argument("--only", choices=["gneiss", "kafka"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--topics", type=int, default=100, help="at least 2")
    parser.add_argument("--partitions", type=int, default=10_000, help="of all topics together")
    parser.add_argument("--records", type=int, default=100_000,
                        help="in all; at least two for each partition")
    parser.add_argument("--time_limit", type=int, default=300, help="seconds, of one broker's run")
    parser.add_argument("--open_files", type=int, default=20_000)
    parser.add_argument("--dir", default=None, help="where the brokers keep their data")
    flags = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (flags.open_files, flags.open_files))

    commands = compare.commands_of(flags, flags.only)
    runs = {name: [] for name in commands}
    for number in range(flags.rounds):
        for name, command in commands.items():
            print(f"round {number + 1}: {name}", file=sys.stderr, flush=True)
            runs[name].append(one_run(flags, command))

    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"{flags.rounds} rounds, {flags.topics} topics, {flags.partitions} partitions, "
          f"{flags.open_files} open files\n")
    compare.print_spreads(runs)


if __name__ == "__main__":
    main()
