#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How large __consumer_offsets gets under millions of commits; both brokers in turn.

    bench/offsets_topic.py --gneiss build/bin/gneiss [--commits 2000000] [--only gneiss]

Groups commit offsets one after the other, each request for one partition, pipelined over one
connection per group. The size is that of everything below the data directory, the write-ahead log
included. Then the broker is stopped, started, killed, and started again: each start lasts until
every group's offset has been fetched, and each has to be the last one that was acknowledged.
"""

import argparse
import os
import pathlib
import platform
import shutil
import signal
import struct
import sys
import tempfile
import time

import compare
from many_partitions import Client, text

TOPIC = "orders"
WINDOW = 100  # requests of one group that are under way
GIVE_UP = 120


def retry(what, ask):
    """Until `ask` gives something that is not None."""
    deadline = time.monotonic() + GIVE_UP
    while (answer := ask()) is None:
        if time.monotonic() > deadline:
            sys.exit(f"{what}: no answer in {GIVE_UP} s")
        time.sleep(0.01)
    return answer


def commit_request(group, offset, correlation):
    body = text(group) + struct.pack(">i", -1) + text("") + struct.pack(">i", 1) + text(TOPIC)
    body += struct.pack(">iiq", 1, 0, offset) + text("")
    request = struct.pack(">hhi", 8, 5, correlation) + text("bench") + body
    return struct.pack(">i", len(request)) + request


def commit_once(client, group):
    client.socket.sendall(commit_request(group, 0, 1))
    answer = client._read(struct.unpack(">i", client._read(4))[0])
    return True if answer.endswith(b"\0\0") else None


def fetch_offset(port, group):
    try:
        answer = Client(port).call(9, 3, text(group) + struct.pack(">i", 1) + text(TOPIC) +
                                   struct.pack(">ii", 1, 0))
    except OSError:
        return None
    if not answer.endswith(b"\0\0"):
        return None  # it is still reading the groups
    offset, = struct.unpack_from(">q", answer, 4 + 4 + 2 + len(TOPIC) + 4 + 4)
    return offset if offset >= 0 else None


def size_mb(directory):
    total = 0
    for path in pathlib.Path(directory).rglob("*"):
        try:
            stat = path.stat()
        except OSError:
            continue  # deleted meanwhile
        if path.is_file():
            total += min(stat.st_size, stat.st_blocks * 512)  # Kafka's indexes are sparse
    return total / 1e6


def commit_all(port, directory, groups, rounds):
    """Returns the seconds it took and the greatest size seen."""
    clients = {}
    for group in groups:
        clients[group] = Client(port)
        # The first one makes the offsets topic, and waits for it.
        retry("FindCoordinator", lambda client=clients[group], group=group: (
            True if client.call(10, 1, text(group) + b"\0")[4:6] == b"\0\0" else None))
        retry("OffsetCommit", lambda client=clients[group], group=group: commit_once(client, group))
    peak = size_mb(directory)
    measured = start = time.monotonic()
    for first in range(1, rounds + 1, WINDOW):
        count = min(WINDOW, rounds + 1 - first)
        for group, client in clients.items():
            client.socket.sendall(b"".join(commit_request(group, first + i, 1)
                                           for i in range(count)))
        for client in clients.values():
            size, = struct.unpack(">i", client._read(4))
            answer = client._read(size)
            if not answer.endswith(b"\0\0"):
                sys.exit("a commit was refused")
            if client._read((count - 1) * (4 + size)) != (struct.pack(">i", size) + answer) * (
                    count - 1):
                sys.exit("a commit was refused")
        if time.monotonic() - measured > 1:
            peak = max(peak, size_mb(directory))
            measured = time.monotonic()
    return time.monotonic() - start, peak


def started(command, data, groups, rounds):
    begin = time.monotonic()
    broker = compare.Broker(command, data, compare.free_port())
    for group in groups:
        offset = retry("OffsetFetch", lambda group=group: fetch_offset(broker.port, group))
        if offset != rounds:
            sys.exit(f"{group} is at {offset}, not at {rounds}")
    return broker, time.monotonic() - begin


def one_run(flags, command, directory):
    data = os.path.join(directory, "data")
    groups = [f"group-{i}" for i in range(flags.groups)]
    rounds = flags.commits // flags.groups
    broker = compare.Broker(command, data, compare.free_port())
    Client(broker.port).create({TOPIC: 1})
    before = size_mb(data)
    written = broker.written_bytes()
    seconds, peak = commit_all(broker.port, data, groups, rounds)
    figures = {"commits per second": rounds * flags.groups / seconds}
    time.sleep(flags.settle)
    figures["size before (MB)"] = before
    figures["greatest size (MB)"] = peak
    figures["size after (MB)"] = size_mb(data)
    figures["written to disk (MB)"] = (broker.written_bytes() - written) / 1e6
    broker.stop()
    broker, figures["start until all offsets are served (s)"] = started(command, data, groups,
                                                                        rounds)
    for pid in broker.pids():
        os.kill(pid, signal.SIGKILL)
    broker.process.wait()
    broker, figures["start after kill -9 (s)"] = started(command, data, groups, rounds)
    figures["size at the end (MB)"] = size_mb(data)
    broker.stop()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gneiss", default="build/bin/gneiss")
    parser.add_argument("--kafka", default=str(compare.ROOT / "compat-tests/kafka/run_kafka.py"))
    parser.add_argument("--work_dir", default=str(compare.ROOT / "build/compat"),
                        help="where the list of Kafka's archives is kept between starts")
    parser.add_argument("--only", choices=["gneiss", "kafka"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--commits", type=int, default=2_000_000)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--settle", type=float, default=15,
                        help="seconds between the last commit and the measurement of the size")
    parser.add_argument("--set", action="append", default=["log.cleaner.backoff.ms=1000"],
                        metavar="KEY=VALUE", help="a setting of the broker; may be repeated")
    parser.add_argument("--dir", default=None, help="where the brokers keep their data")
    flags = parser.parse_args()

    commands = compare.commands_of(flags, flags.only)
    runs = {name: [] for name in commands}
    for number in range(flags.rounds):
        for name, command in commands.items():
            print(f"round {number + 1}: {name}", file=sys.stderr, flush=True)
            directory = tempfile.mkdtemp(prefix="gneiss-bench-", dir=flags.dir)
            try:
                runs[name].append(one_run(
                    flags, command + [f"--set={setting}" for setting in flags.set], directory))
            finally:
                shutil.rmtree(directory, ignore_errors=True)

    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"{flags.rounds} rounds, {flags.commits} commits of {flags.groups} groups, "
          f"{' '.join(flags.set)}\n")
    compare.print_spreads(runs)


if __name__ == "__main__":
    main()
