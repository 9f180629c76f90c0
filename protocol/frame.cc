// SPDX-License-Identifier: Apache-2.0
#include "protocol/frame.h"

#include <limits>

#include "protocol/api_keys.h"
#include "protocol/base/big_endian.h"

namespace gneiss::protocol {

Result<std::size_t> ParseFrameSize(std::span<const std::byte, kFrameSizeBytes> prefix,
                                   std::size_t frame_bytes_max) {
  const auto size = LoadBigEndian<std::int32_t>(prefix.data());
  if (size <= 0 || static_cast<std::size_t>(size) > frame_bytes_max) {
    return Fail(Errc::kMalformed, "a frame of " + std::to_string(size) +
                                      " bytes, allowed are 1 to " +
                                      std::to_string(frame_bytes_max));
  }
  return static_cast<std::size_t>(size);
}

Result<FrameHeader> ReadFrameHeader(wire::Reader& in) {
  FrameHeader header;
  header.api_key = in.ReadInt16();
  header.api_version = in.ReadInt16();
  header.correlation_id = in.ReadInt32();
  header.client_id = in.ReadNullableString(wire::Form::kClassic);
  GNEISS_RETURN_IF_ERROR(in.status());
  return header;
}

Status SkipHeaderTags(wire::Reader& in) {
  in.SkipTags();
  return in.status();
}

ResponseHeaderVersion ResponseHeaderVersionOf(std::int16_t api_key, wire::Form request_form) {
  const bool plain = api_key == static_cast<std::int16_t>(ApiKey::kApiVersions) ||
                     request_form == wire::Form::kClassic;
  return plain ? ResponseHeaderVersion::kV0 : ResponseHeaderVersion::kV1;
}

void BeginResponse(wire::Writer& out, std::int32_t correlation_id, ResponseHeaderVersion version) {
  out.WriteInt32(0);  // the size, see EndResponse
  out.WriteInt32(correlation_id);
  if (version == ResponseHeaderVersion::kV1) out.WriteUnsignedVarint(0);
}

Status EndResponse(wire::Writer& out) {
  GNEISS_RETURN_IF_ERROR(out.status());
  const std::size_t size = out.size() - kFrameSizeBytes;
  if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    return Fail(Errc::kInternal, "a response of " + std::to_string(size) + " bytes");
  }
  out.PatchInt32(0, static_cast<std::int32_t>(size));
  return {};
}

}  // namespace gneiss::protocol
