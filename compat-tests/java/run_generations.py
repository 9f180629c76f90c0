# SPDX-License-Identifier: Apache-2.0
"""Compiles and runs the JUnit tests once with each generation of kafka-clients.

src/common is compiled against every generation, so that the same expectations meet the request
versions of each; src/legacy holds what later generations have lost, src/current what only the
newest can ask.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from harness import packages

HERE = pathlib.Path(__file__).resolve().parent
GENERATIONS = {
    "2.8.2": ["common", "legacy"],  # the last before topic ids and the newer rebalance protocol
    "3.9.1": ["common", "legacy"],  # the last that still knows ZooKeeper's brokers
    "4.3.1": ["common", "current"],
}
# The tests mostly wait for brokers and timers, so a few run side by side.
JUNIT = {
    "junit.jupiter.execution.parallel.enabled": "true",
    "junit.jupiter.execution.parallel.mode.default": "concurrent",
    "junit.jupiter.execution.parallel.config.strategy": "fixed",
    "junit.jupiter.execution.parallel.config.fixed.parallelism": "4",
}


def run(version, folders):
    """Returns JUnit's exit code for one generation."""
    archives = packages.classpath(os.environ["COMPAT_WORK_DIR"], HERE / "pom.xml", clients=version)
    classes = pathlib.Path(os.environ["COMPAT_WORK_DIR"], f"java-{version}")
    shutil.rmtree(classes, ignore_errors=True)
    sources = [str(path) for folder in folders for path in (HERE / "src" / folder).rglob("*.java")]
    subprocess.run(["javac", "-nowarn", "-Xlint:-deprecation,-removal", "-proc:none", "-cp", archives, "-d",
                    str(classes), *sources], check=True)
    print(f"kafka-clients {version}", flush=True)
    return subprocess.run(
        ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
         "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
         "-cp", f"{classes}{os.pathsep}{archives}", "org.junit.platform.console.ConsoleLauncher",
         "execute", "--disable-banner", "--disable-ansi-colors", "--details=summary",
         f"--scan-classpath={classes}",
         *(f"--config={name}={value}" for name, value in JUNIT.items())],
        check=False).returncode


def main():
    chosen = sys.argv[1:] or list(GENERATIONS)
    return max(run(version, GENERATIONS[version]) for version in chosen)


if __name__ == "__main__":
    sys.exit(main())
