#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's librdkafka against BOOTSTRAP; arguments go to GoogleTest (--gtest_filter=...).
set -eu
: "${BOOTSTRAP:?host:port of a broker}" "${COMPAT_BUILD_DIR:?the CMake build directory}"
exec "$COMPAT_BUILD_DIR/tests/compat_librdkafka" --gtest_brief=1 "$@"
