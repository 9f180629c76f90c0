# SPDX-License-Identifier: Apache-2.0
# A thin front door; CMakePresets.json holds the settings.
#   make run     install what the build needs, build, start a broker on 127.0.0.1:9092
#   make test    install what the tests need, build, run every test
# Others: build, compat, bench, format, lint, asan, tsan, fuzz, clean.

SHELL := /bin/bash
JOBS ?= $(shell nproc)
RUN_FLAGS ?=
SOURCES = $(shell git ls-files '*.cc' '*.h')

.PHONY: run build test compat bench format lint asan tsan fuzz docs clean deps-build deps-test

run: build
	exec build/bin/gneiss $(RUN_FLAGS)

deps-build:
	@packaging/install_deps.sh build

deps-test:
	@packaging/install_deps.sh build test

build: deps-build
	cmake --preset release -DGNEISS_TESTS=OFF
	cmake --build build -j $(JOBS) --target gneiss gneiss-ldb gneiss-sst-dump gneiss_rocksdb_plugin

test: deps-test
	cmake --preset release -DGNEISS_TESTS=ON
	cmake --build build -j $(JOBS)
	ctest --test-dir build --output-on-failure -j $(JOBS)

# The suite with real clients against any broker: BOOTSTRAP=host:port make compat
compat: deps-test
	cmake --preset release -DGNEISS_TESTS=ON
	cmake --build build -j $(JOBS)
	ctest --test-dir build --output-on-failure -L compat

bench: deps-test
	cmake --preset release -DGNEISS_TESTS=ON
	cmake --build build -j $(JOBS)
	bench/compare.py --gneiss build/bin/gneiss --load build/bin/broker_bench

# Sanitizer runs: unit, engine, protocol and in-process broker tests (not the real clients).
asan tsan: deps-test
	cmake --preset $@ -DGNEISS_TESTS=ON
	cmake --build build-$@ -j $(JOBS)
	ctest --test-dir build-$@ --output-on-failure -j $(JOBS) -LE compat

fuzz: deps-test
	cmake --preset fuzz -DGNEISS_TESTS=ON
	cmake --build build-fuzz -j $(JOBS)

docs: build
	docs/protocol_support.py build/bin/gneiss

format:
	clang-format-19 -i $(SOURCES)

lint: deps-test
	clang-format-19 --dry-run --Werror $(SOURCES)
	cmake --preset dev -DGNEISS_TESTS=ON
	cmake --build build-dev -j $(JOBS)
	run-clang-tidy-19 -quiet -p build-dev '/(protocol|engine|server)/.*\.cc$$'

clean:
	rm -rf build build-*
