// SPDX-License-Identifier: Apache-2.0
#include <snappy.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "protocol/base/big_endian.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/records/codec_streams.h"

namespace gneiss::records {
namespace {

// The Java library's stream: 8 bytes of magic, version and lowest compatible version (int32 each),
// then blocks of int32 size and a raw snappy block.
constexpr std::string_view kStreamMagic("\x82SNAPPY\0", 8);
constexpr std::size_t kStreamHeaderBytes = 16;
constexpr std::int32_t kStreamVersion = 1;
constexpr std::size_t kBlockSizeBytes = 4;
constexpr std::size_t kBlockInputBytes = std::size_t{32} << 10;

// A raw block begins with the size it decompresses to, which nothing vouches for. But its best
// element makes 64 bytes out of 3, so a block of n bytes never gives more than 22 n.
constexpr std::size_t kExpansionMax = 22;

class SnappyReader final : public Decompressor {
 public:
  explicit SnappyReader(std::span<const std::byte> input)
      : rest_(input), framed_(StartsWithHeader(input)) {}

  Result<std::size_t> Read(std::span<std::byte> out) override {
    while (plain_rest_.empty()) {
      GNEISS_ASSIGN_OR_RETURN(const std::span<const std::byte> block, NextBlock());
      if (block.empty()) return std::size_t{0};
      GNEISS_ASSIGN_OR_RETURN(const std::size_t written, Expand(block, out));
      if (written > 0) return written;
    }
    const std::size_t n = std::min(out.size(), plain_rest_.size());
    std::memcpy(out.data(), plain_rest_.data(), n);
    plain_rest_ = plain_rest_.subspan(n);
    return n;
  }

 private:
  static bool StartsWithHeader(std::span<const std::byte> bytes) {
    return bytes.size() >= kStreamHeaderBytes &&
           AsText(bytes.first(kStreamMagic.size())) == kStreamMagic;
  }

  // The next raw block; empty at the end.
  Result<std::span<const std::byte>> NextBlock() {
    if (!framed_) return std::exchange(rest_, {});
    while (StartsWithHeader(rest_)) rest_ = rest_.subspan(kStreamHeaderBytes);  // joined streams
    if (rest_.size() < kBlockSizeBytes) {  // up to three bytes left over are ignored, as in Java
      return std::span<const std::byte>();
    }
    const auto size = LoadBigEndian<std::int32_t>(rest_.data());
    rest_ = rest_.subspan(kBlockSizeBytes);
    if (size <= 0 || static_cast<std::size_t>(size) > rest_.size()) {
      return Fail(Errc::kCorrupt, "snappy block of " + std::to_string(size) + " bytes, " +
                                      std::to_string(rest_.size()) + " are left");
    }
    const std::span<const std::byte> block = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(block.size());
    return block;
  }

  // Decompresses `block` into `out` if it fits and returns its size, else into plain_ and returns
  // 0.
  Result<std::size_t> Expand(std::span<const std::byte> block, std::span<std::byte> out) {
    const auto* raw = reinterpret_cast<const char*>(block.data());
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(raw, block.size(), &size) ||
        size > kExpansionMax * block.size()) {
      return Fail(Errc::kCorrupt, "snappy block with an impossible size");
    }
    char* target = reinterpret_cast<char*>(out.data());
    if (size > out.size()) {
      if (size > plain_capacity_) {
        plain_ = std::make_unique_for_overwrite<std::byte[]>(size);
        plain_capacity_ = size;
      }
      target = reinterpret_cast<char*>(plain_.get());
    }
    if (!snappy::RawUncompress(raw, block.size(), target)) {
      return Fail(Errc::kCorrupt, "snappy block is damaged");
    }
    if (size <= out.size()) return size;
    plain_rest_ = std::span(plain_.get(), size);
    return std::size_t{0};
  }

  std::span<const std::byte> rest_;
  bool framed_;
  std::unique_ptr<std::byte[]> plain_;  // one block too large for the caller's buffer
  std::size_t plain_capacity_ = 0;
  std::span<const std::byte> plain_rest_;  // what of it is still to be read
};

class SnappyWriter final : public Compressor {
 public:
  SnappyWriter() {
    out_.append(kStreamMagic);
    AppendInt32(kStreamVersion);
    AppendInt32(kStreamVersion);
  }

  Status Write(std::span<const std::byte> input) override {
    while (!input.empty()) {
      if (pending_.empty() && input.size() >= kBlockInputBytes) {
        AppendBlock(AsText(input.first(kBlockInputBytes)));
        input = input.subspan(kBlockInputBytes);
        continue;
      }
      const std::size_t n = std::min(input.size(), kBlockInputBytes - pending_.size());
      pending_.append(AsText(input.first(n)));
      input = input.subspan(n);
      if (pending_.size() == kBlockInputBytes) FlushPending();
    }
    return {};
  }

  Result<std::string> Finish() override {
    if (!pending_.empty()) FlushPending();
    return std::move(out_);
  }

 private:
  void AppendInt32(std::int32_t value) {
    std::array<char, sizeof value> bytes;
    StoreBigEndian(bytes.data(), value);
    out_.append(bytes.data(), bytes.size());
  }
  void FlushPending() {
    AppendBlock(pending_);
    pending_.clear();
  }
  void AppendBlock(std::string_view plain) {
    const std::size_t size_at = out_.size();
    AppendInt32(0);
    const std::size_t size =
        AppendWith(out_, snappy::MaxCompressedLength(plain.size()), [&](char* at) {
          std::size_t written = 0;
          snappy::RawCompress(plain.data(), plain.size(), at, &written);
          return written;
        });
    StoreBigEndian(out_.data() + size_at, static_cast<std::int32_t>(size));
  }

  std::string out_;
  std::string pending_;  // less than a block
};

}  // namespace

std::unique_ptr<Decompressor> MakeSnappyDecompressor(std::span<const std::byte> input) {
  return std::make_unique<SnappyReader>(input);
}

std::unique_ptr<Compressor> MakeSnappyCompressor() { return std::make_unique<SnappyWriter>(); }

}  // namespace gneiss::records
