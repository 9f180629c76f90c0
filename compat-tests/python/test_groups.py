# SPDX-License-Identifier: Apache-2.0
"""Both group protocols: membership, assignment, committed offsets."""

import collections
import unittest

from clients import ClientCase, KafkaError, KafkaException, Member, TopicPartition, numbered
from confluent_kafka import OFFSET_INVALID, ConsumerGroupType


PROTOCOLS = {"classic": ConsumerGroupType.CLASSIC, "consumer": ConsumerGroupType.CONSUMER}


class GroupsTest(ClientCase):
    def wait_for_share(self, members, sizes, partitions):
        """Waits until `members` own all `partitions`, none twice, in portions of `sizes`."""
        def settled():
            owned = [member.partitions() for member in members]
            together = [p for portion in owned for p in portion]
            return (sorted(map(len, owned)) == sorted(sizes)
                    and sorted(together) == sorted(partitions)) and owned
        return self.wait_until(settled, f"portions of {sizes}")

    def type_of(self, group):
        listed = self.admin.list_consumer_groups().result(30).valid
        return next(one.type for one in listed if one.group_id == group)

    def fill(self, topic, partitions, count, stem="value"):
        for partition in range(partitions):
            self.produce(topic, numbered(count, f"{stem}-{partition}"), partition)

    def assert_each_once(self, members, expected):
        """All members together got the `expected` values, each once."""
        def arrived():
            return sum(len(member.records()) for member in members) >= expected
        self.wait_until(arrived, f"{expected} records")
        seen = collections.Counter((m.topic(), m.partition(), m.offset())
                                   for member in members for m in member.records())
        self.assertEqual(len(seen), expected)
        self.assertEqual(set(seen.values()), {1})

    def test_members_share_partitions_as_they_come_and_go(self):
        for protocol, strategy in [("classic", "range"), ("classic", "roundrobin"),
                                   ("classic", "cooperative-sticky"), ("consumer", "uniform"),
                                   ("consumer", "range")]:
            with self.subTest(protocol=protocol, strategy=strategy):
                topic, group = self.create_topic(strategy, partitions=6), self.unique("group")
                partitions = [(topic, p) for p in range(6)]
                how = {"group_protocol": protocol, "strategy": strategy}
                members = [Member(self, group, [topic], **how)]
                self.wait_for_share(members, [6], partitions)
                members.append(Member(self, group, [topic], **how))
                self.wait_for_share(members, [3, 3], partitions)
                members.append(Member(self, group, [topic], **how))
                self.wait_for_share(members, [2, 2, 2], partitions)
                self.assertEqual(self.type_of(group), PROTOCOLS[protocol])
                self.fill(topic, 6, 50)
                self.assert_each_once(members, 300)
                members[0].close()
                self.wait_for_share(members[1:], [3, 3], partitions)
                members[1].close()
                self.wait_for_share(members[2:], [6], partitions)

    def test_range_gives_neighbours_and_roundrobin_deals(self):
        topic = self.create_topic(partitions=4)
        partitions = [(topic, p) for p in range(4)]
        for strategy, expected in [("range", {frozenset({0, 1}), frozenset({2, 3})}),
                                   ("roundrobin", {frozenset({0, 2}), frozenset({1, 3})})]:
            group = self.unique(strategy)
            members = [Member(self, group, [topic], strategy=strategy) for _ in range(2)]
            owned = self.wait_for_share(members, [2, 2], partitions)
            self.assertEqual({frozenset(p for _, p in portion) for portion in owned}, expected)

    def test_a_cooperative_rebalance_leaves_kept_partitions_alone(self):
        topic, group = self.create_topic(partitions=4), self.unique("cooperative")
        partitions = [(topic, p) for p in range(4)]
        first = Member(self, group, [topic], strategy="cooperative-sticky")
        self.wait_for_share([first], [4], partitions)
        self.fill(topic, 4, 10)
        second = Member(self, group, [topic], strategy="cooperative-sticky")
        kept, _ = self.wait_for_share([first, second], [2, 2], partitions)
        self.fill(topic, 4, 10, "later")
        self.wait_until(lambda: len(first.records()) + len(second.records()) >= 80, "80 records")
        offsets = collections.defaultdict(list)
        for message in first.records():
            offsets[(message.topic(), message.partition())].append(message.offset())
        for partition in kept:  # read by one member from begin to end, without a step back
            self.assertEqual(offsets[partition], list(range(20)))

    def test_a_static_member_returns_to_its_partitions_without_a_rebalance(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol):
                topic, group = self.create_topic(partitions=4), self.unique("static")
                partitions = [(topic, p) for p in range(4)]
                how = {"group_protocol": protocol, "session_timeout_ms": 30_000}
                stays, leaves = [Member(self, group, [topic], group_instance_id=name, **how)
                                 for name in "ab"]
                owned, given_back = self.wait_for_share([stays, leaves], [2, 2], partitions)
                rebalances = stays.rebalances()
                leaves.close()
                returned = Member(self, group, [topic], group_instance_id="b", **how)
                self.wait_until(lambda: returned.partitions() == given_back, "the same partitions")
                self.assertEqual((stays.partitions(), stays.rebalances()), (owned, rebalances))

    def test_a_second_holder_of_an_instance_id_fences_the_first(self):
        topic, group = self.create_topic(), self.unique("fenced")
        first = self.consumer(group_id=group, group_instance_id="x", heartbeat_interval_ms=200,
                              session_timeout_ms=6000, group_protocol="classic")
        first.subscribe([topic])
        self.wait_until(lambda: first.poll(0.1) or first.assignment(), "an assignment")
        second = Member(self, group, [topic], group_instance_id="x")
        self.wait_until(second.partitions, "the second holder's assignment")

        def fenced():
            try:
                message = first.poll(0.2)
                error = message and message.error()
            except KafkaException as raised:
                error = raised.args[0]
            return error and error.code() in (KafkaError.FENCED_INSTANCE_ID, KafkaError._FATAL)
        self.wait_until(fenced, "the first holder's fatal error")

    def test_a_restarted_group_continues_where_it_committed(self):
        topic, group = self.create_topic(), self.unique("restart")
        self.produce(topic, numbered(30))
        first = self.consumer(group_id=group, auto_offset_reset="earliest")
        first.subscribe([topic])
        for i in range(10):
            message = self.wait_until(lambda: first.poll(0.2), "a record")
            self.assertEqual(message.offset(), i)
        first.commit(message, asynchronous=False)
        first.close()
        second = Member(self, group, [topic])
        self.wait_until(lambda: len(second.records()) >= 20, "the other 20 records")
        self.assertEqual([m.offset() for m in second.records()], list(range(10, 30)))

    def test_auto_commit_stores_the_position_on_close(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol):
                topic, group = self.create_topic(), self.unique("auto")
                self.produce(topic, numbered(12))
                member = Member(self, group, [topic], enable_auto_commit=True,
                                auto_commit_interval_ms=100_000, group_protocol=protocol)
                self.wait_until(lambda: len(member.records()) == 12, "12 records")
                member.close()
                reader = self.consumer(group_id=group)
                self.assertEqual(reader.committed([TopicPartition(topic, 0)], 30)[0].offset, 12)

    def test_commits_carry_their_metadata(self):
        topic, group = self.create_topic(partitions=3), self.unique("commits")
        consumer = self.consumer(group_id=group)
        sent = [TopicPartition(topic, 0, 7, "metadata \u00fc"), TopicPartition(topic, 1, 0),
                TopicPartition(topic, 2, 1 << 40, "far")]
        for done in consumer.commit(offsets=sent, asynchronous=False):
            self.assertIsNone(done.error)
        found = consumer.committed([TopicPartition(topic, p) for p in range(3)], 30)
        self.assertEqual([(p.offset, p.metadata or "") for p in found],
                         [(7, "metadata \u00fc"), (0, ""), (1 << 40, "far")])

    def test_offsets_that_were_never_committed_are_unknown(self):
        topic = self.create_topic()
        consumer = self.consumer(group_id=self.unique("nobody"))
        found = consumer.committed([TopicPartition(topic, 0), TopicPartition(topic, 99)], 30)
        self.assertEqual([p.offset for p in found], [OFFSET_INVALID, OFFSET_INVALID])

    def test_refused_commits(self):
        topic = self.create_topic()
        consumer = self.consumer(group_id=self.unique("refused"))
        for partition, metadata, code in [
                (0, "m" * 5000, KafkaError.OFFSET_METADATA_TOO_LARGE),
                (99, "", KafkaError.UNKNOWN_TOPIC_OR_PART)]:
            with self.assertRaises(KafkaException) as raised:
                done = consumer.commit(asynchronous=False, offsets=[
                    TopicPartition(topic, partition, 1, metadata)])
                raise KafkaException(done[0].error)
            self.assertEqual(raised.exception.args[0].code(), code)

    def test_a_pattern_subscription_finds_topics_that_are_made_later(self):
        stem = self.unique("pattern").replace(".", "-")
        topics = [f"{stem}-{i}" for i in range(2)]
        member = Member(self, self.unique("group"), [f"^{stem}-.*"],
                        topic_metadata_refresh_interval_ms=300)
        for i, topic in enumerate(topics):
            self.deliver(topic, numbered(5))
            self.wait_until(lambda: len(member.partitions()) == i + 1, f"{topic} to be found")
        self.assert_each_once([member], 10)


if __name__ == "__main__":
    unittest.main()
