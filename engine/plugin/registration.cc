// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/registration.h"

#include <rocksdb/compaction_filter.h>
#include <rocksdb/table_properties.h>

#include <memory>

#include "engine/batch_properties.h"
#include "engine/housekeeping/log_filter.h"

namespace gneiss::engine {

int RegisterWithRocksDb(rocksdb::ObjectLibrary& library, const std::string& /*argument*/) {
  library.AddFactory<rocksdb::TablePropertiesCollectorFactory>(
      kBatchPropertiesCollectorName,
      [](const std::string&, std::unique_ptr<rocksdb::TablePropertiesCollectorFactory>* guard,
         std::string*) {
        *guard = NewBatchPropertiesCollectorFactory();
        return guard->get();
      });
  library.AddFactory<rocksdb::CompactionFilterFactory>(
      LogFilterFactory::kName,
      [](const std::string&, std::unique_ptr<rocksdb::CompactionFilterFactory>* guard,
         std::string*) {
        *guard = std::make_unique<LogFilterFactory>();
        return guard->get();
      });
  return 2;
}

}  // namespace gneiss::engine
