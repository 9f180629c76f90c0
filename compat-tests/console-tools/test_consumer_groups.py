# SPDX-License-Identifier: Apache-2.0
"""kafka-consumer-groups in every sub-command, and what kafka-groups says of the same groups."""

import datetime
import tempfile
import time
import unittest

from tools import CLASSIC, ToolCase, table


class GroupCase(ToolCase):
    """The words of these tests. Groups are of the classic protocol."""

    def groups(self, *arguments, expect=0):
        return self.run_tool("consumer-groups", *arguments, expect=expect)

    def describe(self, group, *arguments):
        rows = table(self.groups("--describe", "--group", group, *arguments))
        return [row for row in rows if row.get("GROUP") == group]

    def offset_rows(self, group):
        return {(row["TOPIC"], int(row["PARTITION"])): row for row in self.describe(group)}

    def offsets(self, group):
        """{(topic, partition): what is committed}."""
        return {where: row["CURRENT-OFFSET"] for where, row in self.offset_rows(group).items()}

    def make_group(self, topic, count, group=None):
        """A group that has consumed `count` records and left."""
        group = group or self.unique("group")
        self.consume(topic, count, "--group", group, *CLASSIC)
        return group

    def filled_topic(self, count=10):
        topic = self.create_topic()
        self.produce(topic, [str(i) for i in range(count)])
        return topic

    def start_member(self, topic, group):
        """A member in a process of its own, which has its assignment. Ends with the test."""
        member = self.start("console-consumer", "--topic", topic, "--group", group,
                            "--from-beginning", *CLASSIC)

        def end():
            member.terminate()
            member.wait()
            member.stdout.close()

        self.addCleanup(end)
        self.assertNotEqual(member.stdout.readline(), b"")
        return member


class ListTest(GroupCase):
    def test_groups_are_listed_by_state_and_type(self):
        topic = self.filled_topic()
        group = self.make_group(topic, 1)
        busy = self.unique("busy")
        self.start_member(topic, busy)
        self.assertLessEqual({group, busy}, set(self.groups("--list").splitlines()))

        def listed(*arguments):
            rows = {row["GROUP"]: row for row in table(self.groups("--list", *arguments))}
            return rows.get(group), rows.get(busy)

        empty, stable = listed("--state")
        self.assertEqual((empty["STATE"], stable["STATE"]), ("Empty", "Stable"))
        empty, stable = listed("--type")
        self.assertEqual((empty["TYPE"], stable["TYPE"]), ("Classic", "Classic"))
        empty, stable = listed("--state", "empty")
        self.assertEqual((empty["STATE"], stable), ("Empty", None))
        empty, stable = listed("--state", "Stable,Dead", "--type", "classic,consumer")
        self.assertEqual((empty, stable["TYPE"], stable["STATE"]), (None, "Classic", "Stable"))
        self.assertEqual(listed("--type", "consumer"), (None, None))

    def test_unknown_states_and_types_are_refused(self):
        for option in ["--state", "--type"]:
            self.groups("--list", option, "nonsense", expect=1)
            self.assertIn("list 'nonsense'. Valid", self.stderr)

    def test_groups_of_each_kind_are_listed_by_the_newer_tool(self):
        group = self.make_group(self.filled_topic(), 1)
        rows = {row["GROUP"]: row for row in table(self.run_tool("groups", "--list"))
                if "GROUP" in row}
        self.assertEqual((rows[group]["TYPE"], rows[group]["PROTOCOL"]), ("Classic", "consumer"))


class DescribeTest(GroupCase):
    def test_a_group_without_members(self):
        topic = self.filled_topic()
        group = self.make_group(topic, 6)
        row = self.offset_rows(group)[topic, 0]
        self.assertEqual((row["CURRENT-OFFSET"], row["LOG-END-OFFSET"], row["LAG"]),
                         ("6", "10", "4"))
        self.assertEqual((row["CONSUMER-ID"], row["HOST"], row["CLIENT-ID"]), ("-", "-", "-"))
        self.assertIn("has no active members", self.stderr)
        self.assertEqual(self.describe(group, "--offsets"), self.describe(group))
        self.assertEqual(self.describe(group, "--offsets", "--verbose")[0]["LEADER-EPOCH"], "-")
        self.assertEqual(self.describe(group, "--members"), [])
        self.assertEqual(self.describe(group, "--members", "--verbose"), [])
        # "host:port  (id)" is two fields under the first two heads.
        state = self.describe(group, "--state")[0]
        self.assertEqual(list(state.values())[2:], ["(1)", "-", "Empty", "0"])
        state = self.describe(group, "--state", "--verbose")[0]
        self.assertEqual(list(state.values())[2:], ["(1)", "-", "Empty", "-", "-", "0"])
        every = table(self.groups("--describe", "--all-groups", "--state"))
        self.assertIn(group, [row.get("GROUP") for row in every])

    def test_a_group_with_a_member(self):
        topic, group = self.create_topic(partitions=3), self.unique("busy")
        self.produce(topic, ["a"])
        self.start_member(topic, group)
        member = self.describe(group, "--members")[0]
        self.assertEqual((member["CLIENT-ID"], member["#PARTITIONS"]), ("console-consumer", "3"))
        self.assertTrue(member["CONSUMER-ID"].startswith("console-consumer-"), member)
        self.assertTrue(member["HOST"].startswith("/"), member)
        verbose = self.groups("--describe", "--group", group, "--members", "--verbose")
        self.assertIn(f"{topic}:0,1,2", verbose)
        self.assertEqual(list(self.describe(group, "--state")[0].values())[2:],
                         ["(1)", "range", "Stable", "1"])
        rows = self.offset_rows(group)
        self.assertEqual(sorted(rows), [(topic, i) for i in range(3)])
        self.assertEqual({row["CONSUMER-ID"] for row in rows.values()}, {member["CONSUMER-ID"]})

    def test_a_deleted_topic_and_its_offsets_are_gone(self):
        kept, deleted = self.filled_topic(), self.filled_topic()
        group = self.make_group(deleted, 3, self.make_group(kept, 2))
        self.assertEqual(self.offsets(group), {(kept, 0): "2", (deleted, 0): "3"})
        self.run_tool("topics", "--delete", "--topic", deleted)
        self.wait_until(lambda: self.offsets(group) == {(kept, 0): "2"}, "the offset to go")
        self.run_tool("topics", "--create", "--topic", deleted, "--partitions", "1")
        self.assertEqual(self.offsets(group), {(kept, 0): "2"})

    def test_an_unknown_group_is_reported(self):
        for what in ["--offsets", "--members", "--state"]:
            out = self.groups("--describe", "--group", self.unique("nobody"), what)
            self.assertIn("GroupIdNotFoundException", out + self.stderr)


class ResetOffsetsTest(GroupCase):
    def reset(self, group, *arguments, mode="--execute"):
        return self.groups("--reset-offsets", "--group", group, *arguments, mode)

    def test_each_way(self):
        topic = self.filled_topic()
        time.sleep(0.01)  # a millisecond that lies behind all records
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")[:23]
        group = self.make_group(topic, 2)
        for way, expected in [("--to-earliest", 0), ("--shift-by 4", 4), ("--to-offset 7", 7),
                              ("--shift-by -2", 5), ("--to-current", 5), ("--to-latest", 10),
                              ("--shift-by -99", 0), ("--shift-by 99", 10),
                              ("--to-datetime 2001-01-01T00:00:00.000", 0),
                              (f"--to-datetime {now}", 10), ("--by-duration P1D", 0),
                              ("--by-duration PT0S", 10), ("--to-offset 99", 10)]:
            with self.subTest(way=way):
                self.reset(group, "--topic", topic, *way.split())
                self.assertEqual(self.offsets(group), {(topic, 0): str(expected)})

    def test_a_dry_run_changes_nothing(self):
        topic = self.filled_topic()
        group = self.make_group(topic, 2)
        planned = table(self.reset(group, "--topic", topic, "--to-latest", mode="--dry-run"))
        self.assertEqual([(row["TOPIC"], row["PARTITION"], row["NEW-OFFSET"]) for row in planned],
                         [(topic, "0", "10")])
        self.assertEqual(self.offsets(group), {(topic, 0): "2"})

    def test_scopes(self):
        one, other = self.filled_topic(), self.filled_topic()
        group = self.make_group(other, 2, self.make_group(one, 2))
        self.reset(group, "--all-topics", "--to-latest")
        self.assertEqual(self.offsets(group), {(one, 0): "10", (other, 0): "10"})
        self.reset(group, "--topic", f"{one}:0", "--to-offset", "4")
        self.assertEqual(self.offsets(group), {(one, 0): "4", (other, 0): "10"})
        self.reset(group, "--topic", one, "--topic", other, "--shift-by", "-1")
        self.assertEqual(self.offsets(group), {(one, 0): "3", (other, 0): "9"})

    def test_what_was_exported_can_be_read_from_a_file(self):
        topic = self.filled_topic()
        group = self.make_group(topic, 6)
        exported = self.reset(group, "--topic", topic, "--to-current", "--export",
                              mode="--dry-run")
        self.assertEqual(exported.strip(), f"{topic},0,6")
        self.reset(group, "--topic", topic, "--to-latest")
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as plan:
            plan.write(exported.strip() + "\n")
            plan.flush()
            self.reset(group, "--from-file", plan.name)
        self.assertEqual(self.offsets(group), {(topic, 0): "6"})

    def test_a_group_comes_into_being(self):
        topic, group = self.filled_topic(), self.unique("new")
        self.reset(group, "--topic", topic, "--to-offset", "5")
        self.assertEqual(self.offsets(group), {(topic, 0): "5"})
        self.assertEqual(self.consume(topic, 1, "--group", group, *CLASSIC), ["5"])

    def test_mistakes_are_reported(self):
        topic = self.filled_topic()
        group = self.make_group(topic, 2)
        for scope in [self.unique("missing"), f"{topic}:7"]:
            out = self.reset(group, "--topic", scope, "--to-earliest")
            self.assertIn("UnknownTopicOrPartitionException", out + self.stderr)
        self.assertEqual(self.offsets(group), {(topic, 0): "2"})


class DeleteTest(GroupCase):
    def test_groups_are_deleted(self):
        topic = self.filled_topic()
        one, other = self.make_group(topic, 1), self.make_group(topic, 2)
        out = self.groups("--delete", "--group", one, "--group", other)
        self.assertIn("successful", out)
        left = self.groups("--list").splitlines()
        self.assertTrue(one not in left and other not in left, left)
        # The tool reports failed deletions, but does not fail itself.
        self.assertIn("GroupIdNotFoundException", self.groups("--delete", "--group", one))

    def test_offsets_of_topics_and_partitions_are_deleted(self):
        one, other = self.filled_topic(), self.filled_topic()
        group = self.make_group(other, 2, self.make_group(one, 2))
        missing = self.unique("missing")
        out = self.groups("--delete-offsets", "--group", group, "--topic", f"{one}:0",
                          "--topic", missing)
        status = {line.split()[0]: line for line in out.splitlines() if "compat-" in line}
        self.assertIn("Successful", status[one])
        self.assertIn("UnknownTopicOrPartitionException", status[missing])
        self.assertEqual(self.offsets(group), {(other, 0): "2"})
        self.assertIn("GroupIdNotFoundException", self.groups(
            "--delete-offsets", "--group", self.unique("nobody"), "--topic", one))

    def test_a_group_with_a_member_refuses(self):
        topic, group = self.filled_topic(), self.unique("busy")
        self.start_member(topic, group)
        out = self.groups("--reset-offsets", "--group", group, "--topic", topic, "--to-earliest",
                          "--execute")
        self.assertIn("Stable", out + self.stderr)
        self.assertIn("GroupNotEmptyException", self.groups("--delete", "--group", group))
        self.assertIn("GroupSubscribedToTopicException", self.groups(
            "--delete-offsets", "--group", group, "--topic", topic))


class ValidateRegexTest(GroupCase):
    def test_the_syntax_of_re2_is_checked(self):
        for pattern, verdict in [("a.*b", "is valid"), ("a(b", "is invalid: missing closing )")]:
            out = self.run_locally("consumer-groups", "--validate-regex", pattern)
            self.assertIn(f"`{pattern}` {verdict}", out)


if __name__ == "__main__":
    unittest.main()
