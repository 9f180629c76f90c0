// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "protocol/base/result.h"
#include "protocol/records/codec.h"

namespace gneiss::records {

// The framings that Kafka clients put around compressed records:
//   gzip    one or more RFC 1952 members
//   snappy  the Java library's stream: magic, two versions, then length-prefixed raw blocks of
//           32 KiB of input each. One raw block without that header is read too.
//   lz4     frame format 1: independent blocks of 64 KiB, no content checksum
//   zstd    one or more standard frames
// The contexts of the libraries, large and slow to make, are kept per thread and used again.

// Decompressor reads a compressed block as a stream, so that a block of any size can be looked
// through in constant memory. Threads: one at a time.
class Decompressor {
 public:
  // `input` must outlive the decompressor. Codec::kNone passes the bytes through.
  static std::unique_ptr<Decompressor> Create(Codec codec, std::span<const std::byte> input);

  virtual ~Decompressor() = default;
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // Writes to the front of `out` and returns how many bytes, at least one until the end, then 0.
  // kCorrupt if the input is damaged or ends too early. REQUIRES: out is not empty.
  virtual Result<std::size_t> Read(std::span<std::byte> out) = 0;

 protected:
  Decompressor() = default;
};

// Compressor is the way back. Threads: one at a time.
class Compressor {
 public:
  // Levels as in compression.<codec>.level: gzip 1-9 or -1, lz4 1-17, zstd -131072 to 22; a level
  // outside is moved to the nearest. None and snappy ignore it.
  static std::unique_ptr<Compressor> Create(Codec codec, int level);

  virtual ~Compressor() = default;
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // Takes all of `input`.
  virtual Status Write(std::span<const std::byte> input) = 0;
  // Ends the stream and hands over all that was compressed. Only once, nothing may follow.
  virtual Result<std::string> Finish() = 0;

 protected:
  Compressor() = default;
};

Result<std::string> Compress(Codec codec, int level, std::span<const std::byte> input);

// Fails with kMessageTooLarge as soon as the output would pass `bytes_max`; memory grows with the
// output that is there, not with what the input claims.
Result<std::string> Decompress(Codec codec, std::span<const std::byte> input,
                               std::size_t bytes_max);

// Decompresses and compresses again, chunk by chunk; `bytes_max` bounds the plain bytes.
Result<std::string> Transcode(Codec from, Codec to, int level, std::span<const std::byte> input,
                              std::size_t bytes_max);

}  // namespace gneiss::records
