# SPDX-License-Identifier: Apache-2.0
"""kafka-python's command line: an administrator's day."""

import json
import pathlib
import subprocess
import sys

from harness.case import DEADLINE_SECONDS
from tools_case import ToolsCase

COMMAND = pathlib.Path(sys.executable).parent / "kafka-python"


class CommandLineTest(ToolsCase):
    def admin(self, *arguments):
        """Runs one command and returns its answer."""
        done = subprocess.run(
            [COMMAND, "admin", "-b", self.bootstrap, "-l", "CRITICAL",
             "--format", "json", *arguments],
            capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def new_topic(self, partitions=1):
        topic = self.unique("cli")
        self.admin("topics", "create", "-t", topic, "--num-partitions", str(partitions),
                   "--replication-factor", "1")
        return topic

    def test_the_cluster_is_described(self):
        cluster = self.admin("cluster", "describe")
        self.assertEqual(len(cluster["brokers"]), 1)
        self.assertEqual(cluster["controller_id"], cluster["brokers"][0]["broker_id"])
        quorum = json.dumps(self.admin("cluster", "describe-quorum"))
        self.assertIn("leader_id", quorum)

    def test_topics_are_made_described_and_deleted(self):
        topic = self.new_topic(partitions=3)
        self.assertIn(topic, self.admin("topics", "list"))
        described = self.admin("topics", "describe", "-t", topic)[0]
        self.assertEqual([p["partition_index"] for p in described["partitions"]], [0, 1, 2])
        self.admin("topics", "delete", "-t", topic)
        self.assertNotIn(topic, self.admin("topics", "list"))

    def test_groups_are_listed_with_their_lag(self):
        topic, group = self.new_topic(), self.unique("group")
        self.fill(topic, 10)
        self.commit(group, topic, 4)
        listed = [g for g in self.admin("groups", "list") if g["group_id"] == group]
        self.assertEqual([g["group_state"] for g in listed], ["Empty"])
        offsets = self.admin("groups", "list-offsets", "-g", group)[topic]["0"]
        self.assertEqual((offsets["offset"], offsets["latest_offset"], offsets["lag"]), (4, 10, 6))
        self.admin("groups", "delete", "-g", group)
        self.assertNotIn(group, [g["group_id"] for g in self.admin("groups", "list")])
