// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/compression.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/codec_streams.h"

namespace gneiss::records {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;

class PlainReader final : public Decompressor {
 public:
  explicit PlainReader(std::span<const std::byte> input) : rest_(input) {}

  Result<std::size_t> Read(std::span<std::byte> out) override {
    const std::size_t n = std::min(out.size(), rest_.size());
    if (n > 0) std::memcpy(out.data(), rest_.data(), n);
    rest_ = rest_.subspan(n);
    return n;
  }

 private:
  std::span<const std::byte> rest_;
};

class PlainWriter final : public Compressor {
 public:
  Status Write(std::span<const std::byte> input) override {
    out_.append(AsText(input));
    return {};
  }
  Result<std::string> Finish() override { return std::move(out_); }

 private:
  std::string out_;
};

std::unexpected<Error> TooLarge(Codec codec, std::size_t bytes_max) {
  return Fail(Errc::kMessageTooLarge, std::string(ToString(codec)) +
                                          " records decompress to over " +
                                          std::to_string(bytes_max) + " bytes");
}

}  // namespace

std::unique_ptr<Decompressor> Decompressor::Create(Codec codec, std::span<const std::byte> input) {
  switch (codec) {
    case Codec::kNone:
      return std::make_unique<PlainReader>(input);
    case Codec::kGzip:
      return MakeGzipDecompressor(input);
    case Codec::kSnappy:
      return MakeSnappyDecompressor(input);
    case Codec::kLz4:
      return MakeLz4Decompressor(input);
    case Codec::kZstd:
      return MakeZstdDecompressor(input);
  }
  std::unreachable();  // BatchHeader::Parse lets no other codec pass
}

std::unique_ptr<Compressor> Compressor::Create(Codec codec, int level) {
  switch (codec) {
    case Codec::kNone:
      return std::make_unique<PlainWriter>();
    case Codec::kGzip:
      return MakeGzipCompressor(level);
    case Codec::kSnappy:
      return MakeSnappyCompressor();
    case Codec::kLz4:
      return MakeLz4Compressor(level);
    case Codec::kZstd:
      return MakeZstdCompressor(level);
  }
  std::unreachable();
}

Result<std::string> Compress(Codec codec, int level, std::span<const std::byte> input) {
  if (codec == Codec::kZstd) return CompressZstd(level, input);
  const std::unique_ptr<Compressor> compressor = Compressor::Create(codec, level);
  GNEISS_RETURN_IF_ERROR(compressor->Write(input));
  return compressor->Finish();
}

Result<std::string> Decompress(Codec codec, std::span<const std::byte> input,
                               std::size_t bytes_max) {
  const std::unique_ptr<Decompressor> decompressor = Decompressor::Create(codec, input);
  std::string out;
  out.reserve(std::clamp(4 * input.size(), std::size_t{1} << 10, kChunkBytes));
  while (true) {
    // The room that is there is used up before it doubles, however little each read gives. One byte
    // above the limit is asked for, to tell "just fits" from "too large".
    const std::size_t spare = out.capacity() - out.size();
    const std::size_t room = std::min(spare > 0 ? spare : out.size(), bytes_max - out.size() + 1);
    Result<std::size_t> read = 0;
    AppendWith(out, room, [&](char* at) {
      read = decompressor->Read(std::as_writable_bytes(std::span(at, room)));
      return read.value_or(0);
    });
    if (!read.has_value()) return std::unexpected<Error>(std::move(read.error()));
    if (*read == 0) return out;
    if (out.size() > bytes_max) return TooLarge(codec, bytes_max);
  }
}

Result<std::string> Transcode(Codec from, Codec to, int level, std::span<const std::byte> input,
                              std::size_t bytes_max) {
  if (from == Codec::kNone && input.size() <= bytes_max) return Compress(to, level, input);
  if (to == Codec::kNone) return Decompress(from, input, bytes_max);
  const std::unique_ptr<Decompressor> decompressor = Decompressor::Create(from, input);
  const std::unique_ptr<Compressor> compressor = Compressor::Create(to, level);
  const auto chunk = std::make_unique_for_overwrite<std::byte[]>(kChunkBytes);
  std::size_t total = 0;
  while (true) {
    GNEISS_ASSIGN_OR_RETURN(const std::size_t n,
                            decompressor->Read(std::span(chunk.get(), kChunkBytes)));
    if (n == 0) return compressor->Finish();
    total += n;
    if (total > bytes_max) return TooLarge(from, bytes_max);
    GNEISS_RETURN_IF_ERROR(compressor->Write(std::span(chunk.get(), n)));
  }
}

}  // namespace gneiss::records
