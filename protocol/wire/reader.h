// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/big_endian.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/form.h"
#include "protocol/wire/records.h"

namespace gneiss::wire {

// Reader takes Kafka's primitive types from a run of bytes, front to back.
//
// Errors are sticky: after the first one every read gives zero, null or empty, and ok() is false.
// A decoder therefore reads straight ahead and looks once, at the end and after each array element.
// Every length is compared with the bytes that are left before anything is allocated.
// Threads: one at a time.
class Reader {
 public:
  // Bytes and records fields become slices that keep `frame` alive.
  explicit Reader(SharedBytes frame)
      : frame_(std::move(frame)),
        begin_(frame_.data()),
        at_(begin_),
        end_(begin_ + frame_.size()),
        sharing_(true) {}
  // `bytes` must outlive the reader; bytes and records fields are copied.
  explicit Reader(std::span<const std::byte> bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()), sharing_(false) {}

  bool ok() const { return failure_ == nullptr; }
  Status status() const;  // kMalformed, with the reason and the position
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }

  // Makes the reader fail; the first reason stays. `reason` must be a literal.
  void Fail(const char* reason);

  bool ReadBool() { return ReadInt<std::uint8_t>() != 0; }
  std::int8_t ReadInt8() { return ReadInt<std::int8_t>(); }
  std::int16_t ReadInt16() { return ReadInt<std::int16_t>(); }
  std::uint16_t ReadUint16() { return ReadInt<std::uint16_t>(); }
  std::int32_t ReadInt32() { return ReadInt<std::int32_t>(); }
  std::uint32_t ReadUint32() { return ReadInt<std::uint32_t>(); }
  std::int64_t ReadInt64() { return ReadInt<std::int64_t>(); }
  double ReadFloat64() { return std::bit_cast<double>(ReadInt<std::uint64_t>()); }
  Uuid ReadUuid();

  // 7 bits a byte, low group first. The signed ones are zig-zag and occur only inside records.
  std::uint32_t ReadUnsignedVarint() {
    if (at_ != end_ && static_cast<std::uint8_t>(*at_) < 0x80) {
      return static_cast<std::uint32_t>(*at_++);
    }
    return static_cast<std::uint32_t>(ReadLongVarint(32));
  }
  std::int32_t ReadVarint() {
    const std::uint32_t raw = ReadUnsignedVarint();
    return static_cast<std::int32_t>((raw >> 1) ^ (0U - (raw & 1)));
  }
  std::int64_t ReadVarlong() {
    const std::uint64_t raw = ReadLongVarint(64);
    return static_cast<std::int64_t>((raw >> 1) ^ (0ULL - (raw & 1)));
  }

  // The next `count` bytes themselves, valid as long as the reader's input.
  std::span<const std::byte> ReadRaw(std::size_t count) {
    const std::byte* from = Take(count);
    return from == nullptr ? std::span<const std::byte>() : std::span(from, count);
  }

  std::string ReadString(Form form);
  std::optional<std::string> ReadNullableString(Form form, Null null = Null::kAllowed);
  SharedBytes ReadBytes(Form form);
  std::optional<SharedBytes> ReadNullableBytes(Form form, Null null = Null::kAllowed);
  Records ReadRecords(Form form) { return Records(ReadBytes(form)); }
  std::optional<Records> ReadNullableRecords(Form form, Null null = Null::kAllowed);

  // Arrays. `element_bytes_min` is the size of the smallest element on the wire, at least 1; a
  // count that the remaining bytes cannot hold is refused. `read_one(T&)` decodes one element.
  template <class T, class ReadOne>
  void ReadArray(Form form, std::size_t element_bytes_min, std::vector<T>& out, ReadOne read_one) {
    const std::optional<std::size_t> count = ReadCount(form, element_bytes_min, Null::kForbidden);
    if (count) ReadElements(*count, out, read_one);
  }
  template <class T, class ReadOne>
  void ReadNullableArray(Form form, std::size_t element_bytes_min, Null null,
                         std::optional<std::vector<T>>& out, ReadOne read_one) {
    out.reset();
    const std::optional<std::size_t> count = ReadCount(form, element_bytes_min, null);
    if (count) ReadElements(*count, out.emplace(), read_one);
  }

  // In front of a nullable struct: true if the struct follows. Kafka writes it as an int8 (-1 null,
  // 1 present) in an ordinary field and as an unsigned varint (0, 1) inside a tagged one.
  bool ReadPresence() { return ReadInt8() >= 0; }
  bool ReadTaggedPresence() { return ReadUnsignedVarint() != 0; }

  // Tagged fields:
  //   for (auto left = in.ReadUnsignedVarint(); left > 0 && in.ok(); --left) {
  //     const Tag tag = in.OpenTag();  // from here on the reader sees this field's bytes only
  //     ... read the field, if tag.id is known ... else in.SkipTag();
  //     in.CloseTag(tag);              // fails unless exactly those bytes were read
  //   }
  struct Tag {
    std::uint32_t id;
    const std::byte* outer_end;
  };
  Tag OpenTag();
  void SkipTag() { at_ = end_; }
  void CloseTag(const Tag& tag);
  // A whole section in which no tag is known.
  void SkipTags();

 private:
  template <class Int>
  Int ReadInt() {
    const std::byte* from = Take(sizeof(Int));
    return from == nullptr ? Int{} : LoadBigEndian<Int>(from);
  }
  // Steps over `count` bytes; null, and failed, if there are not as many.
  const std::byte* Take(std::size_t count) {
    if (count > remaining()) {
      Fail("the bytes end inside a field");
      return nullptr;
    }
    return std::exchange(at_, at_ + count);
  }
  std::uint64_t ReadLongVarint(int bits);
  // The length or count in front of a string, bytes or array: none for null (which fails if null is
  // forbidden) and after an error.
  std::optional<std::size_t> ReadStringSize(Form form, Null null);
  std::optional<std::size_t> ReadBytesSize(Form form, Null null);
  std::optional<std::size_t> ReadCount(Form form, std::size_t element_bytes_min, Null null);
  std::optional<std::size_t> CheckSize(std::int64_t size, Null null);
  SharedBytes Share(std::size_t size);

  // Reserves no more memory at once than there are bytes left to read: an element is often larger
  // in memory than on the wire, and a hostile count must not be believed before it is read.
  template <class T, class ReadOne>
  void ReadElements(std::size_t count, std::vector<T>& out, ReadOne& read_one) {
    out.clear();
    out.reserve(std::min(count, remaining() / sizeof(T) + 1));
    for (std::size_t i = 0; i < count && ok(); ++i) read_one(out.emplace_back());
  }

  SharedBytes frame_;
  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  const char* failure_ = nullptr;
  std::size_t failed_at_ = 0;
  bool sharing_;
};

}  // namespace gneiss::wire
