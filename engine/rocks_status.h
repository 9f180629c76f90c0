// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include <span>
#include <string_view>

#include "protocol/base/result.h"

namespace gneiss::engine {

// The code that a RocksDB status means to the layers above; kDiskFull for ENOSPC and EDQUOT.
Errc CodeOf(const rocksdb::Status& status);

// RocksDB's Status never leaves the engine: this adds what we were doing ("append to orders-0").
Status FromRocks(const rocksdb::Status& status, std::string_view doing);

// Borrowed views of the same bytes.
inline rocksdb::Slice ToSlice(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::byte> ToBytes(const rocksdb::Slice& slice) {
  return {reinterpret_cast<const std::byte*>(slice.data()), slice.size()};
}
inline std::string_view ToText(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace gneiss::engine
