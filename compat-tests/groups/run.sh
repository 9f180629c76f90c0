#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Groups under trouble; starts, stops and kills the broker of COMPAT_BROKER (a command line) itself.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${COMPAT_BROKER:?command line of a broker}" "${COMPAT_WORK_DIR:?a folder for data and packages}"
export PYTHONPATH="$here/.." PYTHONDONTWRITEBYTECODE=1
python=$(python3 -c 'import sys; from harness import packages; print(packages.python_with(*sys.argv[1:]))' \
  "$COMPAT_WORK_DIR" "$here/../python/requirements.txt")
cd "$here"
"$python" -m unittest ledger_test
exec "$python" chaos.py python "$python" member.py
