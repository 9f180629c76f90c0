# SPDX-License-Identifier: Apache-2.0
"""Runs Kafka's command line tools on one broker and writes what they printed."""

import collections
import contextlib
import os
import pathlib
import re
import selectors
import subprocess
import sys
import time
import zipfile

from harness import packages

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "console-tools"))

from tools import TOOLS, ToolRunner, java_command  # noqa: E402  (the path has to be set first)
from tool_steps import STEPS  # noqa: E402

UNTIL_SECONDS = 15

EXCLUDED = {
    "AclCommand": "security", "DelegationTokenCommand": "security",
    "OAuthCompatibilityTool": "security, and no broker",
    "TransactionsCommand": "transactions", "TransactionalMessageCopier": "transactions",
    "ShareGroupCommand": "share groups", "ConsoleShareConsumer": "share groups",
    "ShareConsumerPerformance": "share groups", "VerifiableShareConsumer": "share groups",
    "StreamsGroupCommand": "streams groups", "StreamsResetter": "streams groups",
    "DumpLogSegments": "reads Kafka's files", "StorageTool": "formats Kafka's directories",
    "JmxTool": "asks a JVM", "ConnectPluginPath": "Connect's, without a broker",
    "LogCompactionTester": "Kafka's own test", "ClientCompatibilityTest": "Kafka's own test",
    "TestRaftServer": "Kafka's own test", "Kafka": "the broker", "KafkaConfig": "the broker",
    "KafkaDockerWrapper": "the broker",
}

# What differs from run to run, or is worded by the broker. In this order.
NORMAL = [(re.compile(pattern), text) for pattern, text in [
    (r"127\.0\.0\.1( |:)\d+", r"127.0.0.1\1<port>"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"console-consumer-\d+", "console-consumer-<n>"),
    (r"(?<![\w.-])(?!A{15})(?=[\w-]*[A-Z0-9])[\w-]{22}(?![\w.(-])", "<id>"),
    (r"\b1[6-9]\d{11}\b", "<time>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,:]\d+)?Z?", "<time>"),
    (r"\d+ ms ago", "<n> ms ago"),
    (r"Epoch: \d+$", "Epoch: <n>"),
    (r"(Exception|Error): .*", r"\1: <message>"),
    (r"(Error while executing [\w ]+ command) : .*", r"\1: <message>"),
    (r"^(Can ?not \w+ \S+ to \S+|Can ?not \w+ \S+\.) .*", r"\1 <message>"),
    (r'"size":[1-9]\d*', '"size":<bytes>'),
    (r'"avg_throughput":[\d.]+', '"avg_throughput":<n>'),
    (r"((HighWatermark|LeaderEpoch|MaxFollowerLag\w*):)\s+\d+", r"\1 <n>"),
    (r"^(1\s+A{22})\s+\d+", r"\1 <n>"),
]]
# Figures of speed and time.
MEASURED = {"producer-perf-test", "consumer-perf-test", "e2e-latency"}
NUMBER = re.compile(r"\d+(\.\d+)?")
# Stack traces and what loggers print.
NOISE = re.compile(r"\s+at [\w.$/]+\(|\s+\.\.\. \d+ more|\[[\w |-]+\] (ERROR|WARN|INFO) |"
                   r"ToolRunner\$Exited")
# Kafka keeps the replicas of a directory in no order.
REPLICA = re.compile(r'\{"partition":[^}]*\},?')


def check_completeness(work_dir):
    """Every tool with a main method is run or excluded by name; raises otherwise."""
    run = {TOOLS[step.tool].rsplit(".", 1)[1] for step in STEPS}
    archives = packages.classpath(work_dir, HERE.parent / "kafka" / "pom.xml").split(os.pathsep)
    found = set()
    for archive in archives:
        if re.search(r"/(kafka-tools|kafka_2\.13)-[\d.]+\.jar$", archive):
            found |= _mains(archive)
    missing, gone = found - run - EXCLUDED.keys(), (run | EXCLUDED.keys()) - found
    if missing or gone:
        raise RuntimeError(f"tools neither run nor excluded: {missing}; tools that are not: {gone}")


def _mains(archive):
    with zipfile.ZipFile(archive) as jar:
        return {pathlib.PurePath(name).stem for name in jar.namelist()
                if name.endswith(".class") and "$" not in name
                and {b"main", b"([Ljava/lang/String;)V"} <= set(_texts(jar.read(name)))}


def _texts(content):
    """The words of a class file's constants, as far as the names of methods are concerned."""
    return re.findall(rb"\x01\x00.([\w()\[/;<>$]+)", content, re.DOTALL)


class ToolsProgram:
    """All steps on one broker, in order. Threads: one."""

    def __init__(self, bootstrap, folder, directories):
        self._bootstrap = bootstrap
        self._folder = folder
        self._directories = directories
        self._lines = {}

    def run(self):
        """Writes the document tools.txt to the folder."""
        with contextlib.closing(ToolRunner()) as runner, contextlib.ExitStack() as beside:
            for step in STEPS:
                self._run(step, runner, beside)
        (self._folder / "tools.txt").write_text(
            "".join(f"{path}\t{value}\n" for path, value in sorted(self._lines.items())),
            encoding="utf-8")

    def _run(self, step, runner, beside):
        arguments = [self._fill(word, step) for word in step.arguments]
        if step.runs_on:
            beside.enter_context(_running(step, arguments))
            return
        deadline = time.monotonic() + UNTIL_SECONDS
        while True:
            code, out, err = self._outcome(step, arguments, runner)
            if re.search(step.until, out, re.DOTALL) or time.monotonic() > deadline:
                break
        path = f"{step.tool}/{step.title}"
        self._lines[f"{path}/exit"] = str(code)
        self._add(path + "/out", out, step)
        self._add(path + "/err", err, step)

    def _outcome(self, step, arguments, runner):
        if step.lines:
            with _running(step, arguments) as process:
                return 0, "".join(_read_line(process) for _ in range(step.lines)), ""
        if step.alone:
            ended = subprocess.run(java_command() + [TOOLS[step.tool], *arguments],
                                   capture_output=True, text=True, timeout=60, check=False)
            return ended.returncode, ended.stdout, ended.stderr
        return runner.run(step.tool, arguments, step.stdin.encode())

    def _fill(self, word, step):
        if word == "FILE":
            path = self._folder / "step.txt"
            path.write_text(step.file, encoding="utf-8")
            return str(path)
        return word.replace("BROKER", self._bootstrap)

    def _add(self, path, text, step):
        """Each line with how often it was printed, or with its number where order matters."""
        lines = [self._normal(line, step) for line in text.splitlines()
                 if line.strip() and not NOISE.match(line)]
        lines += [part.rstrip(",") for line in lines for part in REPLICA.findall(line)]
        lines = [REPLICA.sub("", line) if line.startswith('{"brokers"') else line
                 for line in lines]
        if step.ordered:
            self._lines.update((f"{path}/{at}", line) for at, line in enumerate(lines))
        else:
            self._lines.update((f"{path}/{line}", str(count))
                               for line, count in collections.Counter(lines).items())

    def _normal(self, line, step):
        for directory in self._directories:
            for path in (f"{directory}/log", str(directory)):  # Kafka's logs are in a folder of it
                line = line.replace(path, "<directory>")
        line = line.replace(str(self._folder), "<folder>")
        for pattern, text in NORMAL:
            line = pattern.sub(text, line)
        if step.tool in MEASURED:
            line = NUMBER.sub("<n>", line)
        return re.sub(r"\s+", " ", line).strip()


@contextlib.contextmanager
def _running(step, arguments):
    process = subprocess.Popen(java_command() + [TOOLS[step.tool], *arguments],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _read_line(process):
    """The next line, or "" when there is none for UNTIL_SECONDS."""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        line = b""
        while not line.endswith(b"\n"):
            if not selector.select(UNTIL_SECONDS):
                break
            byte = os.read(process.stdout.fileno(), 1)
            if not byte:
                break
            line += byte
    return line.decode()
