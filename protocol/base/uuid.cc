// SPDX-License-Identifier: Apache-2.0
#include "protocol/base/uuid.h"

#include <sys/random.h>

#include <cerrno>

#include <glog/logging.h>

namespace gneiss {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kTextLength = 22;  // 128 bits in groups of six, without padding

bool IsReserved(const Uuid& id) {
  for (std::size_t i = 0; i < 15; ++i) {
    if (id.bytes[i] != 0) return false;
  }
  return id.bytes[15] <= 1;
}

}  // namespace

std::string Uuid::ToString() const {
  std::string text;
  text.reserve(kTextLength);
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8) | byte;
    count += 8;
    while (count >= 6) {
      count -= 6;
      text.push_back(kAlphabet[(bits >> count) & 63]);
    }
  }
  text.push_back(kAlphabet[(bits << (6 - count)) & 63]);
  return text;
}

Uuid Uuid::Random() {
  Uuid id;
  do {
    ssize_t got;
    do {
      got = getrandom(id.bytes.data(), id.bytes.size(), 0);
    } while (got < 0 && errno == EINTR);
    PCHECK(got == static_cast<ssize_t>(id.bytes.size())) << "getrandom";
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  } while (IsReserved(id) || id.ToString().front() == '-');
  return id;
}

Result<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != kTextLength) {
    return Fail(Errc::kInvalidArgument, "an id has 22 characters, not " + std::string(text));
  }
  Uuid id;
  std::uint32_t bits = 0;
  int count = 0;
  std::size_t next = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) {
      return Fail(Errc::kInvalidArgument, "an id is base64url, not " + std::string(text));
    }
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8 && next < id.bytes.size()) {
      count -= 8;
      id.bytes[next++] = static_cast<std::uint8_t>(bits >> count);
    }
  }
  return id;
}

}  // namespace gneiss
