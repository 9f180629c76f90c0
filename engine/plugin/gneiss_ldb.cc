// SPDX-License-Identifier: Apache-2.0
//
// RocksDB's ldb with our plugin inside, which prints batches and facts in words.
#include <rocksdb/utilities/ldb_cmd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "engine/plugin/decoded_run.h"
#include "engine/plugin/registration.h"
#include "engine/plugin/tool_arguments.h"
#include "engine/plugin/tool_store.h"

namespace gneiss::engine {
namespace {

constexpr char kProgram[] = "gneiss-ldb";
constexpr char kHelp[] =
    "gneiss-ldb: RocksDB's ldb for the stores of Gneiss\n\n"
    "Besides what is below:\n"
    "  --db=DATA_DIR finds the store of --column_family\n"
    "  scan, get, dump, idump, dump_wal and manifest_dump print batches and facts in words\n"
    "  --decode : print the records of batches, too\n"
    "  --raw : print what RocksDB's ldb prints; so do --hex, --key_hex and --value_hex\n"
    "  --partition=NAME scan : what is known of a partition: producers, transactions, log start\n"
    "  --from, --to and the key of get may be an offset, or in the family state the name of a\n"
    "  partition; get OFFSET prints the batch that holds it\n"
    "A file is described by gneiss-sst-dump.\n";

int Fail(const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", kProgram, why.c_str());
  return 1;
}

int RunLdb(const ToolCall& call, const std::filesystem::path& database) {
  std::vector<std::string> arguments = call.arguments;
  if (!call.partition.empty()) {
    const auto partition = FindPartition(database, call.partition);
    if (!partition) return Fail(partition.error().detail);
    for (std::string& bound : BoundsOf(format::PartitionPrefix(*partition))) {
      arguments.push_back(std::move(bound));
    }
  }
  const ToolOptions tool = OptionsFor(database);
  rocksdb::LDBOptions ldb_options;
  ldb_options.print_help_header = kHelp;
  std::vector<const char*> argv{kProgram};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return rocksdb::LDBCommandRunner::RunCommand(static_cast<int>(argv.size()), argv.data(),
                                               tool.options, ldb_options, &tool.families);
}

int Main(std::vector<std::string> arguments) {
  RegisterWithRocksDb(*rocksdb::ObjectLibrary::Default(), "");
  std::filesystem::path database(OptionIn(arguments, "--db"));
  if (!database.empty()) {
    const auto found = FindStore(database, FamilyIn(arguments));
    if (!found) return Fail(found.error().detail);
    database = *found;
    for (std::string& argument : arguments) {
      if (argument.starts_with("--db=")) argument = "--db=" + database.string();
    }
    const Status allowed = CheckCommand(database, CommandIn(arguments));
    if (!allowed) return Fail(allowed.error().detail);
    // Our own options, not those of another version or program in an OPTIONS file.
    if (OptionIn(arguments, "--try_load_options").empty()) {
      arguments.emplace_back("--try_load_options=false");
    }
  }
  const ToolCall call = LdbCall(std::move(arguments));
  const auto run = [&] { return RunLdb(call, database); };
  if (!call.decoded) return run();
  std::int64_t lines = 0;
  const int code = RunDecoded(OutputDecoder(call.detail), run, &lines);
  if (code == 0 && call.must_find && lines == 0) return Fail("not found");
  return code;
}

}  // namespace
}  // namespace gneiss::engine

int main(int argc, char** argv) {
  return gneiss::engine::Main(std::vector<std::string>(argv + 1, argv + argc));
}
