# SPDX-License-Identifier: Apache-2.0
"""kaskade, a console for Kafka: what its screens show, through its own keys, without a terminal."""

import logging
import time
import unittest

from kaskade.admin import KaskadeAdmin
from textual.widgets import DataTable, Input

from harness.case import DEADLINE_SECONDS
from tools_case import ToolsCase

LIST = "#topics-table"

# unittest turns on asyncio's debug mode, which tells of each slow step on a busy machine.
logging.getLogger("asyncio").setLevel(logging.ERROR)


class ConsoleTest(ToolsCase, unittest.IsolatedAsyncioTestCase):
    def rows(self, app, table):
        """The rows of a table of the present screen, as texts; none while it is not there."""
        found = app.screen.query(table)
        if not found:
            return []
        shown = found.first(DataTable)
        return [[str(cell) for cell in shown.get_row_at(i)] for i in range(shown.row_count)]

    async def shown(self, pilot, condition, what):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"kaskade does not show {what}")
            await pilot.pause(0.1)

    async def listed(self, pilot, topic, column, value):
        """Waits until the list says so of the topic; offsets come after the names."""
        def condition():
            return any(row[0] == topic and row[column].lstrip("≈") == value
                       for row in self.rows(pilot.app, LIST))
        await self.shown(pilot, condition, f"{value} for {topic}")

    async def test_a_topic_is_made_listed_and_described(self):
        topic, group = self.unique("console"), self.unique("group")
        self.fill(self.unique("first"), 1)  # the list takes keys when there is something in it
        app = KaskadeAdmin({"bootstrap.servers": self.bootstrap})
        async with app.run_test(size=(180, 50)) as pilot:
            await self.shown(pilot, lambda: self.rows(app, LIST), "its list")
            app.query_one(LIST).focus()
            await pilot.press("n")
            await self.shown(pilot, lambda: len(app.screen.query(Input)) > 0, "the form")
            app.screen.query_one("#name", Input).value = topic
            await pilot.press("f2")
            await self.listed(pilot, topic, 1, "1")

            self.fill(topic, 10)
            self.commit(group, topic, 4)
            await pilot.press("ctrl+r")
            await self.listed(pilot, topic, 6, "10")
            await self.listed(pilot, topic, 7, "6")

            table = app.query_one(LIST, DataTable)
            table.focus()
            names = [row[0] for row in self.rows(app, LIST)]
            table.move_cursor(row=names.index(topic))
            await pilot.press("d")
            await self.shown(pilot, lambda: self.rows(app, "#groups-table"), "the topic's groups")
            partition = self.rows(app, "#partitions-table")[0]
            self.assertEqual(partition[2:5], ["0", "10", "10"])
            configs = dict(self.rows(app, "#configurations-table"))
            self.assertEqual(configs["cleanup.policy"], "delete")
            self.assertEqual(self.rows(app, "#groups-table")[0][0], group)
