#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run_golden.py --build_dir DIR [--seed N] [--rounds N]

Random content, written by Kafka's classes and read by ours, and the other way round. Prints the seed
of the content, so that a failure can be repeated. Exit code 77: skipped, without Java or Maven.
"""
import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness import packages  # noqa: E402

SKIPPED = 77


def compile_java(work_dir, classpath):
    """The folder of the compiled Java programs."""
    classes = work_dir / 'classes'
    shutil.rmtree(classes, ignore_errors=True)
    sources = [str(path) for path in sorted(HERE.glob('java/gneiss/golden/*.java'))]
    subprocess.run(['javac', '-encoding', 'UTF-8', '-cp', classpath, '-d', str(classes)] + sources,
                   check=True)
    return classes


def run(command):
    """True if it succeeded; its last lines are the report."""
    print('+', ' '.join(part if len(part) < 200 else '...' for part in command), flush=True)
    return subprocess.run(command).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build_dir', type=pathlib.Path, required=True)
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument('--rounds', type=int, default=20, help='for each message and version')
    options = parser.parse_args()
    missing = [tool for tool in ('java', 'javac', 'mvn') if shutil.which(tool) is None]
    if missing:
        print('skipped: needs %s (make test installs them)' % ', '.join(missing))
        return SKIPPED

    work_dir = options.build_dir.resolve() / 'compat' / 'golden'
    work_dir.mkdir(parents=True, exist_ok=True)
    archives = packages.classpath(work_dir.parent, HERE / 'pom.xml')
    classes = compile_java(work_dir, archives)
    ours = [str(options.build_dir.resolve() / 'tests' / 'golden_messages')]
    java = ['java', '-Dfile.encoding=UTF-8', '-cp', os.pathsep.join([str(classes), archives]),
            'gneiss.golden.Messages']
    amount = [str(options.seed), str(options.rounds)]
    print('seed', options.seed)
    passed = True
    for writer, reader, name in ((java, ours, 'by_java.txt'), (ours, java, 'by_cpp.txt')):
        content = str(work_dir / name)
        passed &= run(writer + ['write', content] + amount) and run(reader + ['check', content])
    return 0 if passed else 1


if __name__ == '__main__':
    sys.exit(main())
