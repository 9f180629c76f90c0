#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a long history of topics and configs leaves behind: a short one and a long one on one broker.

    bench/metadata_history.py --gneiss build/bin/gneiss [--changes 100000] [--only gneiss]

A round creates a thousand topics, changes a config of each and deletes them; ten topics stay. The
size is that of the metadata below the data directory. A start is from exec to the first answered
Metadata, after a clean stop and after kill -9.
"""

import argparse
import os
import pathlib
import platform
import shutil
import struct
import sys
import tempfile

import compare
from many_partitions import Client, text

TOPICS_PER_ROUND = 1000
CHANGES_PER_TOPIC = 3  # created, configured, deleted
TOPIC_RESOURCE, SET = 2, 0
METADATA_FOLDERS = ("metadata", "__cluster_metadata-0")


def alter_configs(client, names, value):
    body = struct.pack(">i", len(names))
    for name in names:
        body += struct.pack(">b", TOPIC_RESOURCE) + text(name) + struct.pack(">i", 1)
        body += text("retention.ms") + struct.pack(">b", SET) + text(str(value))
    answer = client.call(44, 0, body + b"\0")
    at = 8
    for _ in names:
        error, message = struct.unpack_from(">hh", answer, at)
        if error != 0:
            sys.exit(f"IncrementalAlterConfigs failed with {error}")
        at += 4 + max(message, 0) + 1
        at += 2 + struct.unpack_from(">h", answer, at)[0]


def delete(client, names):
    body = struct.pack(">i", len(names)) + b"".join(map(text, names))
    answer = client.call(20, 1, body + struct.pack(">i", 60_000))
    at = 8
    for _ in names:
        at += 2 + struct.unpack_from(">h", answer, at)[0]
        if (error := struct.unpack_from(">h", answer, at)[0]) != 0:
            sys.exit(f"DeleteTopics failed with {error}")
        at += 2


def make_history(port, changes):
    client = Client(port)
    for number in range(max(1, changes // CHANGES_PER_TOPIC // TOPICS_PER_ROUND)):
        count = min(TOPICS_PER_ROUND, max(1, changes // CHANGES_PER_TOPIC))
        names = [f"round-{number}-{i}" for i in range(count)]
        client.create({name: 1 for name in names})
        alter_configs(client, names, 1000 + number)
        delete(client, names)


def metadata_megabytes(data):
    folders = [pathlib.Path(data, name) for name in METADATA_FOLDERS]
    return sum(f.stat().st_size for folder in folders if folder.exists()
               for f in folder.rglob("*") if f.is_file()) / 1e6


def one_run(flags, command):
    directory = tempfile.mkdtemp(prefix="gneiss-bench-", dir=flags.dir)
    data, figures = os.path.join(directory, "data"), {}
    try:
        broker = compare.Broker(command, data, compare.free_port())
        Client(broker.port).create({f"kept-{i}": 1 for i in range(10)})
        for changes in (100, flags.changes):
            make_history(broker.port, changes)
            broker.settle()
            figures[f"metadata after {changes} changes (MB)"] = metadata_megabytes(data)
            broker.kill()
            broker = compare.Broker(command, data, compare.free_port())
            figures[f"start after {changes} changes, kill -9 (ms)"] = broker.start_seconds * 1000
            broker.stop()
            broker = compare.Broker(command, data, compare.free_port())
            figures[f"start after {changes} changes, clean (ms)"] = broker.start_seconds * 1000
        broker.stop()
        return figures
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gneiss", default="build/bin/gneiss")
    parser.add_argument("--kafka", default=str(compare.ROOT / "compat-tests/kafka/run_kafka.py"))
    parser.add_argument("--work_dir", default=str(compare.ROOT / "build/compat"),
                        help="where the list of Kafka's archives is kept between starts")
    parser.add_argument("--only", choices=["gneiss", "kafka"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--dir", default=None, help="where the brokers keep their data")
    flags = parser.parse_args()

    runs = {name: [] for name in compare.commands_of(flags, flags.only)}
    for number in range(flags.rounds):
        for name, command in compare.commands_of(flags, flags.only).items():
            print(f"round {number + 1}: {name}", file=sys.stderr, flush=True)
            runs[name].append(one_run(flags, command))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"{flags.rounds} rounds\n")
    compare.print_spreads(runs)


if __name__ == "__main__":
    main()
