// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "protocol/base/result.h"
#include "protocol/wire/form.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace gneiss::protocol {

// A frame is a big-endian int32 and as many bytes: one request or one response.
inline constexpr std::size_t kFrameSizeBytes = 4;

// The number of bytes that follow the prefix; kMalformed if it is zero, negative or above the
// limit, which is also how TLS or HTTP on a Kafka port show themselves. Then the connection must be
// closed.
Result<std::size_t> ParseFrameSize(std::span<const std::byte, kFrameSizeBytes> prefix,
                                   std::size_t frame_bytes_max);

// FrameHeader is what every request begins with, in header versions 1 and 2.
struct FrameHeader {
  std::int16_t api_key = 0;
  std::int16_t api_version = 0;
  std::int32_t correlation_id = 0;
  std::optional<std::string> client_id;
};

// Reads the part that both header versions share, up to the client id. If the request's version is
// flexible, SkipHeaderTags must follow before the body is decoded. It is a call of its own because
// ApiVersions of a version unknown to us must be answered without looking any further.
Result<FrameHeader> ReadFrameHeader(wire::Reader& in);
Status SkipHeaderTags(wire::Reader& in);

// Header version 1 has tagged fields behind the correlation id. The answer to ApiVersions always
// has version 0: its client does not know yet what the broker speaks.
enum class ResponseHeaderVersion { kV0, kV1 };
ResponseHeaderVersion ResponseHeaderVersionOf(std::int16_t api_key, wire::Form request_form);

// A response frame: BeginResponse, encode the body, EndResponse. REQUIRES: `out` is empty before.
void BeginResponse(wire::Writer& out, std::int32_t correlation_id, ResponseHeaderVersion version);
// Fills in the size. Fails if writing did, or if the frame is too large for its prefix.
Status EndResponse(wire::Writer& out);

}  // namespace gneiss::protocol
