#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same calls to the broker of COMPAT_BROKER and to the pinned Apache Kafka, compared.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${COMPAT_BROKER:?the command line of a broker}" "${COMPAT_WORK_DIR:?a folder for fetched packages}"
export PYTHONPATH="$here/..:$here" PYTHONDONTWRITEBYTECODE=1
exec python3 "$here/run_differential.py" "$@"
