// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "engine/plugin/output_decoder.h"

namespace gneiss::engine {

// Runs `tool` in a child process, as RocksDB's tools print to stdout and may exit at any place, and
// prints what it prints, decoded. Returns its exit code; `lines` is told how many lines there were.
// REQUIRES: no other thread runs.
int RunDecoded(const OutputDecoder& decoder, const std::function<int()>& tool,
               std::int64_t* lines = nullptr);

}  // namespace gneiss::engine
