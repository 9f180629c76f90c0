// SPDX-License-Identifier: Apache-2.0
// A request as it comes from a connection: size prefix, header, body.

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "protocol/api_keys.h"
#include "protocol/frame.h"
#include "protocol/fuzz/allocations.h"
#include "protocol/gen/testing/message_case.h"

namespace gneiss::protocol {
namespace {

constexpr std::size_t kFrameBytesMax = 1 << 20;
constexpr std::size_t kExpansionMax = 43 * 4;
constexpr std::size_t kAllocatedBytesMin = 4096;

const testing::MessageCase* RequestOf(std::int16_t api_key) {
  static const auto requests = [] {
    std::map<std::int16_t, const testing::MessageCase*> by_key;
    for (const testing::MessageCase& type : testing::AllMessages()) {
      if (type.api_key >= 0 && type.name.ends_with("Request")) by_key[type.api_key] = &type;
    }
    return by_key;
  }();
  const auto found = requests.find(api_key);
  return found == requests.end() ? nullptr : found->second;
}

void DecodeRequest(const SharedBytes& frame) {
  wire::Reader in(frame);
  const Result<FrameHeader> header = ReadFrameHeader(in);
  if (!header) return;
  const testing::MessageCase* type = RequestOf(header->api_key);
  if (type == nullptr || header->api_version < type->min_version) return;
  const wire::Form form = wire::FormOf(header->api_version, type->first_flexible);
  (void)ResponseHeaderVersionOf(header->api_key, form);
  if (form == wire::Form::kCompact && !SkipHeaderTags(in)) return;
  (void)type->decode(in, header->api_version);
}

}  // namespace
}  // namespace gneiss::protocol

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gneiss;
  using namespace gneiss::protocol;
  const std::span<const std::byte> input(reinterpret_cast<const std::byte*>(data), size);
  if (size < kFrameSizeBytes) return 0;
  const Result<std::size_t> frame_bytes =
      ParseFrameSize(input.first<kFrameSizeBytes>(), kFrameBytesMax);
  if (!frame_bytes) return 0;
  fuzz::Require(*frame_bytes > 0 && *frame_bytes <= kFrameBytesMax, "the size is within limits");
  RequestOf(0);  // builds its table before allocations are counted
  // The size is often wrong after a mutation; what stands behind it is worth decoding all the same.
  const SharedBytes frame = SharedBytes::CopyOf(input.subspan(kFrameSizeBytes));
  const fuzz::AllocationLimit limit(kAllocatedBytesMin + kExpansionMax * frame.size());
  DecodeRequest(frame);
  return 0;
}
