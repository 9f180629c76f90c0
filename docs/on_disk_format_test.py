#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""on_disk_format_test.py --build_dir=DIR: holds docs/on-disk-format.md to what it says.

Every command in the page is run, on a directory that a broker of this build wrote: those in ```sh
blocks beside the running broker and after it has stopped, those in ```sh stopped blocks when it
has stopped. The lines of ```output blocks must occur in what the commands before them print. And
every kind of key in engine/format.h must be in the page.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "on-disk-format.md"
sys.path.insert(0, str(ROOT / "compat-tests"))
from harness.broker_process import BrokerProcess  # noqa: E402

BUILD_DIR = ROOT / "build"
COMMAND_SECONDS = 60
RECORDS = b"k1:v1\nk2:v2\nk3:v3\n"
# What a tool prints when it has failed and exits with 0.
COMPLAINTS = re.compile(r"^(Failed|Error|Corruption|IO error|Invalid)", re.MULTILINE)

# What the page calls key spaces of another name in the code.
SPACES = {"Partition": "fact"}


def blocks():
    """(info string, lines) of each fenced block of the page."""
    found = re.findall(r"^```(.*?)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [(info.strip(), text.splitlines()) for info, text in found]


def commands(info_wanted):
    return [line for info, lines in blocks() if info == info_wanted for line in lines]


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.produced = 0
        cls.scratch = tempfile.TemporaryDirectory()
        cls.data_dir = pathlib.Path(cls.scratch.name) / "data"
        cls.broker = BrokerProcess([str(BUILD_DIR / "bin" / "gneiss")], cls.data_dir,
                                   pathlib.Path(cls.scratch.name) / "broker.log")

    @classmethod
    def tearDownClass(cls):
        if cls.broker.running:
            cls.broker.kill()
        cls.scratch.cleanup()

    def produce(self, topic="orders"):
        type(self).produced += topic == "orders"
        subprocess.run(["kcat", "-q", "-b", self.broker.bootstrap, "-P", "-t", topic, "-p", "0",
                        "-K:"], input=RECORDS, check=True, timeout=COMMAND_SECONDS)

    def produce_and_stop(self):
        self.broker.start()
        self.produce()
        self.assertEqual(self.broker.stop(), 0)

    def store_of(self, family):
        """How many stores there are depends on the machine."""
        for store in sorted(self.data_dir.glob("store-*")):
            listed = subprocess.run(["ldb", f"--db={store}", "list_column_families"],
                                    capture_output=True, text=True, check=False).stdout
            if family in re.findall(r"[\w-]+", listed):
                return store
        self.fail(f"no store has {family}")

    def newest(self, pattern):
        """A file of the store that has something in it."""
        files = [file for file in self.store_of("orders-0").glob(pattern)
                 if file.stat().st_size > 0]
        self.assertTrue(files, f"no {pattern} in the store")
        return str(max(files))

    def orders_sst(self):
        """The youngest."""
        for file in sorted(self.store_of("orders-0").glob("*.sst"), reverse=True):
            shown = subprocess.run(["sst_dump", f"--file={file}", "--show_properties"],
                                   capture_output=True, text=True, check=False).stdout
            if "column family name: orders-0" in shown:
                return str(file)
        self.fail("orders-0 has no SST")

    def fill_in(self, command):
        for pattern, file in ((r"DATA_DIR/store-00/\d+\.sst", self.orders_sst),
                              (r"DATA_DIR/store-00/\d+\.log", lambda: self.newest("*.log"))):
            if re.search(pattern, command):
                command = re.sub(pattern, file(), command)
        command = command.replace("DATA_DIR/store-00", str(self.store_of("orders-0")))
        command = command.replace("DATA_DIR", str(self.data_dir))
        command = command.replace("build/", f"{BUILD_DIR}/")
        return re.sub(r"CHECKPOINT_\d+", lambda name: f"{self.scratch.name}/{name.group(0)}",
                      command)

    def run_command(self, command):
        command = self.fill_in(command)
        words = command.split()
        environment = dict(os.environ)
        while "=" in words[0]:
            name, value = words.pop(0).split("=", 1)
            environment[name] = value
        done = subprocess.run(words, capture_output=True, text=True, errors="replace",
                              env=environment, timeout=COMMAND_SECONDS, check=False)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")
        self.assertIsNone(COMPLAINTS.search(done.stdout + done.stderr),
                          f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def read_with(self, command):
        printed = self.run_command(command)
        self.assertTrue(printed, f"{command} prints nothing")
        return printed

    def check_reading(self):
        printed = ""
        for info, lines in blocks():
            if info == "sh":
                printed = "".join(self.read_with(command) for command in lines)
            elif info == "output":
                for line in lines:
                    pattern = ".*".join(re.escape(part) for part in line.split("*"))
                    self.assertRegex(printed, re.compile(f"^{pattern}$", re.MULTILINE))

    def test_every_command_works(self):
        self.assertGreater(len(commands("sh")), 10)
        self.produce_and_stop()
        # A first file of the partition; the broker makes one in its own time.
        self.run_command("build/bin/gneiss-ldb --db=DATA_DIR/store-00 --column_family=orders-0 "
                         "compact")
        self.broker.start()
        self.produce()
        self.produce("young")  # no OPTIONS file knows it
        with self.subTest("beside a running broker"):
            self.check_reading()
            store = self.store_of("young-0")
            self.read_with(f"ldb --db={store} --column_family=young-0 --hex scan")
        self.produce()  # it was not disturbed
        self.assertEqual(self.broker.stop(), 0)
        with self.subTest("stopped"):
            self.check_reading()
            for command in commands("sh stopped"):
                self.produce_and_stop()
                self.run_command(command)
            self.check_collector()
        self.broker.start()
        read = subprocess.run(["kcat", "-q", "-b", self.broker.bootstrap, "-C", "-t", "orders",
                               "-e", "-K:"], capture_output=True, timeout=COMMAND_SECONDS,
                              check=True).stdout
        self.assertEqual(read, RECORDS * self.produced)
        self.assertEqual(self.broker.stop(), 0)
        self.check_newer_format()

    def check_newer_format(self):
        """What a newer build wrote may be read and not changed."""
        (self.data_dir / "FORMAT").write_text("gneiss data directory, format 999\n")
        for command in commands("sh"):
            if "gneiss-" in command and "dump_wal" not in command:  # there may be none by now
                self.read_with(command)
        compact = self.fill_in("build/bin/gneiss-ldb --db=DATA_DIR/store-00 "
                               "--column_family=orders-0 compact").split()
        refused = subprocess.run(compact, capture_output=True, text=True,
                                 timeout=COMMAND_SECONDS, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("format 999", refused.stderr)

    def check_collector(self):
        """What stock ldb wrote last, with the plugin preloaded, has our properties."""
        shown = self.run_command("sst_dump --file=DATA_DIR/store-00/000012.sst --show_properties")
        self.assertIn("gneiss.BatchProperties", shown)
        self.assertIn("# gneiss.min.offset", shown)


class Kinds(unittest.TestCase):
    def test_every_name_of_ours_is_in_the_page(self):
        page = PAGE.read_text()
        for header, pattern in (("format.h", r'k\w+(?:File|Directory|Family)\[\] = "(.*)"'),
                                ("batch_properties.h", r'k\w+\[\] = "(.*)"')):
            names = re.findall(pattern, (ROOT / "engine" / header).read_text())
            self.assertGreater(len(names), 3)
            for name in names:
                self.assertTrue(name in page, f"{name} is not in the page")

    def test_every_kind_of_key_is_in_the_page(self):
        header = (ROOT / "engine" / "format.h").read_text()
        page = PAGE.read_text()
        enums = dict(re.findall(r"enum class (\w+) : std::uint8_t \{(.*?)\};", header, re.DOTALL))
        for kind, number in re.findall(r"k(\w+) = (\d+)", enums["FactKind"]):
            name = re.sub(r"(?<!^)([A-Z])", r" \1", kind).lower()
            self.assertTrue(f"| {number} {name} |" in page, f"kind {number}, {name}")
        for space in ("KeySpace", "MetadataSpace"):
            for kind, number in re.findall(r"k(\w+) = (\d+)", enums[space]):
                name = SPACES.get(kind, re.sub(r"(?<!^)([A-Z])", r" \1", kind).lower())
                row = re.search(rf"(:=|\|) 0x{int(number):02x} .* an? {name}\b", page)
                self.assertTrue(row, f"{space} {kind}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build_dir", type=pathlib.Path, default=BUILD_DIR)
    arguments, rest = parser.parse_known_args()
    BUILD_DIR = arguments.build_dir
    unittest.main(argv=[sys.argv[0]] + rest, verbosity=2)
