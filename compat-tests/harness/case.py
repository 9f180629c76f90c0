# SPDX-License-Identifier: Apache-2.0
"""The base of the suites that are written in Python's unittest."""

import os
import time
import unittest
import uuid

# How long anything may take before a test gives up. Generous: it is only spent by failures.
DEADLINE_SECONDS = 45


class CompatCase(unittest.TestCase):
    """Names are unique per run, so that a suite may be repeated against a broker that keeps data."""

    bootstrap = os.environ.get("BOOTSTRAP", "")
    maxDiff = 2000

    def unique(self, stem):
        return f"compat-{stem}-{uuid.uuid4().hex[:10]}"

    def wait_until(self, condition, what, seconds=DEADLINE_SECONDS):
        """Polls `condition` until it returns something true, and returns that."""
        deadline = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                self.fail(f"gave up after {seconds} s waiting for {what}; last seen: {found!r}")
            time.sleep(0.05)
