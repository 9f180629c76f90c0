// SPDX-License-Identifier: Apache-2.0
//
// RocksDB's sst_dump with our plugin inside, which prints batches, facts and file properties in
// words.
#include <rocksdb/sst_dump_tool.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "engine/plugin/decoded_run.h"
#include "engine/plugin/registration.h"
#include "engine/plugin/tool_arguments.h"

namespace gneiss::engine {
namespace {

constexpr char kProgram[] = "gneiss-sst-dump";
constexpr char kHelp[] =
    "gneiss-sst-dump: RocksDB's sst_dump for the stores of Gneiss\n\n"
    "Besides what is below:\n"
    "  --command=scan prints batches and facts in words, --show_properties the properties\n"
    "  --decode : print the records of batches, too\n"
    "  --raw : print what RocksDB's sst_dump prints; so does --output_hex\n"
    "  --from and --to may be offsets\n\n";

int RunSstDump(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv{kProgram};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return rocksdb::SSTDumpTool().Run(static_cast<int>(argv.size()), argv.data());
}

int Main(std::vector<std::string> arguments) {
  RegisterWithRocksDb(*rocksdb::ObjectLibrary::Default(), "");
  if (arguments.empty() || std::ranges::count(arguments, "--help") > 0) {
    std::fputs(kHelp, stderr);
    return RunSstDump(arguments);
  }
  const ToolCall call = SstDumpCall(std::move(arguments));
  const auto run = [&] { return RunSstDump(call.arguments); };
  return call.decoded ? RunDecoded(OutputDecoder(call.detail), run) : run();
}

}  // namespace
}  // namespace gneiss::engine

int main(int argc, char** argv) {
  return gneiss::engine::Main(std::vector<std::string>(argv + 1, argv + argc));
}
