#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the pinned Apache Kafka as one broker with its own controller, behind Gneiss's interface.

The same flags, the same `ready` line and the same stop on SIGTERM as Gneiss, so that whatever
drives one can drive the other:

    compat-tests/kafka/run_kafka.py --data_dir=DIR --listeners=PLAINTEXT://127.0.0.1:0
"""

import argparse
import ctypes
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from harness import packages  # noqa: E402  (the path has to be set first)

CLUSTER_ID = "Z25laXNzLWNvbXBhdC0wMQ"
START_SECONDS = 180
PR_SET_PDEATHSIG = 1

# One broker, so everything internal has one replica.
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}


def main():
    flags = parse_flags()
    data_dirs = [pathlib.Path(name).resolve() for name in flags.data_dir.split(",")]
    for data_dir in data_dirs:
        data_dir.mkdir(parents=True, exist_ok=True)
    host, port = flags.listeners.removeprefix("PLAINTEXT://").rsplit(":", 1)
    port = int(port) or free_port(host)
    properties = write_properties(data_dirs, host, port, flags.set)
    java = ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
            packages.classpath(flags.work_dir or data_dirs[0], ROOT / "kafka" / "pom.xml")]
    if not (data_dirs[0] / "log" / "meta.properties").exists():
        subprocess.run(java + ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c",
                               str(properties)], check=True, stdout=sys.stderr)
    broker = subprocess.Popen(java + ["-Xms1G", "-Xmx1G", "kafka.Kafka", str(properties)],
                              stdout=sys.stderr, preexec_fn=die_with_parent)
    signal.signal(signal.SIGTERM, lambda *_: broker.terminate())
    wait_until_served(broker, host, port)
    print(f"ready listeners=PLAINTEXT://{host}:{port} data_dir={flags.data_dir}", flush=True)
    code = broker.wait()
    # A JVM that ends in order after SIGTERM says 143.
    return 0 if code in (0, 128 + signal.SIGTERM) else 1


def parse_flags():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data_dir", required=True, help="may be a list, as log.dirs")
    parser.add_argument("--listeners", default="PLAINTEXT://127.0.0.1:0")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--work_dir", help="where the list of fetched archives is kept")
    return parser.parse_args()


def write_properties(data_dirs, host, port, overrides):
    settings = dict(SETTINGS)
    controller = f"127.0.0.1:{free_port('127.0.0.1')}"
    settings["controller.quorum.voters"] = f"1@{controller}"
    settings["listeners"] = f"PLAINTEXT://{host}:{port},CONTROLLER://{controller}"
    settings["advertised.listeners"] = f"PLAINTEXT://{host}:{port}"
    settings["log.dirs"] = ",".join(str(data_dir / "log") for data_dir in data_dirs)
    settings.update(override.split("=", 1) for override in overrides)
    path = data_dirs[0] / "server.properties"
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()),
                    encoding="utf-8")
    return path


def free_port(host):
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def die_with_parent():
    """Runs in the child: a kill -9 of this program takes the JVM along."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until_served(broker, host, port):
    """Kafka opens its sockets last, so an answered ApiVersions means that everything is served."""
    request = struct.pack(">ihhih", 10, 18, 0, 1, -1)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if broker.poll() is not None:
            sys.exit(f"Kafka ended with exit code {broker.returncode} before it was ready")
        try:
            with socket.create_connection((host, port), timeout=5) as connection:
                connection.sendall(request)
                if len(connection.recv(8)) == 8:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    broker.kill()
    sys.exit(f"Kafka was not ready after {START_SECONDS} s")


if __name__ == "__main__":
    sys.exit(main())
