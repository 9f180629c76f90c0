#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""java_batches_test.py DUMP_BATCHES BUILD_DIR [SEED]: record batches between the Java clients and us.

Random batches that the Java classes wrote must read the same here as there, and so must the
batches that we build from them: every codec, headers, nulls, gaps, markers, emptied batches.
The seed is printed and gives the same batches again. Exit code 77: skipped, without Java or Maven.
"""
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "compat-tests"))

from harness import packages  # noqa: E402  (the path has to be set first)

BATCHES = 600
SKIPPED = 77


def main():
    dump_batches, build_dir = sys.argv[1:3]
    seed = sys.argv[3] if len(sys.argv) > 3 else str(random.SystemRandom().randrange(1 << 32))
    missing = [tool for tool in ("java", "javac", "mvn") if shutil.which(tool) is None]
    if missing:
        print(f"skipped: needs {missing}")
        return SKIPPED
    print("seed", seed, flush=True)
    classpath = packages.classpath(pathlib.Path(build_dir) / "compat",
                                   ROOT / "compat-tests" / "golden" / "pom.xml")
    java = ["java", "-Xmx1g", "-cp", classpath,
            str(pathlib.Path(__file__).with_name("RecordBatches.java"))]
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours = f"{folder}/theirs", f"{folder}/ours"
        subprocess.run([*java, "write", seed, str(BATCHES), theirs], check=True)
        expected = output_of([*java, "dump", theirs])
        if expected.count("batch base=") != BATCHES:
            sys.exit("the Java classes do not read what they wrote")
        compare("their batches, read by us", expected, output_of([dump_batches, "dump", theirs]))
        subprocess.run([dump_batches, "rebuild", theirs, ours], check=True)
        compare("our batches, read by them", expected, output_of([*java, "dump", ours]))
        compare("our batches, read by us", expected, output_of([dump_batches, "dump", ours]))
    print(f"{BATCHES} batches, {expected.count(' headers=')} records: equal in every direction")
    return 0


def output_of(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def compare(what, expected, actual):
    if expected == actual:
        return
    pairs = zip(expected.splitlines() + [""], actual.splitlines() + [""])
    for number, (want, have) in enumerate(pairs, 1):
        if want != have:
            sys.exit(f"{what}, line {number}:\n  want {want[:400]}\n  have {have[:400]}")
    sys.exit(f"{what}: one goes on where the other ends")


if __name__ == "__main__":
    sys.exit(main())
