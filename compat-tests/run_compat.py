#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs client suites against a broker: one broker per suite, or the one that BOOTSTRAP names.

    run_compat.py --build_dir=build                      every suite against build/bin/gneiss
    run_compat.py --build_dir=build kcat python          these suites
    run_compat.py --build_dir=build --broker=kafka       against the pinned Apache Kafka
    BOOTSTRAP=host:port run_compat.py --build_dir=build  against any running broker

A suite is a folder with a run.sh, which finds in its environment:
    BOOTSTRAP             the broker's host:port (not for crash, differential and groups)
    COMPAT_WORK_DIR       a folder of the build directory for fetched packages and compiled tests
    COMPAT_BUILD_DIR      the CMake build directory
    COMPAT_BROKER         the broker's command line, quoted for a shell (for those three)
Exit code: 0 all passed, 77 the only suite was skipped, 1 otherwise.
"""

import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

from harness.broker_process import BrokerProcess

ROOT = pathlib.Path(__file__).resolve().parent
SUITES = ["librdkafka", "java", "console-tools", "kcat", "python", "community-tools", "cleanup",
          "differential", "groups", "crash"]
STARTS_ITS_OWN_BROKER = {"crash", "differential", "groups"}
SKIPPED = 77

# Without the first every test with a group would wait three seconds for members who are not to come;
# without the others it would take minutes until something is cleaned up.
BROKER_SETTINGS = ["--set=group.initial.rebalance.delay.ms=0"]
SUITE_SETTINGS = {
    "cleanup": ["--set=log.cleaner.backoff.ms=100", "--set=log.retention.check.interval.ms=500"],
    "python": ["--set=group.consumer.min.heartbeat.interval.ms=200",
               "--set=group.consumer.heartbeat.interval.ms=200"],
    "groups": ["--set=group.min.session.timeout.ms=3000",
               "--set=group.consumer.min.session.timeout.ms=3000",
               "--set=group.consumer.session.timeout.ms=3000",
               "--set=group.consumer.min.heartbeat.interval.ms=300",
               "--set=group.consumer.heartbeat.interval.ms=300"],
}


def main():
    flags = parse_flags()
    work_dir = pathlib.Path(flags.build_dir).resolve() / "compat"
    work_dir.mkdir(parents=True, exist_ok=True)
    results = {suite: run_suite(suite, flags, work_dir) for suite in flags.suites}
    for suite, code in results.items():
        print(f"{suite}: {describe(code)}")
    if list(results.values()) == [SKIPPED]:
        return SKIPPED
    return 0 if all(code in (0, SKIPPED) for code in results.values()) else 1


def parse_flags():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build_dir", default="build")
    parser.add_argument("--broker", default=os.environ.get("COMPAT_BROKER", "gneiss"),
                        help="gneiss, kafka, or the path of a program with Gneiss's flags")
    parser.add_argument("suites", nargs="*", metavar="suite", help=", ".join(SUITES))
    flags = parser.parse_args()
    unknown = set(flags.suites) - set(SUITES)
    if unknown:
        parser.error(f"unknown suite {sorted(unknown)}; there are {SUITES}")
    flags.suites = flags.suites or SUITES
    return flags


def run_suite(suite, flags, work_dir):
    """Returns the exit code of the suite, or 1 if the broker did not start or stop in order."""
    started = time.monotonic()
    environment = dict(os.environ, COMPAT_WORK_DIR=str(work_dir), PYTHONPATH=str(ROOT),
                       COMPAT_BUILD_DIR=str(pathlib.Path(flags.build_dir).resolve()))
    external = os.environ.get("BOOTSTRAP")
    command = broker_command(flags, work_dir) + SUITE_SETTINGS.get(suite, [])
    if suite in STARTS_ITS_OWN_BROKER:
        if external:
            print(f"{suite}: skipped, it starts brokers itself")
            return SKIPPED
        environment["COMPAT_BROKER"] = shlex.join(command)
        code = run_script(suite, environment)
    elif external:
        code = run_script(suite, environment)
    else:
        code = run_with_broker(suite, environment, command, work_dir)
    print(f"{suite}: {describe(code)} after {time.monotonic() - started:.1f} s", flush=True)
    return code


def run_with_broker(suite, environment, command, work_dir):
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{suite}-", dir=work_dir))
    broker = BrokerProcess(command, folder / "data", folder / "broker.log")
    code = 1
    try:
        broker.start()
        code = run_script(suite, dict(environment, BOOTSTRAP=broker.bootstrap))
        if not broker.running:
            print(f"{suite}: the broker died during the suite")
            code = 1
        elif (stop_code := broker.stop()) != 0:
            print(f"{suite}: the broker stopped with exit code {stop_code}, not 0")
            code = 1
    except RuntimeError as error:
        print(f"{suite}: {error}")
        return 1
    finally:
        if broker.running:
            broker.kill()
    if code == 0:
        shutil.rmtree(folder)
    else:
        print(f"{suite}: end of {folder}/broker.log:\n{broker.log_tail()}")
    return code


def broker_command(flags, work_dir):
    if flags.broker == "kafka":
        return [sys.executable, str(ROOT / "kafka" / "run_kafka.py"), f"--work_dir={work_dir}",
                *BROKER_SETTINGS]
    if flags.broker == "gneiss":
        return [str(pathlib.Path(flags.build_dir).resolve() / "bin" / "gneiss"), *BROKER_SETTINGS]
    return [flags.broker, *BROKER_SETTINGS]


def run_script(suite, environment):
    sys.stdout.flush()
    return subprocess.run(["sh", str(ROOT / suite / "run.sh")], env=environment,
                          check=False).returncode


def describe(code):
    return {0: "passed", SKIPPED: "skipped"}.get(code, f"FAILED (exit code {code})")


if __name__ == "__main__":
    sys.exit(main())
