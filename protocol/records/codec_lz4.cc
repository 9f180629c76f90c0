// SPDX-License-Identifier: Apache-2.0
#include <lz4frame.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "protocol/records/codec_streams.h"
#include "protocol/records/context_pool.h"

namespace gneiss::records {
namespace {

struct DecompressionKind {
  using Context = LZ4F_dctx;
  static LZ4F_dctx* Create() {
    LZ4F_dctx* context = nullptr;
    return LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) ? nullptr
                                                                                 : context;
  }
  static void Destroy(LZ4F_dctx* context) { LZ4F_freeDecompressionContext(context); }
  static bool Reset(LZ4F_dctx* context) {
    LZ4F_resetDecompressionContext(context);
    return true;
  }
};

struct CompressionKind {
  using Context = LZ4F_cctx;
  static LZ4F_cctx* Create() {
    LZ4F_cctx* context = nullptr;
    return LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION)) ? nullptr : context;
  }
  static void Destroy(LZ4F_cctx* context) { LZ4F_freeCompressionContext(context); }
  static bool Reset(LZ4F_cctx*) { return true; }  // LZ4F_compressBegin starts anew
};

// Reads the first frame of the input. The Java clients read no other and cannot follow references
// across blocks, so a batch that only we could read is refused.
class Lz4Reader final : public Decompressor {
 public:
  explicit Lz4Reader(std::span<const std::byte> input) : rest_(input), done_(input.empty()) {}

  Result<std::size_t> Read(std::span<std::byte> out) override {
    if (!started_ && !done_) GNEISS_RETURN_IF_ERROR(CheckStart());
    std::size_t written = 0;
    while (!done_ && written == 0) {
      written = out.size();
      std::size_t taken = rest_.size();
      const std::size_t code = LZ4F_decompress(context_.get(), out.data(), &written, rest_.data(),
                                               &taken, /*options=*/nullptr);
      if (LZ4F_isError(code)) {
        return Fail(Errc::kCorrupt, std::string("lz4 frame: ") + LZ4F_getErrorName(code));
      }
      rest_ = rest_.subspan(taken);
      done_ = code == 0;
      if (!done_ && written == 0 && taken == 0) {
        return Fail(Errc::kCorrupt, "lz4 frame ends too early");
      }
    }
    return written;
  }

 private:
  // The magic number (little-endian) and the flags behind it, before the library reads them.
  Status CheckStart() {
    constexpr std::byte kMagic[] = {std::byte{0x04}, std::byte{0x22}, std::byte{0x4d},
                                    std::byte{0x18}};
    constexpr std::byte kIndependentBlocks{0x20};
    started_ = true;
    if (rest_.size() <= sizeof kMagic || !std::ranges::equal(rest_.first(sizeof kMagic), kMagic)) {
      return Fail(Errc::kCorrupt, "not an lz4 frame");
    }
    if ((rest_[sizeof kMagic] & kIndependentBlocks) == std::byte{0}) {
      return Fail(Errc::kCorrupt, "lz4 frame with dependent blocks");
    }
    return {};
  }

  PooledContext<DecompressionKind> context_;
  std::span<const std::byte> rest_;
  bool started_ = false;
  bool done_;
};

// The level of liblz4 for a Kafka level. Kafka's default, 9, means the fast compressor there; the
// numbers around it mean the thorough one.
int LibraryLevel(int level) {
  constexpr int kKafkaDefault = 9;
  constexpr int kFast = 0;
  return level == kKafkaDefault ? kFast : std::clamp(level, 1, LZ4F_compressionLevel_max());
}

class Lz4Writer final : public Compressor {
 public:
  explicit Lz4Writer(int level) {
    preferences_.frameInfo.blockSizeID = LZ4F_max64KB;
    preferences_.frameInfo.blockMode = LZ4F_blockIndependent;
    preferences_.compressionLevel = LibraryLevel(level);
    status_ = Append(LZ4F_HEADER_SIZE_MAX, [&](char* at) {
      return LZ4F_compressBegin(context_.get(), at, LZ4F_HEADER_SIZE_MAX, &preferences_);
    });
  }

  Status Write(std::span<const std::byte> input) override {
    GNEISS_RETURN_IF_ERROR(status_);
    constexpr std::size_t kStep = std::size_t{1} << 20;  // bounds the room that is made ahead
    while (!input.empty()) {
      const std::span<const std::byte> part = input.first(std::min(kStep, input.size()));
      const std::size_t room = LZ4F_compressBound(part.size(), &preferences_);
      GNEISS_RETURN_IF_ERROR(Append(room, [&](char* at) {
        return LZ4F_compressUpdate(context_.get(), at, room, part.data(), part.size(),
                                   /*options=*/nullptr);
      }));
      input = input.subspan(part.size());
    }
    return {};
  }

  Result<std::string> Finish() override {
    GNEISS_RETURN_IF_ERROR(status_);
    const std::size_t room = LZ4F_compressBound(0, &preferences_);
    GNEISS_RETURN_IF_ERROR(Append(room, [&](char* at) {
      return LZ4F_compressEnd(context_.get(), at, room, /*options=*/nullptr);
    }));
    return std::move(out_);
  }

 private:
  // Appends what `step` writes; its result is a size or an error of the library.
  template <class Step>
  Status Append(std::size_t room, Step step) {
    std::size_t code = 0;
    AppendWith(out_, room, [&](char* at) {
      code = step(at);
      return LZ4F_isError(code) ? 0 : code;
    });
    if (LZ4F_isError(code)) {
      return Fail(Errc::kInternal, std::string("lz4: ") + LZ4F_getErrorName(code));
    }
    return {};
  }

  PooledContext<CompressionKind> context_;
  LZ4F_preferences_t preferences_ = LZ4F_INIT_PREFERENCES;
  std::string out_;
  Status status_;  // of the frame's start
};

}  // namespace

std::unique_ptr<Decompressor> MakeLz4Decompressor(std::span<const std::byte> input) {
  return std::make_unique<Lz4Reader>(input);
}

std::unique_ptr<Compressor> MakeLz4Compressor(int level) {
  return std::make_unique<Lz4Writer>(level);
}

}  // namespace gneiss::records
