// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/metadata_records.h"

#include <cstdint>
#include <type_traits>
#include <utility>

#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace gneiss::server {
namespace {

constexpr std::uint32_t kFrameVersion = 1;

std::unexpected<Error> Unsupported(const char* what, std::uint32_t type, std::uint32_t version) {
  return Fail(Errc::kUnsupportedVersion, std::string(what) + " (type " + std::to_string(type) +
                                             ", version " + std::to_string(version) + ")");
}

template <class Record>
Result<MetadataRecord> DecodeAs(wire::Reader& in, std::uint32_t version) {
  if (version < Record::kMinVersion || version > Record::kMaxVersion) {
    return Unsupported("a metadata record of a newer version", Record::kRecordKey, version);
  }
  GNEISS_ASSIGN_OR_RETURN(Record record, Record::Decode(in, static_cast<std::int16_t>(version)));
  return MetadataRecord(std::move(record));
}

// Tries the alternatives of the variant one after the other: there are a dozen.
template <std::size_t kIndex = 0>
Result<MetadataRecord> DecodeByType(wire::Reader& in, std::uint32_t type, std::uint32_t version) {
  if constexpr (kIndex == std::variant_size_v<MetadataRecord>) {
    return Unsupported("a metadata record of an unknown type", type, version);
  } else {
    using Record = std::variant_alternative_t<kIndex, MetadataRecord>;
    if (type == static_cast<std::uint32_t>(Record::kRecordKey))
      return DecodeAs<Record>(in, version);
    return DecodeByType<kIndex + 1>(in, type, version);
  }
}

}  // namespace

Result<std::string> EncodeMetadataRecord(const MetadataRecord& record) {
  wire::Writer out;
  out.WriteUnsignedVarint(kFrameVersion);
  GNEISS_RETURN_IF_ERROR(std::visit(
      [&out](const auto& message) {
        using Record = std::decay_t<decltype(message)>;
        out.WriteUnsignedVarint(static_cast<std::uint32_t>(Record::kRecordKey));
        out.WriteUnsignedVarint(static_cast<std::uint32_t>(Record::kMaxVersion));
        return message.Encode(out, Record::kMaxVersion);
      },
      record));
  return out.TakeString();
}

Result<MetadataRecord> DecodeMetadataRecord(std::span<const std::byte> bytes) {
  wire::Reader in(bytes);
  const std::uint32_t frame_version = in.ReadUnsignedVarint();
  const std::uint32_t type = in.ReadUnsignedVarint();
  const std::uint32_t version = in.ReadUnsignedVarint();
  GNEISS_RETURN_IF_ERROR(in.status());
  if (frame_version != kFrameVersion) {
    return Fail(Errc::kUnsupportedVersion,
                "a metadata record in frame version " + std::to_string(frame_version));
  }
  return DecodeByType(in, type, version);
}

}  // namespace gneiss::server
