# SPDX-License-Identifier: Apache-2.0
"""A broker under test as a child process: started on a port of its own choosing, stopped by pid."""

import os
import re
import selectors
import signal
import subprocess
import time

READY = re.compile(r"^ready listeners=[A-Z_]+://(\S+):(\d+)")

# JVM brokers need a minute on a very busy machine; Gneiss needs milliseconds.
READY_SECONDS = 180
STOP_SECONDS = 30


class BrokerProcess:
    """One broker on one data directory; may be started again after stop() or kill().

    `command` is the program with its fixed flags. Every start adds --data_dir and --listeners. The
    port of the first start is kept for the later ones, so that clients find the broker again.
    Threads: one.
    """

    def __init__(self, command, data_dir, log_path):
        self._command = list(command)
        self._data_dir = data_dir
        self._log_path = log_path
        self._process = None
        self.port = 0

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def start(self):
        """Returns when the broker has said that everything is served; raises if it does not."""
        arguments = [f"--data_dir={self._data_dir}",
                     f"--listeners=PLAINTEXT://127.0.0.1:{self.port}"]
        with open(self._log_path, "ab") as log:
            self._process = subprocess.Popen(
                self._command + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log)
        match = READY.match(self._read_line())
        if match is None:
            self.kill()
            raise RuntimeError(f"the broker did not become ready:\n{self.log_tail()}")
        self.port = int(match.group(2))

    def stop(self):
        """Asks for a clean stop and returns the exit code (0 is expected)."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(
                f"the broker ignored SIGTERM for {STOP_SECONDS} s:\n{self.log_tail()}") from None
        self._process.stdout.close()
        return code

    def kill(self):
        """kill -9: what a crash looks like from outside."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def log_tail(self, bytes_max=8192):
        with open(self._log_path, "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - bytes_max))
            return log.read().decode(errors="replace")

    def _read_line(self):
        """The first line of stdout, or "" at end of file or after READY_SECONDS."""
        line = b""
        deadline = time.monotonic() + READY_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0, deadline - time.monotonic())):
                    return ""
                chunk = os.read(self._process.stdout.fileno(), 4096)
                if not chunk:
                    return ""
                line += chunk
        return line.decode()
