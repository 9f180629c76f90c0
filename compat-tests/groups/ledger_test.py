# SPDX-License-Identifier: Apache-2.0
"""The ledger finds what is wrong, and nothing else."""

import unittest

from ledger import check_owners, check_records, moves
from members import Event


class LedgerTest(unittest.TestCase):
    def test_a_partition_that_is_given_away_before_it_is_given_up_is_found(self):
        handed_over = [Event(1, "a", "assigned", (0, 1)), Event(2, "a", "revoked", (1,)),
                       Event(3, "b", "assigned", (1,))]
        self.assertEqual(check_owners(handed_over), [])
        self.assertEqual(len(check_owners([handed_over[0], handed_over[2]])), 1)

    def test_the_dead_and_the_sleeping_own_nothing(self):
        for end in ["killed", "paused", "lost"]:
            self.assertEqual(check_owners([Event(1, "a", "assigned", (0,)), Event(2, "a", end, (0,)),
                                           Event(3, "b", "assigned", (0,))]), [])

    def test_records_that_nobody_read_are_found(self):
        first, second = (Event(n, "a", "read", (0,), n, str(n)) for n in range(2))
        self.assertEqual(check_records([first, second], {0: 2}), [])
        self.assertEqual(len(check_records([first, second], {0: 3})), 1)
        self.assertEqual(len(check_records([second], {0: 2})), 1)

    def test_a_reader_that_passes_records_over_is_found_though_another_reads_them(self):
        def read(when, member, offset):
            return Event(when, member, "read", (0,), offset, str(offset))
        jump = [read(1, "a", 0), read(2, "a", 2), read(3, "b", 1)]
        self.assertEqual(len(check_records(jump, {0: 3})), 1)
        taken_over = [read(1, "a", 0), Event(2, "b", "assigned", (0,)), read(3, "b", 0),
                      read(4, "b", 1)]
        self.assertEqual(check_records(taken_over, {0: 2}), [])

    def test_the_first_assignment_is_no_move(self):
        events = [Event(1, "a", "assigned", (0, 1)), Event(2, "a", "revoked", (1,)),
                  Event(3, "b", "assigned", (1,))]
        self.assertEqual(moves(events), 1)


if __name__ == "__main__":
    unittest.main()
