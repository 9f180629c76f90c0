// SPDX-License-Identifier: Apache-2.0
//
// Decompresses the input, whose first byte chooses the codec and the size of the reader's window.
// Reading in steps and at once must agree, and no output passes its limit.
#include <glog/logging.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "protocol/base/shared_bytes.h"
#include "protocol/fuzz/allocations.h"
#include "protocol/records/compression.h"

namespace {

using namespace gneiss;           // NOLINT: a program of its own
using namespace gneiss::records;  // NOLINT

constexpr std::size_t kPlainBytesMax = std::size_t{256} << 10;  // bounds the time of one input

// What comes out until the end; nothing if the stream breaks or passes the limit.
std::optional<std::string> ReadInSteps(Codec codec, std::span<const std::byte> input,
                                       std::size_t step) {
  const auto stream = Decompressor::Create(codec, input);
  std::array<std::byte, 4096> window;
  std::string out;
  while (true) {
    const auto n = stream->Read(std::span(window).first(step));
    if (!n.has_value() || out.size() + *n > kPlainBytesMax) return std::nullopt;
    if (*n == 0) return out;
    CHECK_LE(*n, step);
    out += AsText(std::span(window).first(*n));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array<std::size_t, 4> kSteps{61, 300, 1000, 4096};
  const auto codec = static_cast<Codec>(1 + data[0] % (kCodecCount - 1));
  const std::size_t step = kSteps[(data[0] >> 4) % kSteps.size()];
  const auto input = std::as_bytes(std::span(data, size)).subspan(1);

  const std::size_t allocated = fuzz::AllocatedBytes();
  const auto whole = Decompress(codec, input, kPlainBytesMax);
  // Half of a growing string was there before it grew; snappy needs its largest block whole.
  const std::size_t output = whole.has_value() ? whole->size() : kPlainBytesMax;
  CHECK_LE(fuzz::AllocatedBytes() - allocated, (std::size_t{256} << 10) + 32 * size + 6 * output);
  const auto in_steps = ReadInSteps(codec, input, step);
  CHECK_EQ(whole.has_value(), in_steps.has_value());
  if (!whole.has_value()) return 0;
  CHECK(*whole == *in_steps);
  CHECK_LE(whole->size(), kPlainBytesMax);

  const auto again = Compress(codec, DefaultLevel(codec), AsBytes(*whole));
  CHECK(Decompress(codec, AsBytes(*again), kPlainBytesMax).value() == *whole);
  return 0;
}
