// SPDX-License-Identifier: Apache-2.0
//
// libgneiss_rocksdb_plugin.so: whichever program links or preloads it can make what our OPTIONS
// files name. RocksDB itself is loaded before, as this library needs it.
#include "engine/plugin/registration.h"

namespace {

[[gnu::constructor]] void Register() {
  gneiss::engine::RegisterWithRocksDb(*rocksdb::ObjectLibrary::Default(), "");
}

}  // namespace
