// SPDX-License-Identifier: Apache-2.0
#include "protocol/wire/writer.h"

#include <limits>
#include <utility>

namespace gneiss::wire {

Status Writer::status() const {
  if (ok()) return {};
  return std::unexpected<Error>(*error_);
}

void Writer::Fail(Errc code, std::string detail) {
  if (ok()) error_ = Error{code, std::move(detail)};
}

void Writer::FailAbsent(const char* field, std::int16_t version) {
  Fail(Errc::kUnsupportedVersion,
       std::string(field) + " is set, but version " + std::to_string(version) + " lacks it");
}

bool Writer::CheckNull(Null null) {
  if (null == Null::kForbidden) Fail(Errc::kInvalidArgument, "null where the schema forbids it");
  return null == Null::kAllowed;
}

void Writer::WriteSize(Form form, std::size_t size) {
  if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    Fail(Errc::kInvalidArgument, "a field of " + std::to_string(size) + " is too large");
  } else if (form == Form::kCompact) {
    WriteUnsignedVarint(static_cast<std::uint32_t>(size) + 1);
  } else {
    WriteInt32(static_cast<std::int32_t>(size));
  }
}

void Writer::WriteNullSize(Form form) {
  if (form == Form::kCompact) {
    WriteUnsignedVarint(0);
  } else {
    WriteInt32(-1);
  }
}

void Writer::WriteString(Form form, std::string_view value) {
  if (value.size() > kStringBytesMax) {
    Fail(Errc::kInvalidArgument, "a string of " + std::to_string(value.size()) + " bytes");
    return;
  }
  if (form == Form::kCompact) {
    WriteUnsignedVarint(static_cast<std::uint32_t>(value.size()) + 1);
  } else {
    WriteInt16(static_cast<std::int16_t>(value.size()));
  }
  buffer_.append(value);
}

void Writer::WriteNullableString(Form form, const std::optional<std::string>& value, Null null) {
  if (value) {
    WriteString(form, *value);
  } else if (CheckNull(null)) {
    if (form == Form::kCompact) {
      WriteUnsignedVarint(0);
    } else {
      WriteInt16(-1);
    }
  }
}

void Writer::AppendOrReference(const SharedBytes& bytes) {
  if (bytes.size() <= kCopiedBytesMax) {
    WriteRaw(bytes.view());
    return;
  }
  references_.push_back({buffer_.size(), bytes});
  referenced_ += bytes.size();
}

void Writer::WriteBytes(Form form, const SharedBytes& value) {
  WriteSize(form, value.size());
  AppendOrReference(value);
}

void Writer::WriteNullableBytes(Form form, const std::optional<SharedBytes>& value, Null null) {
  if (value) {
    WriteBytes(form, *value);
  } else if (CheckNull(null)) {
    WriteNullSize(form);
  }
}

void Writer::WriteRecords(Form form, const Records& value) {
  WriteSize(form, value.size());
  for (const SharedBytes& piece : value.pieces()) AppendOrReference(piece);
}

void Writer::WriteNullableRecords(Form form, const std::optional<Records>& value, Null null) {
  if (value) {
    WriteRecords(form, *value);
  } else if (CheckNull(null)) {
    WriteNullSize(form);
  }
}

std::vector<SharedBytes> Writer::TakeFragments() {
  const SharedBytes own = SharedBytes::Own(std::exchange(buffer_, {}));
  std::vector<SharedBytes> fragments;
  fragments.reserve(references_.size() * 2 + 1);
  std::size_t done = 0;
  for (Reference& reference : references_) {
    if (reference.at > done) fragments.push_back(own.Slice(done, reference.at - done));
    done = reference.at;
    fragments.push_back(std::move(reference.bytes));
  }
  if (own.size() > done) fragments.push_back(own.Slice(done, own.size() - done));
  references_.clear();
  referenced_ = 0;
  return fragments;
}

std::string Writer::TakeString() {
  if (references_.empty()) return std::exchange(buffer_, {});
  std::string joined;
  joined.reserve(size());
  for (const SharedBytes& fragment : TakeFragments()) joined.append(fragment.text());
  return joined;
}

TagSection::TagSection(Writer& out) : out_(out), count_at_(out.buffer_.size()) {
  out_.buffer_.push_back(0);
}

void TagSection::Open(std::uint32_t tag) {
  ++out_.buffer_[count_at_];
  out_.WriteUnsignedVarint(tag);
  content_at_ = out_.buffer_.size();
  references_before_ = out_.references_.size();
  size_before_ = out_.size();
}

void TagSection::Close() {
  // The size stands in front of the content, whose length is known only now. Tagged fields are
  // small, so that moving them by a byte or two costs less than measuring them beforehand.
  Writer prefix;
  prefix.WriteUnsignedVarint(static_cast<std::uint32_t>(out_.size() - size_before_));
  out_.buffer_.insert(content_at_, prefix.buffer_);
  for (std::size_t i = references_before_; i < out_.references_.size(); ++i) {
    out_.references_[i].at += prefix.buffer_.size();
  }
}

}  // namespace gneiss::wire
