# SPDX-License-Identifier: Apache-2.0
"""Groups seen from outside: listed, described, their offsets read and changed, deleted."""

import unittest

from clients import ClientCase, KafkaError, Member, TopicPartition, numbered
from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions

SECONDS = 30


class GroupAdminTest(ClientCase):
    def describe(self, group):
        return self.admin.describe_consumer_groups([group])[group].result(SECONDS)

    def listed(self, group, **options):
        found = self.admin.list_consumer_groups(**options).result(SECONDS)
        self.assertEqual(found.errors, [])
        return [g for g in found.valid if g.group_id == group]

    def offsets(self, group, partitions=None):
        request = ConsumerGroupTopicPartitions(group, partitions)
        future = self.admin.list_consumer_group_offsets([request])[group]
        return {(p.topic, p.partition): p.offset
                for p in future.result(SECONDS).topic_partitions}

    def alter(self, group, *partitions):
        request = ConsumerGroupTopicPartitions(group, list(partitions))
        return self.admin.alter_consumer_group_offsets([request])[group]

    def delete(self, group):
        return self.admin.delete_consumer_groups([group])[group]

    def committed_group(self, topic, offset=5):
        group = self.unique("group")
        self.consumer(group_id=group).commit(
            offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)
        return group

    def test_a_stable_group_shows_its_members_and_their_partitions(self):
        topic, group = self.create_topic(partitions=4), self.unique("stable")
        members = [Member(self, group, [topic], client_id=f"client-{i}") for i in range(2)]
        self.wait_until(lambda: [len(m.partitions()) for m in members] == [2, 2], "two portions")
        described = self.wait_until(lambda: (d := self.describe(group)).state ==
                                    ConsumerGroupState.STABLE and d, "a stable group")
        self.assertEqual((described.group_id, described.partition_assignor), (group, "range"))
        self.assertEqual({m.client_id for m in described.members}, {"client-0", "client-1"})
        shown = {m.client_id: {(p.topic, p.partition) for p in m.assignment.topic_partitions}
                 for m in described.members}
        self.assertEqual(shown, {f"client-{i}": members[i].partitions() for i in range(2)})
        self.assertEqual(self.listed(group)[0].state, ConsumerGroupState.STABLE)
        self.assertEqual(self.listed(group, states={ConsumerGroupState.EMPTY}), [])
        members[0].close()
        members[1].close()
        self.wait_until(lambda: self.describe(group).state == ConsumerGroupState.EMPTY,
                        "an empty group")

    def test_an_unknown_group_is_described_as_dead_or_not_found(self):
        future = self.admin.describe_consumer_groups([name := self.unique("nobody")])[name]
        error = future.exception(SECONDS)
        if error is None:
            self.assertEqual(future.result().state, ConsumerGroupState.DEAD)
        else:
            self.assertEqual(error.args[0].code(), KafkaError.GROUP_ID_NOT_FOUND)

    def test_offsets_of_a_group_are_listed_and_altered(self):
        topic = self.create_topic(partitions=3)
        group = self.committed_group(topic)
        self.assertEqual(self.offsets(group), {(topic, 0): 5})
        self.alter(group, TopicPartition(topic, 0, 2), TopicPartition(topic, 2, 9)).result(SECONDS)
        self.assertEqual(self.offsets(group), {(topic, 0): 2, (topic, 2): 9})
        asked = [TopicPartition(topic, 1), TopicPartition(topic, 2)]
        self.assertEqual(self.offsets(group, asked), {(topic, 1): -1001, (topic, 2): 9})

    def test_offsets_of_a_group_with_members_cannot_be_altered(self):
        topic, group = self.create_topic(), self.unique("busy")
        member = Member(self, group, [topic])
        self.wait_until(member.partitions, "an assignment")
        altered = self.alter(group, TopicPartition(topic, 0, 3)).result(SECONDS)
        self.assertEqual([p.error.code() for p in altered.topic_partitions],
                         [KafkaError.UNKNOWN_MEMBER_ID])

    def test_groups_are_deleted_only_when_nobody_is_in_them(self):
        topic, group = self.create_topic(), self.unique("deleted")
        self.produce(topic, numbered(3))
        member = Member(self, group, [topic])
        self.wait_until(lambda: len(member.records()) == 3, "the records")
        self.assert_fails(KafkaError.NON_EMPTY_GROUP, self.delete(group))
        member.close()
        self.assertEqual(self.offsets(group), {(topic, 0): 3})
        self.delete(group).result(SECONDS)
        self.assertEqual(self.listed(group), [])
        self.assertEqual(self.offsets(group), {})
        self.assert_fails(KafkaError.GROUP_ID_NOT_FOUND, self.delete(group))

    def test_deleting_a_topic_deletes_its_committed_offsets(self):
        gone, kept = self.create_topic(), self.create_topic()
        group = self.committed_group(gone)
        self.alter(group, TopicPartition(kept, 0, 1)).result(SECONDS)
        self.admin.delete_topics([gone])[gone].result(SECONDS)
        self.wait_until(lambda: self.offsets(group) == {(kept, 0): 1}, "only the kept topic")


if __name__ == "__main__":
    unittest.main()
