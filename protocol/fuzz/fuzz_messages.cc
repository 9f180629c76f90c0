// SPDX-License-Identifier: Apache-2.0
// Every generated message in every version. An input is
//   message u16, version u8, mode u8, rest
// Mode 0 to 127 decodes `rest`. The other half decodes a valid body of random content (the mode and
// the first byte of `rest` are its seed) after edits: three bytes each, a position and a new value.

#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/base/big_endian.h"
#include "protocol/fuzz/allocations.h"
#include "protocol/gen/testing/message_case.h"

namespace gneiss::protocol {
namespace {

using testing::AnyMessage;
using testing::MessageCase;

constexpr std::size_t kHeadBytes = 4;
// At worst an array element takes 43 bytes of memory for each on the wire (ListGroupsResponse), and
// a vector that grows by doubling allocates up to four times its final content.
constexpr std::size_t kExpansionMax = 43 * 4;
constexpr std::size_t kAllocatedBytesMin = 4096;

std::string EditedBody(const MessageCase& type, std::int16_t version, std::string_view input) {
  const auto seed = LoadBigEndian<std::uint16_t>(input.data());
  testing::RandomFill random(seed);
  wire::Writer out;
  fuzz::Require(type.random(random, version)->Encode(out, version).has_value(), "encodes");
  std::string body = out.TakeString();
  for (std::size_t at = 2; at + 3 <= input.size() && !body.empty(); at += 3) {
    body[LoadBigEndian<std::uint16_t>(input.data() + at) % body.size()] = input[at + 2];
  }
  return body;
}

Result<std::unique_ptr<AnyMessage>> DecodeWithinLimits(const MessageCase& type,
                                                       std::int16_t version,
                                                       const SharedBytes& body) {
  const fuzz::AllocationLimit limit(kAllocatedBytesMin + kExpansionMax * body.size());
  wire::Reader in(body);
  return type.decode(in, version);
}

SharedBytes Encoded(const AnyMessage& message, std::int16_t version) {
  wire::Writer out;
  fuzz::Require(message.Encode(out, version).has_value(), "what was decoded encodes");
  return SharedBytes::Own(out.TakeString());
}

void Check(const MessageCase& type, std::int16_t version, const SharedBytes& body) {
  const auto first = DecodeWithinLimits(type, version, body);
  if (!first) return;
  const SharedBytes bytes = Encoded(**first, version);
  const auto second = DecodeWithinLimits(type, version, bytes);
  fuzz::Require(second.has_value(), "what was encoded decodes");
  // Not Equals(): a NaN is never equal to itself.
  const std::size_t everything = bytes.size();
  fuzz::Require((*first)->Describe(everything) == (*second)->Describe(everything), "same fields");
  fuzz::Require(Encoded(**second, version) == bytes, "same bytes");
}

}  // namespace
}  // namespace gneiss::protocol

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gneiss;
  if (size < protocol::kHeadBytes) return 0;
  const auto& all = protocol::testing::AllMessages();
  const protocol::testing::MessageCase& type = all[LoadBigEndian<std::uint16_t>(data) % all.size()];
  const int versions = type.max_version - type.min_version + 1;
  const auto version = static_cast<std::int16_t>(type.min_version + data[2] % versions);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (data[3] < 128) {
    protocol::Check(type, version, SharedBytes::CopyOf(input.substr(protocol::kHeadBytes)));
  } else if (size > protocol::kHeadBytes) {
    protocol::Check(type, version,
                    SharedBytes::Own(protocol::EditedBody(type, version,
                                                          input.substr(protocol::kHeadBytes - 1))));
  }
  return 0;
}
