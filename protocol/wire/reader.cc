// SPDX-License-Identifier: Apache-2.0
#include "protocol/wire/reader.h"

#include <algorithm>

namespace gneiss::wire {

Status Reader::status() const {
  if (ok()) return {};
  return gneiss::Fail(Errc::kMalformed,
                      std::string(failure_) + " at byte " + std::to_string(failed_at_));
}

void Reader::Fail(const char* reason) {
  if (ok()) {
    failure_ = reason;
    failed_at_ = position();
  }
  at_ = end_;  // so that whatever is read next is empty
}

Uuid Reader::ReadUuid() {
  Uuid id;
  if (const std::byte* from = Take(id.bytes.size()); from != nullptr) {
    std::memcpy(id.bytes.data(), from, id.bytes.size());
  }
  return id;
}

std::uint64_t Reader::ReadLongVarint(int bits) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < bits; shift += 7) {
    const std::byte* from = Take(1);
    if (from == nullptr) return 0;
    const auto byte = static_cast<std::uint64_t>(*from);
    const std::uint64_t group = byte & 0x7f;
    if (bits - shift < 7 && (group >> (bits - shift)) != 0) break;
    value |= group << shift;
    if (byte < 0x80) return value;
  }
  Fail("a varint is too long");
  return 0;
}

std::optional<std::size_t> Reader::CheckSize(std::int64_t size, Null null) {
  if (size < 0) {
    if (null == Null::kForbidden) Fail("null where the schema forbids it");
    return std::nullopt;
  }
  return static_cast<std::size_t>(size);
}

std::optional<std::size_t> Reader::ReadStringSize(Form form, Null null) {
  const std::int64_t raw =
      form == Form::kCompact ? std::int64_t{ReadUnsignedVarint()} - 1 : std::int64_t{ReadInt16()};
  if (!ok()) return std::nullopt;
  const std::optional<std::size_t> size = CheckSize(raw, null);
  if (size && *size > std::min(remaining(), kStringBytesMax)) {
    Fail("a string is longer than its message");
    return std::nullopt;
  }
  return size;
}

std::optional<std::size_t> Reader::ReadBytesSize(Form form, Null null) {
  const std::int64_t raw =
      form == Form::kCompact ? std::int64_t{ReadUnsignedVarint()} - 1 : std::int64_t{ReadInt32()};
  if (!ok()) return std::nullopt;
  const std::optional<std::size_t> size = CheckSize(raw, null);
  if (size && *size > remaining()) {
    Fail("a bytes field is longer than its message");
    return std::nullopt;
  }
  return size;
}

std::optional<std::size_t> Reader::ReadCount(Form form, std::size_t element_bytes_min, Null null) {
  const std::int64_t raw =
      form == Form::kCompact ? std::int64_t{ReadUnsignedVarint()} - 1 : std::int64_t{ReadInt32()};
  if (!ok()) return std::nullopt;
  const std::optional<std::size_t> count = CheckSize(raw, null);
  if (count && *count > remaining() / element_bytes_min) {
    Fail("an array has more elements than bytes");
    return std::nullopt;
  }
  return count;
}

SharedBytes Reader::Share(std::size_t size) {
  const std::byte* from = Take(size);
  if (from == nullptr) return {};
  const std::span<const std::byte> view(from, size);
  return sharing_ ? SharedBytes(frame_.owner(), view) : SharedBytes::CopyOf(view);
}

std::string Reader::ReadString(Form form) {
  const std::optional<std::size_t> size = ReadStringSize(form, Null::kForbidden);
  return size ? std::string(AsText(ReadRaw(*size))) : std::string();
}

std::optional<std::string> Reader::ReadNullableString(Form form, Null null) {
  const std::optional<std::size_t> size = ReadStringSize(form, null);
  if (!size) return std::nullopt;
  return std::string(AsText(ReadRaw(*size)));
}

SharedBytes Reader::ReadBytes(Form form) {
  const std::optional<std::size_t> size = ReadBytesSize(form, Null::kForbidden);
  return size ? Share(*size) : SharedBytes();
}

std::optional<SharedBytes> Reader::ReadNullableBytes(Form form, Null null) {
  const std::optional<std::size_t> size = ReadBytesSize(form, null);
  if (!size) return std::nullopt;
  return Share(*size);
}

std::optional<Records> Reader::ReadNullableRecords(Form form, Null null) {
  std::optional<SharedBytes> bytes = ReadNullableBytes(form, null);
  if (!bytes) return std::nullopt;
  return Records(*std::move(bytes));
}

Reader::Tag Reader::OpenTag() {
  const std::uint32_t id = ReadUnsignedVarint();
  const std::size_t size = ReadUnsignedVarint();
  if (size > remaining()) Fail("a tagged field is longer than its message");
  const Tag tag{id, end_};
  if (ok()) end_ = at_ + size;
  return tag;
}

void Reader::CloseTag(const Tag& tag) {
  if (at_ != end_) Fail("a tagged field is longer than its content");
  end_ = tag.outer_end;
  if (!ok()) at_ = end_;
}

void Reader::SkipTags() {
  for (std::uint32_t left = ReadUnsignedVarint(); left > 0 && ok(); --left) {
    const Tag tag = OpenTag();
    SkipTag();
    CloseTag(tag);
  }
}

}  // namespace gneiss::wire
