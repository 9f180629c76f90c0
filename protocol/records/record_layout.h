// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "protocol/base/result.h"
#include "protocol/records/compression.h"
#include "protocol/records/varint.h"

namespace gneiss::records {

// Where the parts of one record lie, as positions in the plain (not compressed) records of its
// batch. Record: length varint, attributes i8, timestamp delta varlong, offset delta varint, key
// and value (varint length, -1 null), header count varint, headers (key never null, value).
struct RecordLayout {
  std::int64_t timestamp_delta = 0;
  std::int32_t offset_delta = 0;
  std::size_t key_at = 0;
  std::int32_t key_size = -1;  // -1: null
  std::size_t value_at = 0;
  std::int32_t value_size = -1;  // -1: null
  std::size_t headers_at = 0;
  std::int32_t header_count = 0;
  std::size_t end = 0;
};

// SpanSource reads records that lie in memory.
class SpanSource {
 public:
  explicit SpanSource(std::span<const std::byte> bytes, std::size_t position = 0)
      : begin_(bytes.data()), at_(begin_ + position), end_(begin_ + bytes.size()) {}

  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  bool AtEnd() { return at_ == end_; }

  bool ReadVarint(std::int32_t& value) { return Advance(records::ReadVarint(at_, end_, value)); }
  bool ReadVarlong(std::int64_t& value) { return Advance(records::ReadVarlong(at_, end_, value)); }
  bool Skip(std::size_t size) {
    if (size > static_cast<std::size_t>(end_ - at_)) return false;
    at_ += size;
    return true;
  }

 private:
  bool Advance(const std::byte* to) {
    if (to == nullptr) return false;
    at_ = to;
    return true;
  }

  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
};

// StreamSource reads records as they come out of a decompressor, one buffer at a time: keys and
// values of any size are skipped in constant memory. When a call fails, error() tells whether the
// stream broke or the records did.
class StreamSource {
 public:
  // Fails with kMessageTooLarge when the stream passes `bytes_max`.
  StreamSource(Codec codec, std::span<const std::byte> input, std::size_t bytes_max);

  std::size_t position() const { return buffer_at_ + static_cast<std::size_t>(at_ - begin()); }
  bool AtEnd() { return at_ == end_ && !Refill(); }
  const std::optional<Error>& error() const { return error_; }

  bool ReadVarint(std::int32_t& value) {
    return ReadWith(kVarint32BytesMax, [&](const std::byte* at, const std::byte* end) {
      return records::ReadVarint(at, end, value);
    });
  }
  bool ReadVarlong(std::int64_t& value) {
    return ReadWith(kVarint64BytesMax, [&](const std::byte* at, const std::byte* end) {
      return records::ReadVarlong(at, end, value);
    });
  }
  bool Skip(std::size_t size) {
    while (size > static_cast<std::size_t>(end_ - at_)) {
      size -= static_cast<std::size_t>(end_ - at_);
      at_ = end_;
      if (!Refill()) return false;
    }
    at_ += size;
    return true;
  }

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{64} << 10;

  const std::byte* begin() const { return buffer_.get(); }
  // Replaces the buffer, all of which was read, by the next bytes. False at the end or on an error.
  bool Refill();

  // Runs `read` (a varint reader) at the current position.
  template <class Read>
  bool ReadWith(std::size_t bytes_max, Read read) {
    if (static_cast<std::size_t>(end_ - at_) < bytes_max) return ReadAcross(bytes_max, read);
    const std::byte* const next = read(at_, end_);
    if (next == nullptr) return false;
    at_ = next;
    return true;
  }
  // The same where the number may go on in the next buffer: its bytes are gathered first.
  template <class Read>
  bool ReadAcross(std::size_t bytes_max, Read read) {
    std::array<std::byte, kVarint64BytesMax> bytes;
    std::size_t size = 0;
    while (size < bytes_max && !AtEnd()) {
      bytes[size] = *at_++;
      if ((bytes[size++] & std::byte{0x80}) == std::byte{0}) break;
    }
    return read(bytes.data(), bytes.data() + size) != nullptr;
  }

  std::unique_ptr<Decompressor> stream_;
  std::size_t bytes_max_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t buffer_at_ = 0;  // position of the buffer's first byte
  const std::byte* at_;
  const std::byte* end_;
  std::optional<Error> error_;
};

// Reads the headers of a record that ends at `end`.
template <class Source>
bool SkipHeaders(Source& in, std::int32_t count, std::size_t end) {
  constexpr std::size_t kHeaderBytesMin = 2;  // two lengths
  if (count < 0 || in.position() > end) return false;
  if (static_cast<std::size_t>(count) > (end - in.position()) / kHeaderBytesMin) return false;
  for (; count > 0; --count) {
    std::int32_t key_size;
    std::int32_t value_size;
    if (!in.ReadVarint(key_size) || key_size < 0) return false;
    if (!in.Skip(static_cast<std::size_t>(key_size))) return false;
    if (!in.ReadVarint(value_size) || value_size < -1) return false;
    if (!in.Skip(static_cast<std::size_t>(std::max(value_size, 0)))) return false;
  }
  return true;
}

// Reads one record and leaves `in` behind it. False if a length or count does not fit the others:
// the parts of a record must fill its length to the byte.
template <class Source>
bool ReadRecordLayout(Source& in, RecordLayout& out) {
  constexpr std::size_t kAttributesBytes = 1;  // no bit of it has a meaning
  std::int32_t length;
  if (!in.ReadVarint(length) || length < 0) return false;
  out.end = in.position() + static_cast<std::size_t>(length);
  if (!in.Skip(kAttributesBytes)) return false;
  if (!in.ReadVarlong(out.timestamp_delta) || !in.ReadVarint(out.offset_delta)) return false;

  if (!in.ReadVarint(out.key_size) || out.key_size < -1) return false;
  out.key_at = in.position();
  if (!in.Skip(static_cast<std::size_t>(std::max(out.key_size, 0)))) return false;

  if (!in.ReadVarint(out.value_size) || out.value_size < -1) return false;
  out.value_at = in.position();
  if (!in.Skip(static_cast<std::size_t>(std::max(out.value_size, 0)))) return false;

  if (!in.ReadVarint(out.header_count)) return false;
  out.headers_at = in.position();
  if (!SkipHeaders(in, out.header_count, out.end)) return false;
  return in.position() == out.end;
}

}  // namespace gneiss::records
