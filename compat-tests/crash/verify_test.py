# SPDX-License-Identifier: Apache-2.0
"""The checker has to find each kind of damage, or a passing crash test would say nothing."""

import types
import unittest

from load import payload
from verify import check_partition


def writer(acknowledged, sent, idempotent=False):
    """What the checker looks at in a Writer, for partition 0."""
    return types.SimpleNamespace(name="w", idempotent=idempotent, sent=[sent],
                                 acknowledged={0: acknowledged})


def log(*sequences):
    """A partition that holds these sequences of writer w, at offsets from 0."""
    return [(offset, payload("w", 0, sequence)) for offset, sequence in enumerate(sequences)]


class VerifyTest(unittest.TestCase):
    def assert_found(self, expected, messages, *writers):
        self.assertRegex("\n".join(check_partition(0, messages, writers)), expected)

    def test_a_complete_log_is_accepted(self):
        self.assertEqual(check_partition(0, log(0, 1, 2), [writer({0: 0, 1: 1, 2: 2}, 3)]), [])

    def test_records_that_were_never_acknowledged_may_be_missing(self):
        self.assertEqual(check_partition(0, log(0, 2), [writer({0: 0, 2: 1}, 3)]), [])
        self.assert_found("2 records stored, 3 sent", log(0, 2), writer({0: 0, 2: 1}, 3, True))

    def test_a_lost_record_is_found(self):
        self.assert_found("1 acknowledged records are lost, the first is 1", log(0, 2),
                          writer({0: 0, 1: 1, 2: -1}, 3))

    def test_a_record_stored_twice_is_found(self):
        self.assert_found("1 stored twice", log(0, 1, 1), writer({0: 0, 1: 2}, 2))
        self.assert_found("0 stored out of order", log(0, 1, 0), writer({0: 0, 1: 1}, 2))

    def test_a_record_at_another_offset_than_was_told_is_found(self):
        self.assert_found("1 was acknowledged at 7, stored at 1", log(0, 1), writer({1: 7}, 2))

    def test_a_gap_in_the_offsets_is_found(self):
        messages = [log(0)[0], (2, payload("w", 0, 1))]
        self.assert_found("offset 2 where 1 should be", messages, writer({}, 2))

    def test_changed_bytes_are_found(self):
        messages = [(0, payload("w", 0, 0) + b"!")]
        self.assert_found("holds other bytes", messages, writer({}, 1))


if __name__ == "__main__":
    unittest.main()
