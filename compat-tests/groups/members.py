# SPDX-License-Identifier: Apache-2.0
"""Group members in processes of their own, and the record of what they have said."""

import dataclasses
import os
import signal
import subprocess
import threading
import time


@dataclasses.dataclass(frozen=True)
class Event:
    """What a member has said of itself (member.py), or what was done to it: killed, paused."""

    time: int  # nanoseconds, of one clock for all
    member: str
    kind: str
    partitions: tuple
    offset: int = -1   # of a read record
    value: str = ""


class History:
    """The events of one group, in the order in which they were heard. Threads: any."""

    def __init__(self):
        self._lock = threading.Lock()
        self._events = []

    def add(self, event):
        with self._lock:
            self._events.append(event)

    def events(self):
        """In the order of time."""
        with self._lock:
            return sorted(self._events, key=lambda event: event.time)

    def mark(self):
        with self._lock:
            return len(self._events)


class Member:
    """One process. Threads: the test's; what it says is read on a thread of its own."""

    def __init__(self, name, command, history):
        self.name = name
        self._history = history
        self._owned = set()
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         text=True)
        self._reader = threading.Thread(target=self._listen, name=name)
        self._reader.start()

    def owned(self):
        """The partitions that it has said it has."""
        return set(self._owned)

    def leave(self):
        """Returns when it has left and ended; the exit code tells whether it did so in order."""
        self._process.terminate()
        return self._end()

    def kill(self):
        self._note("killed")
        self._process.kill()
        self._end()

    def pause(self):
        self._note("paused")
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self._process.pid, signal.SIGCONT)

    @property
    def running(self):
        return self._process.poll() is None

    def _end(self):
        code = self._process.wait(60)
        self._reader.join()
        self._process.stdout.close()
        return code

    def _note(self, kind):
        self._history.add(Event(time.monotonic_ns(), self.name, kind, tuple(sorted(self._owned))))

    def _listen(self):
        for line in self._process.stdout:
            if not line.endswith("\n"):
                return  # killed in the middle of a word
            kind, when, *rest = line.split()
            if kind == "read":
                self._history.add(Event(int(when), self.name, kind, (int(rest[0]),), int(rest[1]),
                                        rest[2]))
                continue
            partitions = tuple(map(int, rest[0].split(","))) if rest else ()
            self._owned = (self._owned | set(partitions) if kind == "assigned"
                           else self._owned - set(partitions))
            self._history.add(Event(int(when), self.name, kind, partitions))
