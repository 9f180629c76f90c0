#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install_deps.sh build [test]: installs what the build (and the tests) need from Debian 12's
# packages. Does nothing, and needs no root, when all are there.
set -euo pipefail

build=(
  ca-certificates ccache clang-19 cmake git libboost1.81-dev libgflags-dev libgoogle-glog-dev
  libisal-dev liblz4-dev libre2-dev librocksdb-dev libsnappy-dev libzstd-dev lld-19
  make ninja-build pkg-config prometheus-cpp-dev python3 zlib1g-dev
)
# Real clients, sanitizers, linters; libbz2 and friends come with librocksdb-dev.
test=(
  clang-format-19 clang-tidy-19 kcat libbenchmark-dev libclang-rt-19-dev libgmock-dev libgtest-dev
  librdkafka-dev llvm-19 maven openjdk-17-jdk-headless procps python3-venv rocksdb-tools
)

wanted=()
for group in "$@"; do
  declare -n packages=$group
  wanted+=("${packages[@]}")
done

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing: ${missing[*]}"
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "root or sudo is needed to install packages" >&2; exit 1; }
  sudo=(sudo)
fi
# clang 19 is in Debian 12 itself.
"${sudo[@]}" apt-get update -q
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
  "${missing[@]}"
