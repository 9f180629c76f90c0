#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""protocol_support.py GNEISS [--check]: puts the table that the broker prints of itself into
docs/protocol-support.md; with --check only says whether it is there (exit 1 if not)."""

import pathlib
import subprocess
import sys

DOC = pathlib.Path(__file__).with_name("protocol-support.md")
BEGIN = "<!-- begin: gneiss --print_api_table -->\n"
END = "<!-- end -->\n"


def main():
    table = subprocess.run([sys.argv[1], "--print_api_table"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    text = DOC.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END, 1)[1]
    wanted = head + BEGIN + table + END + tail
    if "--check" in sys.argv:
        if text != wanted:
            print("docs/protocol-support.md is stale: run `make docs`")
            return 1
        print("docs/protocol-support.md is what the code serves")
        return 0
    DOC.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
