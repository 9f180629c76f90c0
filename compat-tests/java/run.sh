#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Three generations of the Java clients against BOOTSTRAP; arguments choose generations.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${BOOTSTRAP:?host:port of a broker}" "${COMPAT_WORK_DIR:?a folder for fetched packages}"
export PYTHONPATH="$here/.." PYTHONDONTWRITEBYTECODE=1
exec python3 "$here/run_generations.py" "$@"
