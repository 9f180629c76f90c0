// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "protocol/records/codec_streams.h"
#include "protocol/records/context_pool.h"

namespace gneiss::records {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // zlib's way to ask for RFC 1952 instead of RFC 1950
constexpr int kMemoryLevel = 8;           // zlib's default

struct InflateKind {
  using Context = z_stream;
  static z_stream* Create() {
    auto stream = std::make_unique<z_stream>();
    return inflateInit2(stream.get(), kGzipWindowBits) == Z_OK ? stream.release() : nullptr;
  }
  static void Destroy(z_stream* stream) {
    inflateEnd(stream);
    delete stream;
  }
  static bool Reset(z_stream* stream) { return inflateReset(stream) == Z_OK; }
};

struct DeflateKind {
  using Context = z_stream;
  static z_stream* Create() {
    auto stream = std::make_unique<z_stream>();
    const int code = deflateInit2(stream.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits,
                                  kMemoryLevel, Z_DEFAULT_STRATEGY);
    return code == Z_OK ? stream.release() : nullptr;
  }
  static void Destroy(z_stream* stream) {
    deflateEnd(stream);
    delete stream;
  }
  static bool Reset(z_stream* stream) { return deflateReset(stream) == Z_OK; }
};

Bytef* Raw(const std::byte* bytes) {  // zlib's next_in is not const, yet only read
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes));
}

// zlib counts in 32 bits; longer runs go in pieces.
uInt Clip(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class GzipReader final : public Decompressor {
 public:
  explicit GzipReader(std::span<const std::byte> input) : rest_(input), done_(input.empty()) {}

  Result<std::size_t> Read(std::span<std::byte> out) override {
    const uInt room = Clip(out.size());
    stream_->next_out = Raw(out.data());
    stream_->avail_out = room;
    while (!done_ && stream_->avail_out == room) {
      const uInt offered = Clip(rest_.size());
      stream_->next_in = Raw(rest_.data());
      stream_->avail_in = offered;
      const int code = inflate(stream_.get(), Z_NO_FLUSH);
      rest_ = rest_.subspan(offered - stream_->avail_in);
      if (code == Z_STREAM_END) {
        EndMember();
      } else if (code != Z_OK) {  // Z_BUF_ERROR: no input left, the trailer has not come
        return Fail(Errc::kCorrupt,
                    code == Z_BUF_ERROR ? "gzip stream ends too early" : "gzip stream is damaged");
      }
    }
    return room - stream_->avail_out;
  }

 private:
  // Goes on with the next member; as gzip does, ignores bytes behind the last that are none.
  void EndMember() {
    constexpr std::byte kMagic0{0x1f};
    constexpr std::byte kMagic1{0x8b};
    done_ = rest_.size() < 2 || rest_[0] != kMagic0 || rest_[1] != kMagic1 ||
            inflateReset(stream_.get()) != Z_OK;
  }

  PooledContext<InflateKind> stream_;
  std::span<const std::byte> rest_;
  bool done_;
};

class GzipWriter final : public Compressor {
 public:
  explicit GzipWriter(int level) {
    stream_->next_in = Z_NULL;
    stream_->avail_in = 0;
    stream_->next_out = Z_NULL;
    stream_->avail_out = 0;
    deflateParams(stream_.get(), level < 0 ? Z_DEFAULT_COMPRESSION : std::clamp(level, 1, 9),
                  Z_DEFAULT_STRATEGY);
  }

  Status Write(std::span<const std::byte> input) override {
    while (!input.empty()) {
      const uInt offered = Clip(input.size());
      stream_->next_in = Raw(input.data());
      stream_->avail_in = offered;
      GNEISS_RETURN_IF_ERROR(Drain(Z_NO_FLUSH));
      input = input.subspan(offered);
    }
    return {};
  }

  Result<std::string> Finish() override {
    GNEISS_RETURN_IF_ERROR(Drain(Z_FINISH));
    return std::move(out_);
  }

 private:
  // Runs deflate until it has taken its input and leaves room in the output.
  Status Drain(int flush) {
    constexpr uInt kStep = 32U << 10;
    int code = Z_OK;
    do {
      AppendWith(out_, kStep, [&](char* at) {
        stream_->next_out = reinterpret_cast<Bytef*>(at);
        stream_->avail_out = kStep;
        code = deflate(stream_.get(), flush);
        return kStep - stream_->avail_out;
      });
      if (code == Z_STREAM_ERROR) return Fail(Errc::kInternal, "deflate refuses its state");
    } while (stream_->avail_out == 0);
    return {};
  }

  PooledContext<DeflateKind> stream_;
  std::string out_;
};

}  // namespace

std::unique_ptr<Decompressor> MakeGzipDecompressor(std::span<const std::byte> input) {
  return std::make_unique<GzipReader>(input);
}

std::unique_ptr<Compressor> MakeGzipCompressor(int level) {
  return std::make_unique<GzipWriter>(level);
}

}  // namespace gneiss::records
