# SPDX-License-Identifier: Apache-2.0
"""Kafka's command line tools, run in one JVM by ToolRunner.java."""

import atexit
import os
import pathlib
import struct
import subprocess

from harness import packages
from harness.case import CompatCase

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = {
    "topics": "org.apache.kafka.tools.TopicCommand",
    "configs": "kafka.admin.ConfigCommand",
    "console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "groups": "org.apache.kafka.tools.GroupsCommand",
    "get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "features": "org.apache.kafka.tools.FeatureCommand",
    "metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "cluster": "org.apache.kafka.tools.ClusterTool",
    "client-metrics": "org.apache.kafka.tools.ClientMetricsCommand",
    "producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "consumer-perf-test": "org.apache.kafka.tools.ConsumerPerformance",
    "e2e-latency": "org.apache.kafka.tools.EndToEndLatency",
    "replica-verification": "org.apache.kafka.tools.ReplicaVerificationTool",
    "acls": "org.apache.kafka.tools.AclCommand",
    "verifiable-producer": "org.apache.kafka.tools.VerifiableProducer",
    "verifiable-consumer": "org.apache.kafka.tools.VerifiableConsumer",
}


def java_command():
    """The JVM with Kafka's tools on its class path."""
    archives = packages.classpath(os.environ["COMPAT_WORK_DIR"], HERE.parent / "kafka" / "pom.xml")
    return ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", archives]


CLASSIC = ["--command-property", "group.protocol=classic"]


def table(text):
    """The rows of a tool's table as dictionaries; several tables may follow one another."""
    rows, heads = [], None
    for line in text.splitlines():
        fields = line.split()
        if not fields:
            heads = None
        elif heads is None:
            heads = fields
        else:
            rows.append(dict(zip(heads, fields)))
    return rows


class ToolRunner:
    """The JVM that runs the tools, one at a time. Threads: one."""

    def __init__(self):
        self._jvm = subprocess.Popen(java_command() + [str(HERE / "ToolRunner.java")],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, tool, arguments, stdin):
        """Returns (exit code, standard output, standard error)."""
        strings = [text.encode() for text in [TOOLS[tool], *arguments]]
        request = struct.pack(">i", len(strings))
        for text in [*strings, stdin]:
            request += struct.pack(">i", len(text)) + text
        self._jvm.stdin.write(request)
        self._jvm.stdin.flush()
        code, = struct.unpack(">i", self._read(4))
        return code, self._read_text(), self._read_text()

    def close(self):
        self._jvm.stdin.close()
        self._jvm.wait(30)
        self._jvm.stdout.close()

    def _read(self, size):
        data = self._jvm.stdout.read(size)
        if len(data) != size:
            raise EOFError("the JVM of the tools has ended")
        return data

    def _read_text(self):
        size, = struct.unpack(">i", self._read(4))
        return self._read(size).decode()


class ToolCase(CompatCase):
    """Runs tools against the broker under test. The JVM is shared by all test classes."""

    runner = None

    def run_tool(self, tool, *arguments, stdin=b"", expect=0, command=()):
        """Runs a tool to its end and returns its standard output; stderr goes to self.stderr.

        `command` is what has to stand before the address of the broker.
        """
        return self.run_locally(tool, *command, "--bootstrap-server", self.bootstrap, *arguments,
                                stdin=stdin, expect=expect)

    def run_locally(self, tool, *arguments, stdin=b"", expect=0):
        """The same without a broker."""
        if ToolCase.runner is None:
            ToolCase.runner = ToolRunner()
            atexit.register(ToolCase.runner.close)
        code, out, self.stderr = ToolCase.runner.run(tool, arguments, stdin)
        self.assertEqual(code, expect, f"{tool} {arguments}: {out}\n{self.stderr}")
        return out

    def start(self, tool, *arguments):
        """A tool in a JVM of its own, for those that are to run on, or to end with their JVM."""
        return subprocess.Popen(
            java_command() + [TOOLS[tool], "--bootstrap-server", self.bootstrap, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def run_alone(self, tool, *arguments):
        """Runs a tool to its end in a JVM of its own and returns its standard output."""
        with self.start(tool, *arguments) as process:
            out = process.communicate(timeout=60)[0].decode()
            self.assertEqual(process.returncode, 0, out)
            return out

    def create_topic(self, stem="tool", partitions=1, configs=()):
        name = self.unique(stem)
        settings = [part for config in configs for part in ("--config", config)]
        self.run_tool("topics", "--create", "--topic", name, "--partitions", str(partitions),
                      "--replication-factor", "1", *settings)
        return name

    def produce(self, topic, lines, *arguments):
        self.run_tool("console-producer", "--topic", topic, *arguments,
                      stdin="".join(line + "\n" for line in lines).encode())

    def consume(self, topic, count, *arguments, start=("--from-beginning",)):
        out = self.run_tool("console-consumer", "--topic", topic, "--max-messages", str(count),
                            "--timeout-ms", "30000", *start, *arguments)
        return out.splitlines()
