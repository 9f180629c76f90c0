#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What log compaction and retention leave, against BOOTSTRAP: the same of Gneiss and of Apache Kafka.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${BOOTSTRAP:?host:port of a broker}" "${COMPAT_WORK_DIR:?a folder for fetched packages}"
export PYTHONPATH="$here/..:$here/../python" PYTHONDONTWRITEBYTECODE=1
python=$(python3 -c 'import sys; from harness import packages; print(packages.python_with(*sys.argv[1:]))' \
  "$COMPAT_WORK_DIR" "$here/../python/requirements.txt")
cd "$here"
exec "$python" -m unittest "${@:-discover}"
