// SPDX-License-Identifier: Apache-2.0
#include "engine/snapshot/options_text.h"

#include <rocksdb/convenience.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>

#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

constexpr char kIndent[] = "\n  ";

std::string Section(const std::string& title, const std::string& body) {
  return "[" + title + "]" + kIndent + body + "\n\n";
}

}  // namespace

Result<std::string> OptionsText(const rocksdb::DBOptions& options,
                                const std::vector<FamilyKind>& kinds) {
  rocksdb::ConfigOptions config;
  config.delimiter = kIndent;
  const std::string version = std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) +
                              "." + std::to_string(ROCKSDB_PATCH);
  std::string text =
      Section("Version", "rocksdb_version=" + version + kIndent + "options_file_version=1.1");
  std::string body;
  GNEISS_RETURN_IF_ERROR(FromRocks(rocksdb::GetStringFromDBOptions(config, options, &body),
                                   "print the options of a database"));
  text += Section("DBOptions", body);
  for (const FamilyKind& kind : kinds) {
    body.clear();
    GNEISS_RETURN_IF_ERROR(
        FromRocks(rocksdb::GetStringFromColumnFamilyOptions(config, kind.options, &body),
                  "print the options of a family"));
    std::string table;
    GNEISS_RETURN_IF_ERROR(FromRocks(kind.options.table_factory->GetOptionString(config, &table),
                                     "print the options of tables"));
    const std::string table_name = kind.options.table_factory->Name();
    for (const std::string& name : kind.names) {
      text += Section("CFOptions \"" + name + "\"", body);
      text += Section("TableOptions/" + table_name + " \"" + name + "\"", table);
    }
  }
  return text;
}

}  // namespace gneiss::engine
