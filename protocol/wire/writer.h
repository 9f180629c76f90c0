// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/big_endian.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/form.h"
#include "protocol/wire/records.h"

namespace gneiss::wire {

// Writer puts Kafka's primitive types one after the other.
//
// The result is a list of fragments for one writev: runs of its own buffer and, between them,
// references to record and bytes fields that were too large to be worth copying.
// Errors are sticky, as in Reader; what was written is then useless.
// Threads: one at a time.
class Writer {
 public:
  // A field up to this size is copied into the buffer: one more iovec would cost more.
  static constexpr std::size_t kCopiedBytesMax = 512;

  bool ok() const { return !error_.has_value(); }
  Status status() const;
  // Makes the writer fail; the first error stays.
  void Fail(Errc code, std::string detail);
  // A version that lacks a field can only carry its default, unless the field may be dropped.
  void RequireDefault(bool is_default, const char* field, std::int16_t version) {
    if (!is_default) FailAbsent(field, version);
  }

  std::size_t size() const { return buffer_.size() + referenced_; }

  void WriteBool(bool value) { WriteInt<std::uint8_t>(value ? 1 : 0); }
  void WriteInt8(std::int8_t value) { WriteInt(value); }
  void WriteInt16(std::int16_t value) { WriteInt(value); }
  void WriteUint16(std::uint16_t value) { WriteInt(value); }
  void WriteInt32(std::int32_t value) { WriteInt(value); }
  void WriteUint32(std::uint32_t value) { WriteInt(value); }
  void WriteInt64(std::int64_t value) { WriteInt(value); }
  void WriteFloat64(double value) { WriteInt(std::bit_cast<std::uint64_t>(value)); }
  void WriteUuid(const Uuid& id) { WriteRaw(std::as_bytes(std::span(id.bytes))); }
  void WriteRaw(std::span<const std::byte> bytes) { buffer_.append(AsText(bytes)); }

  void WriteUnsignedVarint(std::uint32_t value) { WriteLongVarint(value); }
  void WriteVarint(std::int32_t value) {
    const auto raw = static_cast<std::uint32_t>(value);
    WriteLongVarint((raw << 1) ^ (0U - (raw >> 31)));
  }
  void WriteVarlong(std::int64_t value) {
    const auto raw = static_cast<std::uint64_t>(value);
    WriteLongVarint((raw << 1) ^ (0ULL - (raw >> 63)));
  }

  void WriteString(Form form, std::string_view value);
  void WriteNullableString(Form form, const std::optional<std::string>& value,
                           Null null = Null::kAllowed);
  void WriteBytes(Form form, const SharedBytes& value);
  void WriteNullableBytes(Form form, const std::optional<SharedBytes>& value,
                          Null null = Null::kAllowed);
  void WriteRecords(Form form, const Records& value);
  void WriteNullableRecords(Form form, const std::optional<Records>& value,
                            Null null = Null::kAllowed);

  template <class T, class WriteOne>
  void WriteArray(Form form, const std::vector<T>& value, WriteOne write_one) {
    WriteSize(form, value.size());
    for (const T& element : value) write_one(element);
  }
  template <class T, class WriteOne>
  void WriteNullableArray(Form form, Null null, const std::optional<std::vector<T>>& value,
                          WriteOne write_one) {
    if (value) {
      WriteArray(form, *value, write_one);
    } else if (CheckNull(null)) {
      WriteNullSize(form);
    }
  }

  // See Reader::ReadPresence and ReadTaggedPresence.
  void WritePresence(bool present) { WriteInt8(present ? 1 : -1); }
  void WriteTaggedPresence(bool present) { WriteUnsignedVarint(present ? 1 : 0); }
  // False, and failed, if null may not be written.
  bool CheckNull(Null null);

  // Overwrites four bytes written earlier. REQUIRES: they were written by WriteInt32 or the like,
  // with no referenced field before them.
  void PatchInt32(std::size_t at, std::int32_t value) {
    StoreBigEndian(buffer_.data() + at, value);
  }

  // The bytes written, in order; the writer is empty afterwards. REQUIRES: ok().
  std::vector<SharedBytes> TakeFragments();
  std::string TakeString();

 private:
  friend class TagSection;

  // A referenced field, which belongs in front of byte `at` of the buffer.
  struct Reference {
    std::size_t at;
    SharedBytes bytes;
  };

  template <class Int>
  void WriteInt(Int value) {
    char bytes[sizeof(Int)];
    StoreBigEndian(bytes, value);
    buffer_.append(bytes, sizeof bytes);
  }
  void WriteLongVarint(std::uint64_t value) {
    while (value >= 0x80) {
      buffer_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    buffer_.push_back(static_cast<char>(value));
  }
  void WriteSize(Form form, std::size_t size);  // of bytes or an array
  void WriteNullSize(Form form);
  void AppendOrReference(const SharedBytes& bytes);
  void FailAbsent(const char* field, std::int16_t version);

  std::string buffer_;
  std::vector<Reference> references_;
  std::size_t referenced_ = 0;  // bytes in references_
  std::optional<Error> error_;
};

// TagSection writes the tagged fields that end a struct of a flexible version:
//   TagSection tags(out);
//   tags.Open(0); out.Write...; tags.Close();
// Tags must be opened in ascending order, and not more than 127 of them.
class TagSection {
 public:
  explicit TagSection(Writer& out);
  void Open(std::uint32_t tag);
  void Close();

 private:
  Writer& out_;
  std::size_t count_at_;
  std::size_t content_at_ = 0;
  std::size_t references_before_ = 0;
  std::size_t size_before_ = 0;
};

// For small things, such as the keys and values of coordinator records.
template <class Message>
Result<std::string> EncodeToString(const Message& message, std::int16_t version) {
  Writer out;
  GNEISS_RETURN_IF_ERROR(message.Encode(out, version));
  return out.TakeString();
}

}  // namespace gneiss::wire
