// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "protocol/records/compression.h"

// The streams of each codec; compression.h is the door to them.
namespace gneiss::records {

std::unique_ptr<Decompressor> MakeGzipDecompressor(std::span<const std::byte> input);
std::unique_ptr<Decompressor> MakeSnappyDecompressor(std::span<const std::byte> input);
std::unique_ptr<Decompressor> MakeLz4Decompressor(std::span<const std::byte> input);
std::unique_ptr<Decompressor> MakeZstdDecompressor(std::span<const std::byte> input);

std::unique_ptr<Compressor> MakeGzipCompressor(int level);
std::unique_ptr<Compressor> MakeSnappyCompressor();
std::unique_ptr<Compressor> MakeLz4Compressor(int level);
std::unique_ptr<Compressor> MakeZstdCompressor(int level);

// In one go: zstd then knows the size ahead and takes smaller tables, ten times faster for the
// small batches of the coordinators.
Result<std::string> CompressZstd(int level, std::span<const std::byte> input);

// Makes `room` bytes behind `out` and lets `fill(char* at)` write to them; what it returns (at most
// `room`) is kept. Returns that.
template <class Fill>
std::size_t AppendWith(std::string& out, std::size_t room, Fill fill) {
  const std::size_t old_size = out.size();
  if (out.capacity() - old_size < room) out.reserve(std::max(old_size + room, 2 * old_size));
  std::size_t added = 0;
  out.resize_and_overwrite(old_size + room, [&](char* data, std::size_t) {
    added = fill(data + old_size);
    return old_size + added;
  });
  return added;
}

}  // namespace gneiss::records
