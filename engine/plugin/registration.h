// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/utilities/object_registry.h>

#include <string>

namespace gneiss::engine {

// Teaches `library` to make what our OPTIONS files name: the collector of file properties and the
// compaction filter, which without a broker's rules keeps everything. Returns how many. The
// signature is that of a rocksdb::RegistrarFunc. Threads: any.
int RegisterWithRocksDb(rocksdb::ObjectLibrary& library, const std::string& argument);

}  // namespace gneiss::engine
