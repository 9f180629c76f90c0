# SPDX-License-Identifier: Apache-2.0
"""Pinned client packages: Java archives through Maven, Python wheels through pip.

Both are fetched once per build directory. A stamp holds the digest of what was asked for, so that
a changed pin is fetched again, and a lock lets suites run side by side.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys
import venv

DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


def classpath(work_dir, pom, **properties):
    """The class path (":"-joined archives) of everything that the Maven file `pom` names.

    `properties` fill in its ${name} placeholders.
    """
    pom = pathlib.Path(pom)
    definitions = [f"-D{name}={value}" for name, value in properties.items()]
    with _locked(work_dir, "maven"):
        digest = _digest(pom.read_bytes() + " ".join(definitions).encode())
        cached = pathlib.Path(work_dir, "classpath-" + digest)
        if not cached.exists() or not _all_exist(cached.read_text()):
            written = cached.with_suffix(".new")
            subprocess.run(
                ["mvn", "-q", "-B", "-f", str(pom), *definitions,
                 DEPENDENCY_PLUGIN + ":build-classpath", f"-Dmdep.outputFile={written}"],
                check=True, stdout=sys.stderr)
            written.rename(cached)
        return cached.read_text().strip()


def python_with(work_dir, requirements):
    """The interpreter of a virtual environment that has the packages of `requirements`."""
    requirements = pathlib.Path(requirements)
    pins = requirements.read_bytes() + sys.version.encode()
    with _locked(work_dir, "python"):
        root = pathlib.Path(work_dir, "python-" + _digest(pins))
        python = root / "bin" / "python3"
        stamp = root / "complete"
        if not stamp.exists():
            venv.create(root, clear=True, with_pip=True)
            subprocess.run(
                [str(python), "-m", "pip", "install", "--quiet", "--only-binary=:all:",
                 "--disable-pip-version-check", "-r", str(requirements)], check=True)
            stamp.touch()
        return str(python)


def _digest(content):
    return hashlib.sha256(content).hexdigest()[:16]


def _all_exist(path_list):
    return all(os.path.exists(path) for path in path_list.strip().split(os.pathsep))


@contextlib.contextmanager
def _locked(work_dir, name):
    """Holds the lock `name` of this build directory; processes wait for one another."""
    pathlib.Path(work_dir).mkdir(parents=True, exist_ok=True)
    with open(pathlib.Path(work_dir, f"{name}.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
