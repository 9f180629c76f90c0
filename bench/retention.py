#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What it takes to give back the space of records that have expired; both brokers in turn.

    bench/retention.py --gneiss build/bin/gneiss [--megabytes 1024] [--rounds 3]

Half of a topic is two hours old, half is new; then retention.ms is set to one hour. The figures
are of the time until the old half is invisible (ListOffsets), the time until nine tenths of its
space are back, and what the broker read and wrote meanwhile. Kafka looks at its logs every second
here, not every five minutes, and deletes a file file.delete.delay.ms (a minute) later.
"""

import argparse
import os
import pathlib
import platform
import shutil
import struct
import sys
import tempfile
import time

import compare
from many_partitions import Client, one_record_batch, produce_all, text
from offsets_topic import size_mb
from restart_after_kill import list_offsets

TOPIC = "bench"
HOUR_MS = 3_600_000
BATCH_BYTES = 100_000
SEGMENT_BYTES = 32_000_000
EARLIEST = -2
GIVE_UP = 120


def set_config(client, name, value):
    body = struct.pack(">ib", 1, 2) + text(TOPIC) + struct.pack(">i", 1)
    body += text(name) + struct.pack(">b", 0) + text(value) + b"\0"
    answer = client.call(44, 0, body)
    error, = struct.unpack_from(">h", answer, 8)
    if error != 0:
        sys.exit(f"{name}={value} was refused with {error}")


def fill(client, partitions, megabytes, timestamp):
    batch = one_record_batch(BATCH_BYTES, timestamp)
    per_partition = int(megabytes * 1e6 / BATCH_BYTES / partitions)
    for _ in range(per_partition):
        produce_all(client, [(TOPIC, index) for index in range(partitions)], batch)
    return per_partition


def seconds_until(what, is_so, start):
    while not is_so():
        if time.monotonic() - start > GIVE_UP:
            sys.exit(f"{what} after {GIVE_UP} s: no")
        time.sleep(0.002)
    return time.monotonic() - start


def one_run(flags, command, directory):
    data = os.path.join(directory, "data")
    broker = compare.Broker(command, data, compare.free_port())
    client = Client(broker.port)
    client.create({TOPIC: flags.partitions})
    for name, value in (("retention.ms", -1), ("segment.bytes", SEGMENT_BYTES)):
        set_config(client, name, str(value))
    now = int(time.time() * 1000)
    old = fill(client, flags.partitions, flags.megabytes / 2, now - 2 * HOUR_MS)
    fill(client, flags.partitions, flags.megabytes / 2, now)
    broker.settle()
    before = size_mb(data)
    # A segment or file may hold records of both halves, so a few old ones may stay.
    nearly_all = old - int((1.25 * SEGMENT_BYTES + 1e6) / BATCH_BYTES)
    read, written = broker.read_bytes(), broker.written_bytes()
    start = time.monotonic()
    set_config(client, "retention.ms", str(HOUR_MS))
    figures = {"invisible after (s)": seconds_until(
        "invisible", lambda: min(list_offsets(broker.port, flags.partitions, EARLIEST) or [0])
        >= nearly_all, start)}
    figures["space back after (s)"] = seconds_until(
        "space back", lambda: size_mb(data) < before - 0.9 * nearly_all * flags.partitions
        * BATCH_BYTES / 1e6, start)
    figures["read meanwhile (MB)"] = (broker.read_bytes() - read) / 1e6
    figures["written meanwhile (MB)"] = (broker.written_bytes() - written) / 1e6
    figures["size before (MB)"] = before
    figures["size after (MB)"] = size_mb(data)
    broker.stop()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gneiss", default="build/bin/gneiss")
    parser.add_argument("--kafka", default=str(compare.ROOT / "compat-tests/kafka/run_kafka.py"))
    parser.add_argument("--work_dir", default=str(compare.ROOT / "build/compat"),
                        help="where the list of Kafka's archives is kept between starts")
    parser.add_argument("--only", choices=["gneiss", "kafka"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--set", action="append", default=["log.retention.check.interval.ms=1000"],
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
          f"{flags.rounds} rounds, {flags.megabytes} MB in {flags.partitions} partitions, "
          f"{' '.join(flags.set)}\n")
    compare.print_spreads(runs)


if __name__ == "__main__":
    main()
