#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_layering.py ROOT: every #include of ours must follow an allowed edge between layers.

Changing the table below needs a note in docs/decisions.
"""
import pathlib
import re
import sys

# layer -> the layers it may include besides itself
ALLOWED = {
    "protocol/base": set(),
    "protocol/wire": {"protocol/base"},
    "protocol/records": {"protocol/base", "protocol/wire"},
    "protocol/messages": {"protocol/base", "protocol/wire"},
    "protocol": {"protocol/base", "protocol/wire"},
    "protocol/gen": {"protocol/base", "protocol/wire", "protocol/messages", "protocol"},
    "protocol/fuzz": {"protocol/base", "protocol/wire", "protocol/messages", "protocol/records",
                      "protocol", "protocol/gen"},
    "engine": {"protocol/base", "protocol/records"},
    "server": {"protocol/base", "protocol/wire", "protocol/records", "protocol/messages",
               "protocol", "engine"},
}
FOREIGN = [  # (include prefix, the only layers that may use it)
    ("rocksdb/", {"engine"}),
    ("boost/asio", {"server"}),
    ("gflags/", {"server"}),
]
# compat-tests and bench are programs of their own.
CHECKED = ("protocol", "engine", "server")


def layer_of(path):
    best = max((layer for layer in ALLOWED if path == layer or path.startswith(layer + "/")),
               key=len, default=None)
    return best


def main():
    root = pathlib.Path(sys.argv[1])
    bad = []
    for top in CHECKED:
        for file in sorted(root.joinpath(top).rglob("*")):
            if file.suffix not in (".h", ".cc"):
                continue
            here = str(file.relative_to(root))
            layer = layer_of(here)
            for number, line in enumerate(file.read_text().splitlines(), 1):
                match = re.match(r'\s*#include\s+["<]([^">]+)[">]', line)
                if not match:
                    continue
                target = match.group(1)
                for prefix, layers in FOREIGN:
                    if target.startswith(prefix) and layer not in layers:
                        bad.append(f"{here}:{number}: {target} is not for {layer}")
                wanted = layer_of(target) if target.split("/")[0] in CHECKED else None
                if wanted and wanted != layer and wanted not in ALLOWED[layer]:
                    bad.append(f"{here}:{number}: {layer} may not include {target}")
    print("\n".join(bad) or "layering holds")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
