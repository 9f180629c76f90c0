#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line tools of the pinned Apache Kafka against BOOTSTRAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${BOOTSTRAP:?host:port of a broker}" "${COMPAT_WORK_DIR:?a folder for fetched packages}"
export PYTHONPATH="$here/.." PYTHONDONTWRITEBYTECODE=1
cd "$here"
[ $# -gt 0 ] || set -- test_tools test_consumer_groups test_cluster_tools
exec python3 -m unittest "$@"
