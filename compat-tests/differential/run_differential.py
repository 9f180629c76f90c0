# SPDX-License-Identifier: Apache-2.0
"""The same calls to Gneiss and to the real Kafka, and what they answered side by side.

    run.sh                 everything
    run.sh admin           the Java admin client only
    run.sh tools           the command line tools only

Both brokers start empty with the same settings. A difference has to stand in differences.txt with
its reason; what stands there and is none any more is named at the end.
"""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading

import comparison
import tools_run
from harness import packages
from harness.broker_process import BrokerProcess

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM_SECONDS = 300

# What a combined node has to be told either way, told to both, so that both describe it as set.
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "offsets.topic.num.partitions": "3",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.consumer.heartbeat.interval.ms": "200",
    "group.consumer.min.heartbeat.interval.ms": "100",
    # Settings that stand in for others, see log.retention.ms.
    "log.retention.hours": "48",
    "log.retention.minutes": "1440",
    "log.roll.hours": "24",
}


class Side:
    """One broker, and the document of what it answered."""

    def __init__(self, name, command, folder, directories):
        self.name = name
        self.folder = folder
        self.directories = [folder / name for name in directories]
        settings = [f"--set={key}={value}" for key, value in SETTINGS.items()]
        self.broker = BrokerProcess([*command, *settings], ",".join(map(str, self.directories)),
                                    folder / "broker.log")
        self.failure = None

    def run(self, program):
        """Starts the broker, runs the program on it, stops the broker."""
        try:
            self.folder.mkdir(parents=True)
            self.broker.start()
            program(self)
            if (code := self.broker.stop()) != 0:
                self.failure = f"the broker stopped with exit code {code}"
        except (RuntimeError, OSError, EOFError, subprocess.SubprocessError) as error:
            self.failure = f"{error}\n{self.broker.log_tail()}"
        finally:
            if self.broker.running:
                self.broker.kill()


def admin_program(work_dir):
    """Compiles the Java program and returns what runs it on a side."""
    archives = packages.classpath(work_dir, HERE.parent / "kafka" / "pom.xml")
    classes = pathlib.Path(work_dir, "differential-classes")
    sources = map(str, sorted((HERE / "java").rglob("*.java")))
    subprocess.run(["javac", "-nowarn", "-Xlint:-deprecation,-removal", "-proc:none", "-cp",
                    archives, "-d", str(classes), *sources], check=True)

    def run(side):
        # Kafka's logs are in a folder of these, see ../kafka/run_kafka.py.
        placeholders = [text for at, directory in enumerate(side.directories, 1)
                        for text in (f"{directory}/log", f"<directory {at}>",
                                     str(directory), f"<directory {at}>")]
        ended = subprocess.run(
            ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
             "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-cp",
             f"{classes}{os.pathsep}{archives}", "differential.Main", side.broker.bootstrap,
             str(side.folder / "admin.txt"), side.broker.bootstrap, "<host:port>", *placeholders],
            check=False, timeout=PROGRAM_SECONDS)
        if ended.returncode != 0:
            raise RuntimeError(f"the calls ended with exit code {ended.returncode}")
    return run


def tools_program(work_dir):
    """Returns what runs the command line tools on a side."""
    tools_run.check_completeness(work_dir)
    return lambda side: tools_run.ToolsProgram(
        side.broker.bootstrap, side.folder, side.directories).run()


# Replicas move between directories through the admin client only.
DIRECTORIES = {"admin": ["first", "second"], "tools": ["only"]}
PROGRAMS = {"admin": admin_program, "tools": tools_program}


def commands(work_dir):
    kafka = [sys.executable, str(HERE.parent / "kafka" / "run_kafka.py"), f"--work_dir={work_dir}"]
    broker = shlex.split(os.environ["COMPAT_BROKER"])
    return {"gneiss": broker, "kafka": kafka}


def run_program(name, folder, work_dir):
    """Runs one program on both sides at once, and returns the two documents."""
    program = PROGRAMS[name](work_dir)
    sides = [Side(broker, command, folder / name / broker, DIRECTORIES[name])
             for broker, command in commands(work_dir).items()]
    threads = [threading.Thread(target=side.run, args=(program,)) for side in sides]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for side in sides:
        if side.failure:
            sys.exit(f"{name} on {side.name}: {side.failure}\nsee {side.folder}")
    return [comparison.read(side.folder / f"{name}.txt") for side in sides]


def main():
    chosen = sys.argv[1:] or list(PROGRAMS)
    work_dir = os.environ["COMPAT_WORK_DIR"]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="differential-", dir=work_dir))
    allowed = comparison.Allowed(HERE / "differences.txt")
    for name in chosen:
        gneiss, kafka = run_program(name, folder, work_dir)
        print(f"{name}: {len(kafka)} answers of Kafka compared")
        allowed.compare(name, gneiss, kafka)
    print(allowed.report(chosen))
    if allowed.failed:
        print(f"the documents are in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
