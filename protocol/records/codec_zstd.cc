// SPDX-License-Identifier: Apache-2.0
#include <zstd.h>

#include <algorithm>
#include <utility>

#include "protocol/records/codec_streams.h"
#include "protocol/records/context_pool.h"

namespace gneiss::records {
namespace {

// A context that has grown past this (high levels, wide windows) is not kept for the next batch.
constexpr std::size_t kKeptContextBytes = std::size_t{16} << 20;

// The widest window accepted, 128 MiB: what a producer at level 22 declares even for a small batch.
// The library allocates it, but touches no more of it than there is output.
constexpr int kWindowLogMax = 27;

struct DecompressionKind {
  using Context = ZSTD_DCtx;
  static ZSTD_DCtx* Create() {
    ZSTD_DCtx* context = ZSTD_createDCtx();
    if (context != nullptr) ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, kWindowLogMax);
    return context;
  }
  static void Destroy(ZSTD_DCtx* context) { ZSTD_freeDCtx(context); }
  static bool Reset(ZSTD_DCtx* context) {
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
    return ZSTD_sizeof_DCtx(context) <= kKeptContextBytes;
  }
};

struct CompressionKind {
  using Context = ZSTD_CCtx;
  static ZSTD_CCtx* Create() { return ZSTD_createCCtx(); }
  static void Destroy(ZSTD_CCtx* context) { ZSTD_freeCCtx(context); }
  static bool Reset(ZSTD_CCtx* context) {
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
    return ZSTD_sizeof_CCtx(context) <= kKeptContextBytes;
  }
};

class ZstdReader final : public Decompressor {
 public:
  explicit ZstdReader(std::span<const std::byte> input) : input_{input.data(), input.size(), 0} {}

  Result<std::size_t> Read(std::span<std::byte> out) override {
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    while (output.pos == 0) {
      if (between_frames_ && input_.pos == input_.size) break;
      const std::size_t position = input_.pos;
      const std::size_t code = ZSTD_decompressStream(context_.get(), &output, &input_);
      if (ZSTD_isError(code)) {
        return Fail(Errc::kCorrupt, std::string("zstd frame: ") + ZSTD_getErrorName(code));
      }
      between_frames_ = code == 0;
      if (!between_frames_ && output.pos == 0 && input_.pos == position) {
        return Fail(Errc::kCorrupt, "zstd frame ends too early");
      }
    }
    return output.pos;
  }

 private:
  PooledContext<DecompressionKind> context_;
  ZSTD_inBuffer input_;
  bool between_frames_ = true;
};

void SetLevel(ZSTD_CCtx* context, int level) {
  const int legal = std::clamp(level, ZSTD_minCLevel(), ZSTD_maxCLevel());
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, legal);
}

std::unexpected<Error> CompressionFailed(std::size_t code) {
  return Fail(Errc::kInternal, std::string("zstd: ") + ZSTD_getErrorName(code));
}

class ZstdWriter final : public Compressor {
 public:
  explicit ZstdWriter(int level) { SetLevel(context_.get(), level); }

  Status Write(std::span<const std::byte> input) override { return Run(input, ZSTD_e_continue); }

  Result<std::string> Finish() override {
    GNEISS_RETURN_IF_ERROR(Run({}, ZSTD_e_end));
    return std::move(out_);
  }

 private:
  Status Run(std::span<const std::byte> bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    const std::size_t step = std::min(ZSTD_compressBound(bytes.size()), ZSTD_CStreamOutSize());
    std::size_t code = 0;  // an error, or a hint of how much is still to be flushed
    do {
      AppendWith(out_, step, [&](char* at) {
        ZSTD_outBuffer output{at, step, 0};
        code = ZSTD_compressStream2(context_.get(), &output, &input, directive);
        return output.pos;
      });
      if (ZSTD_isError(code)) return CompressionFailed(code);
    } while (directive == ZSTD_e_end ? code != 0 : input.pos < input.size);
    return {};
  }

  PooledContext<CompressionKind> context_;
  std::string out_;
};

}  // namespace

std::unique_ptr<Decompressor> MakeZstdDecompressor(std::span<const std::byte> input) {
  return std::make_unique<ZstdReader>(input);
}

std::unique_ptr<Compressor> MakeZstdCompressor(int level) {
  return std::make_unique<ZstdWriter>(level);
}

Result<std::string> CompressZstd(int level, std::span<const std::byte> input) {
  PooledContext<CompressionKind> context;
  SetLevel(context.get(), level);
  std::string out;
  std::size_t code = 0;
  const std::size_t room = ZSTD_compressBound(input.size());
  AppendWith(out, room, [&](char* at) {
    code = ZSTD_compress2(context.get(), at, room, input.data(), input.size());
    return ZSTD_isError(code) ? 0 : code;
  });
  if (ZSTD_isError(code)) return CompressionFailed(code);
  return out;
}

}  // namespace gneiss::records
