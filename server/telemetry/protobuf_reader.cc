// SPDX-License-Identifier: Apache-2.0
#include "server/telemetry/protobuf_reader.h"

#include <bit>

namespace gneiss::server {
namespace {

// How a value is written, the low three bits of a field's tag.
enum WireType : std::uint64_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

constexpr std::uint64_t kFieldMax = (1u << 29) - 1;

}  // namespace

bool ProtobufReader::Next() {
  if (failed_ || rest_.empty()) return false;
  number_ = 0;
  bytes_ = {};
  std::uint64_t tag = 0;
  if (!ReadVarint(tag)) return false;
  if (tag >> 3 == 0 || tag >> 3 > kFieldMax) return Fail();
  field_ = static_cast<int>(tag >> 3);
  switch (tag & 7) {
    case kVarint:
      return ReadVarint(number_);
    case kFixed64:
      return ReadFixed(8);
    case kFixed32:
      return ReadFixed(4);
    case kLengthDelimited:
      return ReadBytes();
    default:
      return Fail();
  }
}

double ProtobufReader::floating() const { return std::bit_cast<double>(number_); }

std::string_view ProtobufReader::text() const {
  return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

bool ProtobufReader::Fail() {
  failed_ = true;
  return false;
}

bool ProtobufReader::ReadVarint(std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return Fail();
    const auto byte = static_cast<std::uint64_t>(rest_.front());
    rest_ = rest_.subspan(1);
    value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return Fail();
}

bool ProtobufReader::ReadFixed(std::size_t size) {
  if (rest_.size() < size) return Fail();
  for (std::size_t i = 0; i < size; ++i) {
    number_ |= static_cast<std::uint64_t>(rest_[i]) << (8 * i);
  }
  rest_ = rest_.subspan(size);
  return true;
}

bool ProtobufReader::ReadBytes() {
  std::uint64_t size = 0;
  if (!ReadVarint(size)) return false;
  if (size > rest_.size()) return Fail();
  bytes_ = rest_.first(static_cast<std::size_t>(size));
  rest_ = rest_.subspan(static_cast<std::size_t>(size));
  return true;
}

}  // namespace gneiss::server
