# SPDX-License-Identifier: Apache-2.0
"""What log compaction leaves of transactions: the same log, cleaned by Apache Kafka and by Gneiss.

Random transactions are written to a real Kafka, whose coordinator ends them. What it stored, byte
for byte, is then compacted by it and by Gneiss's cleaner (clean_log), and every record and every
marker that is left has to be the same.
"""

import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

from clients import ClientCase, Record
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from harness.broker_process import BrokerProcess

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLEAN_LOG = pathlib.Path(os.environ["COMPAT_BUILD_DIR"], "tests", "clean_log")
SEED = int(os.environ.get("COMPACTION_SEED", random.randrange(1 << 32)))
CLEAN_SECONDS = 90
STEPS = 60
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
BATCH_OVERHEAD = 12  # base offset and length


class TransactionsTest(ClientCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="kafka-", dir=os.environ["COMPAT_WORK_DIR"])
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.kafka = BrokerProcess(
            [sys.executable, str(ROOT / "kafka" / "run_kafka.py"),
             f"--work_dir={os.environ['COMPAT_WORK_DIR']}", "--set=log.cleaner.backoff.ms=100"],
            pathlib.Path(cls.folder, "data"), pathlib.Path(cls.folder, "broker.log"))
        cls.kafka.start()
        cls.addClassCleanup(cls.kafka.stop)
        cls.bootstrap = cls.kafka.bootstrap
        cls.admin = AdminClient({"bootstrap.servers": cls.bootstrap})

    maxDiff = 10_000

    def setUp(self):
        print(f"COMPACTION_SEED={SEED}", flush=True)
        self.random = random.Random(SEED)

    def test_aborted_records_go_and_markers_stay_for_their_retention(self):
        self.compare(delete_retention_ms=86_400_000, leave_one_open=False)

    def test_markers_and_tombstones_go_after_it(self):
        self.compare(delete_retention_ms=0, leave_one_open=False)

    def test_nothing_is_cleaned_behind_an_open_transaction(self):
        self.compare(delete_retention_ms=86_400_000, leave_one_open=True)

    # ---- The words of these tests ----

    def compare(self, delete_retention_ms, leave_one_open):
        topic = self.create_topic("transactions", config={
            "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01",
            "delete.retention.ms": str(delete_retention_ms)})
        self.write(topic, leave_one_open)
        path = pathlib.Path(self.folder, topic)
        stored = fetch_all(self.kafka.port, topic)
        path.write_bytes(stored)
        end = end_of(stored)
        before = clean_log("show", path, end)
        expected = clean_log("clean", path, end, delete_retention_ms)
        self.assertLess(len(expected), len(before))
        needed = without_spent_markers if delete_retention_ms == 0 else list
        self.assertEqual(needed(expected), expected, "Gneiss leaves no marker that nobody needs")
        self.set_policy(topic, "compact")

        left = []
        def kafka_has_cleaned():
            nonlocal left
            self.produce(topic, [Record(b"", f"filler-{self.random.random()}".encode())])
            path.write_bytes(fetch_all(self.kafka.port, topic))
            left = needed(clean_log("show", path, end))
            return left == expected
        try:
            self.wait_until(kafka_has_cleaned, "Kafka to leave the same", CLEAN_SECONDS)
        except AssertionError:
            self.assertEqual(left, expected)
            raise

    def write(self, topic, leave_one_open):
        producers = [self.transactional(n) for n in range(4)]
        open_ones = set()
        for step in range(STEPS):
            if leave_one_open and step == STEPS // 2:
                self.transact(topic, self.transactional(0))
            pick = self.random.choice(producers)
            if pick in open_ones and self.random.random() < 0.5:
                self.end(pick)
                open_ones.remove(pick)
            elif self.random.random() < 0.3:
                self.produce(topic, self.records(), compression_type=CODECS[step % len(CODECS)])
            else:
                self.transact(topic, pick, begun=pick in open_ones)
                open_ones.add(pick)
        for pick in open_ones:
            self.end(pick)

    def transactional(self, number):
        producer = Producer({
            "bootstrap.servers": self.bootstrap, "transactional.id": self.unique("writer"),
            "transaction.timeout.ms": 600_000, "linger.ms": 2,
            "compression.type": CODECS[number % len(CODECS)]})
        producer.init_transactions()
        return producer

    def transact(self, topic, producer, begun=False):
        if not begun:
            producer.begin_transaction()
        for record in self.records():
            producer.produce(topic, record.value, record.key, 0, headers=list(record.headers))
        self.assertEqual(producer.flush(30), 0)

    def end(self, producer):
        if self.random.random() < 0.5:
            producer.commit_transaction()
        else:
            producer.abort_transaction()

    def records(self):
        pick = self.random
        return [Record(None if pick.random() < 0.2 else pick.randbytes(pick.randrange(60)),
                       f"key-{pick.randrange(30)}".encode(),
                       (("h", b"v"),) * pick.randrange(2)) for _ in range(pick.randrange(1, 8))]

    def set_policy(self, topic, policy):
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[
            ConfigEntry("cleanup.policy", policy, incremental_operation=AlterConfigOpType.SET)])
        self.admin.incremental_alter_configs([resource])[resource].result(30)


def without_spent_markers(lines):
    """Kafka keeps the last batch of each producer, empty, and with it the marker behind it; Gneiss
    keeps what it has to know of producers elsewhere."""
    needed, writing = [], set()
    for line in lines:
        producer = line.split()[1]
        if line.endswith(("commit", "abort")):
            if producer not in writing:
                continue
            writing.remove(producer)
        else:
            writing.add(producer)
        needed.append(line)
    return needed


def clean_log(*arguments):
    run = subprocess.run([CLEAN_LOG, *map(str, arguments)], check=True, stdout=subprocess.PIPE,
                         env={**os.environ, "GLOG_minloglevel": "1"})
    return run.stdout.decode().splitlines()


def fetch_all(port, topic):
    """Every stored batch of partition 0, by Fetch v4, which hands out what is on disk."""
    stored, offset = b"", 0
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        while True:
            batches = fetch(connection, topic, offset)
            if not batches:
                return stored
            stored += batches
            offset = end_of(batches)


def fetch(connection, topic, offset):
    name = struct.pack(">h", len(topic)) + topic.encode()
    body = struct.pack(">hhih", 1, 4, 7, -1)
    body += struct.pack(">iiiib", -1, 0, 0, 1 << 24, 0)  # read_uncommitted
    body += struct.pack(">i", 1) + name + struct.pack(">iiqi", 1, 0, offset, 1 << 24)
    connection.sendall(struct.pack(">i", len(body)) + body)
    answer = connection.makefile("rb")
    answer = answer.read(struct.unpack(">i", answer.read(4))[0])
    at = 4 + 4 + 4 + len(name) + 4
    error, = struct.unpack_from(">h", answer, at + 4)
    assert error == 0, error
    aborted, = struct.unpack_from(">i", answer, at + 22)
    at += 26 + 16 * max(aborted, 0)
    size, = struct.unpack_from(">i", answer, at)
    return whole_batches(answer[at + 4:at + 4 + max(size, 0)])


def whole_batches(records):
    """Without the part of a batch that may stand at the end of a Fetch response."""
    at = 0
    while at + BATCH_OVERHEAD <= len(records):
        length, = struct.unpack_from(">i", records, at + 8)
        if at + BATCH_OVERHEAD + length > len(records):
            break
        at += BATCH_OVERHEAD + length
    return records[:at]


def end_of(batches):
    """The offset behind the last of these batches."""
    at = end = 0
    while at < len(batches):
        base, length = struct.unpack_from(">qi", batches, at)
        end = base + struct.unpack_from(">i", batches, at + 23)[0] + 1
        at += BATCH_OVERHEAD + length
    return end


if __name__ == "__main__":
    unittest.main()
