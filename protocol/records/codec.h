// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace gneiss::records {

// How the records of a batch are compressed: bits 0-2 of its attributes. ON DISK: never renumber.
enum class Codec : std::uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

inline constexpr int kCodecCount = 5;

// "none", "gzip", ...: the words of the config compression.type, where none is "uncompressed".
constexpr std::string_view ToString(Codec codec) {
  switch (codec) {
    case Codec::kNone:
      return "none";
    case Codec::kGzip:
      return "gzip";
    case Codec::kSnappy:
      return "snappy";
    case Codec::kLz4:
      return "lz4";
    case Codec::kZstd:
      return "zstd";
  }
  return "unknown";
}

// The levels that Kafka uses when no compression.<codec>.level is set. Snappy has none.
constexpr int DefaultLevel(Codec codec) {
  switch (codec) {
    case Codec::kGzip:
      return -1;
    case Codec::kLz4:
      return 9;
    case Codec::kZstd:
      return 3;
    case Codec::kNone:
    case Codec::kSnappy:
      break;
  }
  return 0;
}

}  // namespace gneiss::records
