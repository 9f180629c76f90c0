# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load, many times; then everything acknowledged has to be there, once, in order.

COMPAT_SEED repeats the moments of an earlier run, COMPAT_KILLS changes how often the broker dies.
"""

import os
import pathlib
import random
import shlex
import shutil
import sys
import tempfile
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from harness.broker_process import BrokerProcess
from load import RECONNECT, Committer, Writer
from verify import check_partition, read_partitions

TOPIC = "crash"
GROUP = "crash-group"
PARTITIONS = 4
KILLS = int(os.environ.get("COMPAT_KILLS", "25"))
PROGRESS_SECONDS = 60


class CrashRun:
    """One run: a broker, its writers, and what the run has found wrong so far. Threads: one."""

    def __init__(self, broker, chance):
        self._broker = broker
        self._chance = chance
        self._topics = []
        self.wrong = []

    def run(self):
        self._broker.start()
        self._create_topic(TOPIC, PARTITIONS)
        writers = [
            Writer("exact", self._broker.bootstrap, TOPIC, PARTITIONS, True, "none"),
            Writer("packed", self._broker.bootstrap, TOPIC, PARTITIONS, True, "lz4"),
            Writer("plain", self._broker.bootstrap, TOPIC, PARTITIONS, False, "none")]
        committer = Committer(GROUP, self._broker.bootstrap, TOPIC, PARTITIONS)
        everyone = [*writers, committer]
        for part in everyone:
            part.start()
        try:
            for life in range(KILLS):
                self._one_life(life, writers, committer)
            self._wait_for_progress(writers)
        finally:
            unanswered = [part.stop() for part in everyone]
        self._check_end(writers, unanswered)
        self._restart_in_order()
        self._check_log(writers)
        self._check_commits(committer.acknowledged())
        if not committer.acknowledged():
            self.wrong.append(f"no commit was ever acknowledged: {committer.last_error}")

    def _one_life(self, life, writers, committer):
        """Load, a kill at a random moment, a restart on the same data, and a first look."""
        self._wait_for_progress(writers)
        if life % 5 == 0:
            self._create_topic(f"{TOPIC}-{life}", 1)
        time.sleep(self._chance.uniform(0, 0.8))  # the moment of the crash, not a synchronisation
        self._broker.kill()
        committed = committer.acknowledged()
        self._broker.start()
        self._check_commits(committed)

    def _wait_for_progress(self, writers):
        """Until every writer has had further records acknowledged since now."""
        before = [writer.acknowledged_count() for writer in writers]
        deadline = time.monotonic() + PROGRESS_SECONDS
        while any(w.acknowledged_count() <= b for w, b in zip(writers, before)):
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"no progress in {PROGRESS_SECONDS} s: "
                    f"{[(w.name, w.acknowledged_count(), w.fatal) for w in writers]}")
            time.sleep(0.01)

    def _create_topic(self, name, partitions):
        admin = AdminClient({"bootstrap.servers": self._broker.bootstrap, **RECONNECT})
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(30)
        self._topics.append(name)

    def _restart_in_order(self):
        code = self._broker.stop()
        if code != 0:
            self.wrong.append(f"the clean stop gave exit code {code}")
        self._broker.start()

    def _check_end(self, writers, unanswered):
        if any(unanswered):
            self.wrong.append(f"records never answered: {unanswered}")
        for writer in writers:
            if writer.fatal is not None or (writer.idempotent and writer.failed):
                self.wrong.append(f"{writer.name}: {writer.failed} failed, fatal: {writer.fatal}")
            print(f"{writer.name}: {sum(writer.sent)} sent, {writer.acknowledged_count()} "
                  f"acknowledged, {writer.failed} refused")

    def _check_log(self, writers):
        admin = AdminClient({"bootstrap.servers": self._broker.bootstrap})
        known = admin.list_topics(timeout=30).topics
        self.wrong += [f"topic {name} is lost" for name in self._topics if name not in known]
        found = read_partitions(self._broker.bootstrap, TOPIC, PARTITIONS)
        for partition in range(PARTITIONS):
            self.wrong += check_partition(partition, found[partition], writers)
        print(f"{sum(map(len, found.values()))} records read back")

    def _check_commits(self, acknowledged):
        """What a commit was acknowledged for is what the broker remembers, or something newer."""
        for partition, offset in self._committed().items():
            if acknowledged and offset < acknowledged:
                self.wrong.append(f"partition {partition}: commit {acknowledged} was "
                                  f"acknowledged, {offset} is known")

    def _committed(self):
        """partition -> committed offset, once the restarted broker coordinates the group again."""
        consumer = Consumer({"bootstrap.servers": self._broker.bootstrap, "group.id": GROUP,
                             **RECONNECT})
        partitions = [TopicPartition(TOPIC, p) for p in range(PARTITIONS)]
        deadline = time.monotonic() + PROGRESS_SECONDS
        while True:
            try:
                found = consumer.committed(partitions, 30)
                consumer.close()
                return {p.partition: p.offset for p in found}
            except KafkaException:  # still loading, or not yet a coordinator
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def main():
    seed = int(os.environ.get("COMPAT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"crash: {KILLS} kills, COMPAT_SEED={seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="crash-", dir=os.environ["COMPAT_WORK_DIR"]))
    broker = BrokerProcess(shlex.split(os.environ["COMPAT_BROKER"]), folder / "data",
                           folder / "broker.log")
    run = CrashRun(broker, random.Random(seed))
    try:
        run.run()
    except (AssertionError, RuntimeError, KafkaException) as error:
        run.wrong.append(repr(error))
    finally:
        if broker.running:
            broker.kill()
    if not run.wrong:
        shutil.rmtree(folder)
        return 0
    print(f"FAILED with COMPAT_SEED={seed}; data is in {folder}")
    print("\n".join(run.wrong[:50]))
    print(f"end of the broker's log:\n{broker.log_tail()}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
