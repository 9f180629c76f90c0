// SPDX-License-Identifier: Apache-2.0
#include "protocol/wire/dump.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gneiss::wire {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

void Dump::Name(std::string_view name) {
  if (text_.back() != '{') text_.push_back(',');
  text_.push_back('"');
  text_.append(name);
  text_.append("\":");
}

void Dump::Value(double value) {
  char digits[64];
  const double size = std::abs(value);
  const bool plain = size == 0 || (size > 1e-6 && size < 1e15);  // false for NaN and infinity
  const std::to_chars_result end =
      plain ? std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed)
            : std::to_chars(digits, digits + sizeof digits, value);
  text_.append(digits, end.ptr);
}

void Dump::Value(const Uuid& value) {
  text_.push_back('"');
  text_.append(value.ToString());
  text_.push_back('"');
}

void Dump::Value(const std::string& value) {
  text_.push_back('"');
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text_.push_back('\\');
      text_.push_back(c);
    } else if (byte < 0x20) {
      text_.append("\\u00");
      text_.push_back(kHexDigits[byte >> 4]);
      text_.push_back(kHexDigits[byte & 15]);
    } else {
      text_.push_back(c);
    }
  }
  text_.push_back('"');
}

void Dump::Value(const Records& value) {
  if (value.size() <= bytes_max_) {
    Value(value.Contiguous());
  } else {
    Value(value.pieces().front().view(), value.size());
  }
}

void Dump::Value(std::span<const std::byte> bytes, std::size_t size) {
  const std::size_t shown = std::min(bytes.size(), bytes_max_);
  text_.push_back('"');
  for (const std::byte b : bytes.first(shown)) {
    const auto byte = static_cast<unsigned>(b);
    text_.push_back(kHexDigits[byte >> 4]);
    text_.push_back(kHexDigits[byte & 15]);
  }
  if (shown < size) text_.append("... and " + std::to_string(size - shown) + " more");
  text_.push_back('"');
}

}  // namespace gneiss::wire
