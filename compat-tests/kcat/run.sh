#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's kcat against BOOTSTRAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${BOOTSTRAP:?host:port of a broker}"
export PYTHONPATH="$here/.." PYTHONDONTWRITEBYTECODE=1
cd "$here"
exec python3 -m unittest "${@:-test_kcat}"
