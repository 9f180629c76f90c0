// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/base/shared_bytes.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/records.h"

namespace gneiss::wire {

// Dump builds the readable form of a message: JSON, with bytes as hexadecimal text and ids in
// Kafka's text form. Bytes fields longer than `bytes_max` are cut. Threads: one at a time.
class Dump {
 public:
  explicit Dump(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  std::string Take() { return std::move(text_); }

  // One struct: Open, then Name and Value for each field, Close.
  void Open() { text_.push_back('{'); }
  void Close() { text_.push_back('}'); }
  void Name(std::string_view name);

  void Value(bool value) { text_.append(value ? "true" : "false"); }
  void Value(std::integral auto value) { text_.append(std::to_string(value)); }
  void Value(double value);
  void Value(const Uuid& value);
  void Value(const std::string& value);
  void Value(const SharedBytes& value) { Value(value.view(), value.size()); }
  void Value(const Records& value);

  template <class T>
  void Value(const std::optional<T>& value) {
    Value(value, [this](const T& present) { Value(present); });
  }
  template <class T, class DumpOne>
  void Value(const std::optional<T>& value, DumpOne dump_one) {
    if (value) {
      dump_one(*value);
    } else {
      text_.append("null");
    }
  }
  template <class T>
  void Value(const std::vector<T>& value) {
    Value(value, [this](const T& element) { Value(element); });
  }
  template <class T, class DumpOne>
  void Value(const std::vector<T>& value, DumpOne dump_one) {
    text_.push_back('[');
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) text_.push_back(',');
      dump_one(value[i]);
    }
    text_.push_back(']');
  }

 private:
  // `bytes` may be the beginning of `size` bytes only.
  void Value(std::span<const std::byte> bytes, std::size_t size);

  std::string text_;
  std::size_t bytes_max_;
};

}  // namespace gneiss::wire
