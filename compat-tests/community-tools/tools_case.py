# SPDX-License-Identifier: Apache-2.0
"""What the tests of tools begin with: a topic with records and a group that has read some of them."""

import confluent_kafka

from harness.case import DEADLINE_SECONDS, CompatCase


class ToolsCase(CompatCase):
    def fill(self, topic, records):
        """Produces `records` records to partition 0."""
        producer = confluent_kafka.Producer({"bootstrap.servers": self.bootstrap})
        for i in range(records):
            producer.produce(topic, key=str(i), value=f"value {i}", partition=0)
        self.assertEqual(producer.flush(DEADLINE_SECONDS), 0)

    def commit(self, group, topic, offset):
        """Commits an offset of partition 0 for a group without members."""
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.bootstrap,
                                             "group.id": group, "enable.auto.commit": False})
        try:
            consumer.commit(offsets=[confluent_kafka.TopicPartition(topic, 0, offset)],
                            asynchronous=False)
        finally:
            consumer.close()
