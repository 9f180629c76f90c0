#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a broker takes to serve again after kill -9, by how much it holds; both brokers in turn.

    bench/restart_after_kill.py --gneiss build/bin/gneiss --load build/bin/broker_bench

A broker is loaded, killed at once, and started again on its data. It serves again when it answers
ListOffsets for every partition without an error.
"""

import argparse
import os
import pathlib
import platform
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time

import compare

TOPIC = b"bench"
POLL_SECONDS = 0.002
LATEST = -1


def list_offsets(port, partitions, timestamp=LATEST):
    """The offset at `timestamp` of each partition of the topic; None until all are served."""
    request = struct.pack(">hhihi", 2, 1, 7, -1, -1) + struct.pack(">i", 1)
    request += struct.pack(">h", len(TOPIC)) + TOPIC + struct.pack(">i", partitions)
    for partition in range(partitions):
        request += struct.pack(">iq", partition, timestamp)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
            s.sendall(struct.pack(">i", len(request)) + request)
            answer = s.makefile("rb")
            size, = struct.unpack(">i", answer.read(4))
            body = answer.read(size)
    except (OSError, struct.error):
        return None
    entries = struct.iter_unpack(">ihqq", body[4 + 4 + 2 + len(TOPIC) + 4:][:22 * partitions])
    ends = []
    for _, error, _, offset in entries:
        if error != 0:
            return None
        ends.append(offset)
    return ends


def one_run(flags, command, megabytes):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="restart-", dir=flags.dir))
    try:
        broker = compare.Broker(command, folder / "data", compare.free_port())
        compare.load(flags, broker, records=megabytes * 1_000_000 // flags.record_bytes,
                     record_bytes=flags.record_bytes, partitions=flags.partitions)
        before = list_offsets(broker.port, flags.partitions)
        for pid in broker.pids():
            os.kill(pid, signal.SIGKILL)
        broker.process.wait()
        held = sum(f.stat().st_size for f in (folder / "data").rglob("*") if f.is_file())
        started = time.monotonic()
        broker = compare.Broker(command, folder / "data", compare.free_port())
        while (after := list_offsets(broker.port, flags.partitions)) is None:
            time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - started
        if after != before:
            sys.exit(f"ends differ: {before} before, {after} after")
        broker.stop()
        return seconds, held
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gneiss", default="build/bin/gneiss")
    parser.add_argument("--kafka", default=str(compare.ROOT / "compat-tests/kafka/run_kafka.py"))
    parser.add_argument("--work_dir", default=str(compare.ROOT / "build/compat"))
    parser.add_argument("--load", default="build/bin/broker_bench")
    parser.add_argument("--only", choices=["gneiss", "kafka"], default=None)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--record_bytes", type=int, default=16384)
    parser.add_argument("--partitions", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dir", default=None, help="where the brokers keep their data")
    flags = parser.parse_args()

    commands = compare.commands_of(flags, flags.only)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"{flags.partitions} partitions, {flags.record_bytes} bytes per record", flush=True)
    for megabytes in flags.megabytes:
        for _ in range(flags.rounds):
            for name, command in commands.items():
                seconds, held = one_run(flags, command, megabytes)
                print(f"broker={name} written_mb={megabytes} held_mb={held // 1_000_000} "
                      f"served_again_s={seconds:.3f}", flush=True)


if __name__ == "__main__":
    main()
