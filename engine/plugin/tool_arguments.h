// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/plugin/output_decoder.h"

// What our command lines add to those of RocksDB's tools: offsets and names where RocksDB wants
// keys in hex, --decode for the records of batches, --raw for RocksDB's own output.
namespace gneiss::engine {

struct ToolCall {
  std::vector<std::string> arguments;  // of RocksDB's tool, behind its name
  bool decoded = false;                // else its output is left alone
  RecordDetail detail = RecordDetail::kNone;
  bool must_find = false;  // no output means that the key is not there
  std::string partition;   // whose facts are to be scanned: the bounds are yet to be added
};

// The value of --name=value in `arguments`, or "".
std::string_view OptionIn(const std::vector<std::string>& arguments, std::string_view name);
// The first argument that is no option: ldb's command. "" without one.
std::string_view CommandIn(const std::vector<std::string>& arguments);

// The column family that the command is about; with --partition=NAME that of the partition.
std::string_view FamilyIn(const std::vector<std::string>& arguments);

// The bounds of a scan over all keys that begin with `prefix`.
std::vector<std::string> BoundsOf(const std::string& prefix);

// `get OFFSET` finds the batch that holds the offset, where RocksDB's get wants the exact key.
// --partition=NAME is about the facts of that partition in the state family.
// With --raw, --hex, --key_hex or --value_hex, and for commands that print no keys, all stays as
// it is.
ToolCall LdbCall(std::vector<std::string> arguments);
ToolCall SstDumpCall(std::vector<std::string> arguments);

}  // namespace gneiss::engine
