// SPDX-License-Identifier: Apache-2.0
//
// RocksDB as packaged computes CRC-32C in software (1.4 GB/s), and it computes one over every byte
// of the WAL. Its call goes through the dynamic linker, which takes the first definition it finds:
// this one, by instruction (24 GB/s). It must be linked into executables as an object file; from an
// archive nothing would pull it in. rocksdb_crc32c_test.cc proves that the calls arrive.
#include "engine/rocksdb_crc32c.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "protocol/base/crc32c.h"

namespace {

std::atomic<std::uint64_t> calls{0};

}  // namespace

namespace gneiss::engine {

std::uint64_t RocksCrc32cCalls() { return calls.load(std::memory_order_relaxed); }

}  // namespace gneiss::engine

namespace rocksdb::crc32c {

// The signature is RocksDB's: the CRC of A+B, where `crc` is that of A and [data, data+size) is B.
std::uint32_t Extend(std::uint32_t crc, const char* data, std::size_t size);

std::uint32_t Extend(std::uint32_t crc, const char* data, std::size_t size) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return gneiss::Crc32c(std::as_bytes(std::span<const char>(data, size)), crc);
}

}  // namespace rocksdb::crc32c
