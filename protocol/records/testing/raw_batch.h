// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/record_batch.h"
#include "protocol/records/varint.h"

// Records and batches put together byte by byte, so that each part can be wrong.
namespace gneiss::records::testing {

inline std::string Varint(std::int64_t value) {
  std::string out;
  AppendVarint(out, value);
  return out;
}

// A record as it lies in a batch. The lengths follow from the parts unless they are given.
struct RawRecord {
  std::int32_t offset_delta = 0;
  std::int64_t timestamp_delta = 0;
  std::optional<std::string_view> key = "k";
  std::optional<std::string_view> value = "v";
  std::string headers = Varint(0);  // count and headers
  std::string tail = {};            // behind the headers
  char attributes = 0;
  std::optional<std::int64_t> length = std::nullopt;
  std::optional<std::int64_t> key_length = std::nullopt;
  std::optional<std::int64_t> value_length = std::nullopt;

  std::string Encode() const {
    std::string body(1, attributes);
    AppendVarint(body, timestamp_delta);
    AppendVarint(body, offset_delta);
    AppendPart(body, key, key_length);
    AppendPart(body, value, value_length);
    body += headers + tail;
    return Varint(length.value_or(static_cast<std::int64_t>(body.size()))) + body;
  }

 private:
  static void AppendPart(std::string& out, const std::optional<std::string_view>& part,
                         const std::optional<std::int64_t>& length) {
    const std::int64_t real = part.has_value() ? static_cast<std::int64_t>(part->size()) : -1;
    AppendVarint(out, length.value_or(real));
    if (part.has_value()) out.append(*part);
  }
};

// `header` with the length and CRC that fit `records`, then `records`.
inline std::string RawBatch(BatchHeader header, std::string_view records) {
  header.batch_length = kMinBatchLength + static_cast<std::int32_t>(records.size());
  StampedHeader stamped(header);
  stamped.Seal(AsBytes(records));
  return std::string(AsText(stamped.bytes())).append(records);
}

// The same for `count` records with the offsets 0 to count-1.
inline std::string RawBatch(std::int32_t count, std::string_view records,
                            TimestampMs timestamp = 1000) {
  return RawBatch(BatchHeader{.last_offset_delta = count - 1,
                              .base_timestamp = timestamp,
                              .max_timestamp = timestamp,
                              .record_count = count},
                  records);
}

}  // namespace gneiss::records::testing
