// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gneiss::server {

// ProtobufReader goes through the fields of one protobuf message, which it borrows:
//   for (ProtobufReader in(bytes); in.Next();)
//     if (in.field() == 1) Decode(in.bytes());
//   if (in.failed()) ...
// Unknown fields are passed over. Threads: one at a time.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::span<const std::byte> message) : rest_(message) {}

  // The next field; false at the end, and when the message is damaged.
  bool Next();
  bool failed() const { return failed_; }

  int field() const { return field_; }
  // The value of the field: its bits when it is a number, its contents when it is not. Zero and
  // empty when it is of another type than asked for.
  std::uint64_t number() const { return number_; }
  double floating() const;
  std::span<const std::byte> bytes() const { return bytes_; }
  std::string_view text() const;

 private:
  bool Fail();
  bool ReadVarint(std::uint64_t& value);
  bool ReadFixed(std::size_t size);
  bool ReadBytes();

  std::span<const std::byte> rest_;
  int field_ = 0;
  std::uint64_t number_ = 0;
  std::span<const std::byte> bytes_;
  bool failed_ = false;
};

}  // namespace gneiss::server
