# SPDX-License-Identifier: Apache-2.0
"""Compares two documents of lines "path TAB value", and knows which differences are meant."""

import fnmatch

ABSENT = "<absent>"


def read(path):
    """The document as a dictionary from path to value."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)


class Allowed:
    """The differences that are meant, from a file: a reason (lines with #), then patterns of paths.

    Lines after a reason belong to it until the next reason. A pattern is "document:path", where a *
    stands for anything.
    """

    def __init__(self, path):
        self._seen = {}
        self._unexplained = []
        reason = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                reason = line
            elif line.strip():
                if reason is None:
                    raise ValueError(f"{path}: {line} has no reason")
                self._seen[line] = 0

    def compare(self, name, gneiss, kafka):
        for path in sorted(gneiss.keys() | kafka.keys()):
            ours, theirs = gneiss.get(path, ABSENT), kafka.get(path, ABSENT)
            if ours != theirs and not self._explain(f"{name}:{path}"):
                self._unexplained.append(f"{name}:{path}\n    gneiss {ours}\n    kafka  {theirs}")

    @property
    def failed(self):
        return bool(self._unexplained)

    def report(self, names):
        lines = [f"{sum(self._seen.values())} differences are meant, "
                 f"{len(self._unexplained)} are not", *self._unexplained]
        lines += [f"is no difference any more: {pattern}" for pattern in self._unused(names)]
        return "\n".join(lines)

    def _unused(self, names):
        return [pattern for pattern, seen in self._seen.items()
                if seen == 0 and pattern.split(":", 1)[0] in names]

    def _explain(self, path):
        for pattern in self._seen:
            # Brackets stand for themselves: paths have them.
            if fnmatch.fnmatchcase(path, pattern.replace("[", "[[]")):
                self._seen[pattern] += 1
                return True
        return False
