# SPDX-License-Identifier: Apache-2.0
"""Reads everything back and compares it with what was acknowledged."""

import collections
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from load import parse, payload

READ_SECONDS = 60


def read_partitions(bootstrap, topic, partitions):
    """Every message of the topic up to its ends: partition -> list of (offset, value)."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "verify", "enable.auto.commit": False,
        "enable.partition.eof": True, "fetch.wait.max.ms": 50, "auto.offset.reset": "error"})
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)])
    found, ended = collections.defaultdict(list), set()
    deadline = time.monotonic() + READ_SECONDS
    while len(ended) < partitions:
        if time.monotonic() > deadline:
            raise AssertionError(f"only partitions {sorted(ended)} read in {READ_SECONDS} s")
        for message in consumer.consume(5000, 0.2):
            if message.error() is None:
                found[message.partition()].append((message.offset(), message.value()))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
            else:
                raise KafkaException(message.error())
    consumer.close()
    return found


def check_partition(partition, messages, writers):
    """Returns what is wrong with the contents of one partition, as sentences."""
    wrong = []
    offsets = [offset for offset, _ in messages]
    if offsets != list(range(len(messages))):
        gap = next(i for i, offset in enumerate(offsets) if offset != i)
        wrong.append(f"partition {partition}: offset {offsets[gap]} where {gap} should be")
    stored = collections.defaultdict(list)  # writer -> [(sequence, offset)] in log order
    for offset, value in messages:
        name, sent_to, sequence = parse(value)
        if sent_to != partition or value != payload(name, sent_to, sequence):
            wrong.append(f"partition {partition}: offset {offset} holds other bytes than were sent")
        stored[name].append((sequence, offset))
    for writer in writers:
        wrong += check_writer(partition, stored[writer.name], writer)
    return wrong


def check_writer(partition, stored, writer):
    """`stored` is what the log of `partition` holds of this writer: [(sequence, offset)]."""
    where, wrong = f"partition {partition}, {writer.name}", []
    sequences = [sequence for sequence, _ in stored]
    for before, after in zip(sequences, sequences[1:]):
        if after <= before:
            kind = "twice" if after == before else "out of order"
            wrong.append(f"{where}: {after} stored {kind} (behind {before})")
    found = dict(stored)
    lost = sorted(set(writer.acknowledged[partition]) - set(found))
    if lost:
        wrong.append(f"{where}: {len(lost)} acknowledged records are lost, the first is {lost[0]}")
    for sequence, offset in writer.acknowledged[partition].items():
        # A retried batch may be acknowledged as a duplicate without an offset.
        if offset >= 0 and found.get(sequence, offset) != offset:
            wrong.append(f"{where}: {sequence} was acknowledged at {offset}, "
                         f"stored at {found[sequence]}")
    if writer.idempotent and sequences != list(range(writer.sent[partition])):
        wrong.append(f"{where}: {len(sequences)} records stored, {writer.sent[partition]} sent")
    return wrong
