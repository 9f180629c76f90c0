# SPDX-License-Identifier: Apache-2.0
"""kcat at the command line: what goes in comes out, and mistakes are told."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

from harness.case import DEADLINE_SECONDS, CompatCase

# Separators that no test data contains.
FIELD, END = "\x1f", "\x1e"


class KcatCase(CompatCase):
    def kcat(self, *arguments, stdin=b"", expect=0):
        """Runs kcat to its end; returns what it wrote to stdout as bytes."""
        done = subprocess.run(["kcat", "-b", self.bootstrap, *arguments], input=stdin,
                              capture_output=True, timeout=DEADLINE_SECONDS, check=False)
        self.assertEqual(done.returncode, expect, done.stderr.decode(errors="replace"))
        self.stderr = done.stderr.decode(errors="replace")
        return done.stdout

    def produce(self, topic, lines, *arguments):
        self.kcat("-P", "-t", topic, "-p", "0", *arguments, stdin="\n".join(lines).encode())

    def consume(self, topic, *arguments, form="%s"):
        """The records of partition 0 up to its end, each in the format `form`."""
        output = self.kcat("-C", "-q", "-e", "-t", topic, "-p", "0", "-f", form + END, *arguments)
        return output.decode().split(END)[:-1]


class DataTest(KcatCase):
    def test_lines_come_back_in_order_with_every_codec(self):
        for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
            with self.subTest(codec=codec):
                topic = self.unique(codec)
                lines = [f"line {i} " + "x" * (i % 50) for i in range(500)]
                self.produce(topic, lines, "-z", codec)
                self.assertEqual(self.consume(topic), lines)

    def test_keys_offsets_and_partitions_are_shown(self):
        topic = self.unique("keys")
        self.produce(topic, ["k1:v1", "k2:v2", ":no key text"], "-K", ":")
        shown = self.consume(topic, form=FIELD.join(["%p", "%o", "%k", "%s"]))
        self.assertEqual([line.split(FIELD) for line in shown],
                         [["0", "0", "k1", "v1"], ["0", "1", "k2", "v2"],
                          ["0", "2", "", "no key text"]])

    def test_nulls_are_told_from_empty_text(self):
        topic = self.unique("nulls")
        self.produce(topic, ["k:", "k:v", ":v"], "-K", ":", "-Z")
        self.produce(topic, ["k:"], "-K", ":")
        # %K and %S are the lengths, -1 for null.
        self.assertEqual(self.consume(topic, form="%K,%S"), ["1,-1", "1,1", "-1,1", "1,0"])

    def test_headers_come_back(self):
        topic = self.unique("headers")
        self.produce(topic, ["v"], "-H", "first=1", "-H", "first=2", "-H", "empty=", "-H", "null")
        self.assertEqual(self.consume(topic, form="%h"), ["first=1,first=2,empty=,null=NULL"])

    def test_files_are_records_byte_for_byte(self):
        topic = self.unique("files")
        with tempfile.TemporaryDirectory() as folder:
            contents = [bytes(range(256)) * 10, os.urandom(700_000), b"\n\n\0\n"]
            paths = [str(pathlib.Path(folder, str(i))) for i in range(len(contents))]
            for path, content in zip(paths, contents):
                pathlib.Path(path).write_bytes(content)
            self.kcat("-P", "-t", topic, "-p", "0", *paths)
        for i, content in enumerate(contents):
            self.assertEqual(self.kcat("-C", "-q", "-t", topic, "-p", "0", "-o", str(i), "-c", "1",
                                       "-D", ""), content)

    def test_an_idempotent_producer_with_all_acks(self):
        topic, lines = self.unique("idempotent"), [str(i) for i in range(3000)]
        self.produce(topic, lines, "-X", "enable.idempotence=true", "-X", "batch.num.messages=50")
        self.assertEqual(self.consume(topic), lines)

    def test_records_carry_the_time_of_production(self):
        topic, before = self.unique("times"), int(time.time() * 1000)
        self.produce(topic, ["now"])
        self.assertTrue(before <= int(self.consume(topic, form="%T")[0]) <= time.time() * 1000)


class PositionTest(KcatCase):
    def test_each_way_to_name_a_start(self):
        topic = self.unique("starts")
        self.produce(topic, [str(i) for i in range(20)])
        for start, expected in [("beginning", range(20)), ("7", range(7, 20)),
                                ("-3", range(17, 20)), ("end", [])]:
            with self.subTest(start=start):
                self.assertEqual(self.consume(topic, "-o", start), [str(i) for i in expected])
        self.assertEqual(self.consume(topic, "-o", "5", "-c", "4"), ["5", "6", "7", "8"])

    def test_a_span_of_time(self):
        topic = self.unique("span")
        stamps = []
        for i in range(3):  # a new batch, and a new millisecond, each
            self.produce(topic, [f"{i}"])
            stamps.append(int(self.consume(topic, "-o", "-1", form="%T")[0]))
        span = ["-o", f"s@{stamps[1]}", "-o", f"e@{stamps[2]}"]
        self.assertEqual(self.consume(topic, *span), ["1"])
        query = self.kcat("-Q", "-t", f"{topic}:0:{stamps[2]}").decode()
        self.assertRegex(query, rf"{re.escape(topic)} \[0\] offset 2\b")

    def test_watermarks_by_query(self):
        topic = self.unique("query")
        self.produce(topic, ["a", "b"])
        for asked, offset in [(-2, 0), (-1, 2)]:
            answer = self.kcat("-Q", "-t", f"{topic}:0:{asked}").decode()
            self.assertRegex(answer, rf"\[0\] offset {offset}\b")


class MetadataTest(KcatCase):
    def test_a_new_topic_and_its_broker_are_listed(self):
        topic = self.unique("listed")
        self.produce(topic, ["x"])
        listed = json.loads(self.kcat("-L", "-J", "-t", topic))
        brokers = [broker["id"] for broker in listed["brokers"]]
        found = listed["topics"][0]
        self.assertEqual(found["topic"], topic)
        self.assertIn(found["partitions"][0]["leader"], brokers)
        if self.bootstrap.startswith("127.0.0.1:"):
            self.assertIn(self.bootstrap, [broker["name"] for broker in listed["brokers"]])

    def test_an_unknown_topic_ends_a_consumer_with_an_error(self):
        self.kcat("-C", "-e", "-t", self.unique("missing"), expect=1)
        self.assertIn("Unknown topic or partition", self.stderr)

    def test_a_record_above_the_brokers_limit_is_reported(self):
        topic = self.unique("large")
        self.kcat("-P", "-t", topic, "-p", "0", "-X", "message.max.bytes=20000000",
                  stdin=b"x" * 3_000_000, expect=1)
        self.assertIn("Message size too large", self.stderr)
        self.assertEqual(self.consume(topic), [])


class GroupTest(KcatCase):
    def start_member(self, group, topics, *arguments):
        """A kcat in `group`; its output and its rebalances go to files."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="kcat-"))
        with open(folder / "out", "wb") as out, open(folder / "err", "wb") as err:
            member = subprocess.Popen(
                ["kcat", "-b", self.bootstrap, "-u", "-X", "session.timeout.ms=6000",
                 "-X", "heartbeat.interval.ms=200", "-X", "auto.offset.reset=earliest",
                 "-f", "%t %p %o\n", *arguments, "-G", group, *topics], stdout=out, stderr=err)
        member.folder = folder

        def clean_up():
            if member.poll() is None:
                member.kill()
            member.wait()
            for name in ["out", "err"]:
                (folder / name).unlink()
            folder.rmdir()
        self.addCleanup(clean_up)
        return member

    @staticmethod
    def assigned(member):
        """The topics of which the member's last rebalance left it a partition."""
        lines = re.findall(r"rebalanced \(memberid [^)]*\): (assigned|revoked):? ?(.*)",
                           (member.folder / "err").read_text(errors="replace"))
        if not lines or lines[-1][0] == "revoked":
            return set()
        return set(re.findall(r"(\S+) \[\d+\]", lines[-1][1]))

    @staticmethod
    def received(member):
        return (member.folder / "out").read_text().splitlines()

    def test_the_survivor_of_a_kill_9_takes_all_over(self):
        group = self.unique("group")
        topics = {self.unique(f"crowd-{i}") for i in range(4)}
        for topic in topics:
            self.produce(topic, ["before"])
        # Round robin spreads the topics' only partitions over the members.
        strategy = ["-X", "partition.assignment.strategy=roundrobin"]
        members = [self.start_member(group, sorted(topics), *strategy) for _ in range(2)]
        self.wait_until(
            lambda: self.assigned(members[0]) and self.assigned(members[1])
            and self.assigned(members[0]) | self.assigned(members[1]) >= topics, "shared topics")
        survivor, victim = members
        lost = self.assigned(victim)
        victim.kill()
        self.wait_until(lambda: self.assigned(survivor) >= topics, "the survivor to own all")
        for topic in lost:
            self.produce(topic, ["after"])
        self.wait_until(lambda: {f"{topic} 0 1" for topic in lost} <= set(self.received(survivor)),
                        "what was produced after the crash")

    def test_a_group_continues_where_the_last_kcat_stopped(self):
        topic, group = self.unique("continued"), self.unique("group")
        self.produce(topic, [str(i) for i in range(10)])
        read = ["-q", "-e", "-X", "auto.offset.reset=earliest", "-f", "%s ", "-G", group, topic]
        self.assertEqual(self.kcat("-c", "4", *read), b"0 1 2 3 ")
        self.assertEqual(self.kcat(*read), b"4 5 6 7 8 9 ")


if __name__ == "__main__":
    unittest.main()
