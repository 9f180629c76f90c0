#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs Gneiss and the real Apache Kafka in turn under the same load and prints ratios.

    bench/compare.py --gneiss build/bin/gneiss --load build/bin/broker_bench [--rounds 5]

Each round starts one broker on an empty directory, loads it, stops it, then does the same with the
other; the order alternates. Every figure is of the broker's processes alone (CPU, bytes written,
memory from /proc) and is given as median (min..max) over the rounds; the ratio is taken round by
round, since two runs that follow each other share what the machine was doing. Kafka has to format
an empty directory before it can start there, so that counts to its start-up on an empty one.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
QUIET_SECONDS = 1.0  # CPU counts until the broker has been this long without work


class Broker:
    """One broker process (with its children) on a port of its own."""

    def __init__(self, command, data_dir, port):
        self.port = port
        self.started = time.monotonic()
        self.log = open(pathlib.Path(data_dir).parent / "broker.log", "ab")
        self.process = subprocess.Popen(
            command + [f"--data_dir={data_dir}", f"--listeners=PLAINTEXT://127.0.0.1:{port}"],
            stdout=self.log, stderr=self.log)
        try:
            self.start_seconds = self._wait_for_metadata()
        except BaseException:
            self.kill()
            raise

    def _wait_for_metadata(self):
        while True:
            if self.process.poll() is not None:
                sys.exit(f"{self.process.args[0]} ended early, see {self.log.name}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=10) as s:
                    # Metadata v1 with an empty topic list.
                    body = struct.pack(">hhih", 3, 1, 7, -1) + struct.pack(">i", 0)
                    s.sendall(struct.pack(">i", len(body)) + body)
                    if len(s.recv(4)) == 4:
                        return time.monotonic() - self.started
            except OSError:
                pass
            time.sleep(0.001)
            if time.monotonic() - self.started > 120:
                sys.exit(f"{self.process.args[0]} does not answer")

    def pids(self):
        children = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += children.get(pid, [])
        return found

    def cpu_seconds(self):
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def written_bytes(self):
        """To disk."""
        return self._io("write_bytes")

    def read_bytes(self):
        """By read calls, from the page cache as well."""
        return self._io("rchar")

    def _io(self, name):
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines():
                if line.startswith(f"{name}:"):
                    total += int(line.split()[1])
        return total

    def resident_mb(self):
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
        return total / 1024

    def settle(self):
        """Waits until flushes and compactions that the load left behind are done."""
        last, since = self.cpu_seconds(), time.monotonic()
        deadline = since + 60
        while time.monotonic() < deadline and time.monotonic() - since < QUIET_SECONDS:
            time.sleep(0.1)
            now = self.cpu_seconds()
            if now - last > 0.05:
                last, since = now, time.monotonic()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=120)
        self.log.close()

    def kill(self):
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def load(flags, broker, **workload):
    arguments = [f"--{name}={value}" for name, value in workload.items()]
    out = subprocess.run([flags.load, f"--bootstrap=127.0.0.1:{broker.port}", *arguments],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(out.stdout)


def measured_load(flags, broker, **workload):
    cpu, written = broker.cpu_seconds(), broker.written_bytes()
    result = load(flags, broker, **workload)
    broker.settle()
    gigabytes = result["records"] * result["record_bytes"] / 1e9
    result["cpu_s_per_gb"] = (broker.cpu_seconds() - cpu) / gigabytes
    result["written_per_byte"] = (broker.written_bytes() - written) / (gigabytes * 1e9)
    return result


def warm_up(flags, command):
    """A start that does not count: fetches Kafka's archives, fills the page cache."""
    with tempfile.TemporaryDirectory(prefix="gneiss-bench-", dir=flags.dir) as directory:
        Broker(command, os.path.join(directory, "data"), free_port()).stop()


def one_run(flags, command):
    """All figures of one broker's life: {name: value}."""
    directory = tempfile.mkdtemp(prefix="gneiss-bench-", dir=flags.dir)
    try:
        data_dir = os.path.join(directory, "data")
        broker = Broker(command, data_dir, free_port())
        figures = {"start-up, empty (ms)": broker.start_seconds * 1000}
        broker.settle()
        figures["resident, idle (MB)"] = broker.resident_mb()
        for size in flags.record_bytes:
            records = int(flags.megabytes * 1e6 / size)
            topic = f"bench-{size}"
            common = {"topic": topic, "records": records, "record_bytes": size,
                      "partitions": flags.partitions}
            produced = measured_load(flags, broker, workload="produce", **common)
            consumed = measured_load(flags, broker, workload="consume", **common)
            figures[f"produce {size} B (MB/s)"] = produced["mb_per_s"]
            figures[f"produce {size} B (CPU-s/GB)"] = produced["cpu_s_per_gb"]
            figures[f"produce {size} B (written/accepted)"] = produced["written_per_byte"]
            figures[f"consume {size} B (MB/s)"] = consumed["mb_per_s"]
            figures[f"consume {size} B (CPU-s/GB)"] = consumed["cpu_s_per_gb"]
        latency = load(flags, broker, workload="latency", topic="bench-latency", linger_ms=0,
                       rate=flags.rate, seconds=flags.seconds, partitions=flags.partitions)
        for name in ("p50", "p99", "p999"):
            figures[f"end to end {flags.rate}/s, {name} (ms)"] = latency[f"{name}_ms"]
        figures["resident, after load (MB)"] = broker.resident_mb()
        broker.stop()
        broker = Broker(command, data_dir, free_port())
        figures["start-up, with data (ms)"] = broker.start_seconds * 1000
        broker.stop()
        return figures
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def spread(values):
    return f"{statistics.median(values):.4g} ({min(values):.4g}..{max(values):.4g})"


def commands_of(flags, only=None):
    """How each broker is started, by its name; `only` leaves one of them."""
    commands = {"gneiss": [flags.gneiss], "kafka": [flags.kafka, f"--work_dir={flags.work_dir}"]}
    return {only: commands[only]} if only else commands


def print_spreads(runs):
    """A row per figure, a column per broker. `runs`: of each broker, by its name, what each round gave."""
    print("| figure | " + " | ".join(runs) + " |")
    print("|---" * (len(runs) + 1) + "|")
    for figure in next(iter(runs.values()))[0]:
        cells = [spread([run[figure] for run in rounds]) for rounds in runs.values()]
        print(f"| {figure} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gneiss", default="build/bin/gneiss")
    parser.add_argument("--kafka", default=str(ROOT / "compat-tests/kafka/run_kafka.py"))
    parser.add_argument("--work_dir", default=str(ROOT / "build/compat"),
                        help="where the list of Kafka's archives is kept between starts")
    parser.add_argument("--load", default="build/bin/broker_bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=1000, help="per size and round")
    parser.add_argument("--record_bytes", type=int, nargs="+", default=[1024, 16384])
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--dir", default=None, help="where the brokers keep their data")
    flags = parser.parse_args()

    commands = commands_of(flags)
    runs = {name: [] for name in commands}
    for command in commands.values():
        warm_up(flags, command)
    for number in range(flags.rounds):
        order = list(commands) if number % 2 == 0 else list(reversed(commands))
        for name in order:
            print(f"round {number + 1}: {name}", file=sys.stderr, flush=True)
            runs[name].append(one_run(flags, commands[name]))

    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"{flags.rounds} rounds, {flags.megabytes} MB per size, {flags.partitions} partitions\n")
    print("| figure | Gneiss | Apache Kafka | Gneiss / Kafka |")
    print("|---|---|---|---|")
    for figure in runs["gneiss"][0]:
        ours = [run[figure] for run in runs["gneiss"]]
        theirs = [run[figure] for run in runs["kafka"]]
        ratios = [a / b for a, b in zip(ours, theirs) if b > 0]
        print(f"| {figure} | {spread(ours)} | {spread(theirs)} | "
              f"{spread(ratios) if ratios else '-'} |")


if __name__ == "__main__":
    main()
