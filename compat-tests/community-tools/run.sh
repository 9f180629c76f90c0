#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tools around Kafka that others wrote, from PyPI, against BOOTSTRAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${BOOTSTRAP:?host:port of a broker}" "${COMPAT_WORK_DIR:?a folder for fetched packages}"
export PYTHONPATH="$here/.." PYTHONDONTWRITEBYTECODE=1
# kaskade asks for Python 3.11 or newer.
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || exit 77
python=$(python3 -c 'import sys; from harness import packages; print(packages.python_with(*sys.argv[1:]))' \
  "$COMPAT_WORK_DIR" "$here/requirements.txt")
cd "$here"
exec "$python" -m unittest "${@:-discover}"
