# SPDX-License-Identifier: Apache-2.0
"""What the events of a group must add up to."""

import collections


def check_owners(events):
    """Each partition has one owner at a time.

    A member owns what it was assigned until it gives it up, is killed, or falls asleep: whoever
    sleeps longer than a session is given up for dead, and hears of it when it wakes.
    """
    wrong, owners = [], {}
    for event in events:
        for partition in event.partitions:
            if event.kind == "assigned":
                owner = owners.get(partition)
                if owner not in (None, event.member):
                    wrong.append(f"partition {partition} is given to {event.member} at "
                                 f"{event.time} while {owner} has it")
                owners[partition] = event.member
            elif event.kind != "read" and owners.get(partition) == event.member:
                del owners[partition]
    return wrong


def check_records(events, written):
    """Every record was read, and nobody who reads a partition passes one over.

    `written` is partition -> number of records, whose values are their offsets.
    """
    wrong, read, last = [], collections.defaultdict(set), {}
    for event in events:
        if event.kind != "read":
            for partition in event.partitions:
                last.pop((event.member, partition), None)
            continue
        (partition,) = event.partitions
        if event.value != str(event.offset):
            wrong.append(f"partition {partition}: {event.value} at offset {event.offset}")
        before = last.get((event.member, partition))
        if before is not None and event.offset != before + 1:
            wrong.append(f"partition {partition}: {event.member} went from {before} to "
                         f"{event.offset}")
        last[event.member, partition] = event.offset
        read[partition].add(event.offset)
    for partition, count in written.items():
        missing = set(range(count)) - read[partition]
        if missing:
            wrong.append(f"partition {partition}: {len(missing)} of {count} records were skipped, "
                         f"the first {min(missing)}")
    return wrong


def moves(events):
    """How many partitions went from one member to another, or back to one that had lost it."""
    count, owners = 0, {}
    for event in events:
        for partition in event.partitions:
            if event.kind == "assigned":
                count += partition in owners
                owners[partition] = event.member
    return count
