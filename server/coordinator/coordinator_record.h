// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "protocol/base/big_endian.h"
#include "protocol/base/result.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace gneiss::server {

// A record of a coordinator's internal topic. ON DISK, and read by Kafka's brokers and tools: a key
// is an int16 type and its fields, a value an int16 version and its fields; no value is a
// tombstone.
struct CoordinatorRecord {
  std::string key;
  std::optional<std::string> value;

  std::size_t size() const { return key.size() + (value ? value->size() : 0); }
};

// The only version of every key.
inline constexpr std::int16_t kCoordinatorKeyVersion = 0;

// An int16, the type of a key or the version of a value, and the message. kMalformed for what is
// longer than its format can hold.
template <class Message>
Result<std::string> EncodeTagged(std::int16_t tag, const Message& message, std::int16_t version) {
  std::string bytes(sizeof tag, '\0');
  StoreBigEndian(bytes.data(), tag);
  GNEISS_ASSIGN_OR_RETURN(const std::string fields, wire::EncodeToString(message, version));
  return bytes + fields;
}

template <class Key>
Result<CoordinatorRecord> EncodeTombstone(const Key& key) {
  CoordinatorRecord record;
  GNEISS_ASSIGN_OR_RETURN(record.key, EncodeTagged(Key::kRecordKey, key, kCoordinatorKeyVersion));
  return record;
}

template <class Key, class Value>
Result<CoordinatorRecord> EncodeRecord(const Key& key, const Value& value, std::int16_t version) {
  GNEISS_ASSIGN_OR_RETURN(CoordinatorRecord record, EncodeTombstone(key));
  GNEISS_ASSIGN_OR_RETURN(record.value, EncodeTagged(version, value, version));
  return record;
}

// kUnsupportedVersion for a value newer than known.
template <class Value>
Result<Value> DecodeCoordinatorValue(std::span<const std::byte> bytes) {
  wire::Reader in(bytes);
  const std::int16_t version = in.ReadInt16();
  GNEISS_RETURN_IF_ERROR(in.status());
  if (version < Value::kMinVersion || version > Value::kMaxVersion) {
    return Fail(Errc::kUnsupportedVersion,
                std::string(Value::kName) + " version " + std::to_string(version));
  }
  return Value::Decode(in, version);
}

}  // namespace gneiss::server
