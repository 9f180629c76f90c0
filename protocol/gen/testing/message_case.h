// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/base/result.h"
#include "protocol/gen/testing/random_fill.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace gneiss::protocol::testing {

// A generated message of some type, for tests that go through all of them.
class AnyMessage {
 public:
  virtual ~AnyMessage() = default;
  virtual Status Encode(wire::Writer& out, std::int16_t version) const = 0;
  virtual std::string Describe(std::size_t bytes_max) const = 0;
  // REQUIRES: both hold the same type.
  virtual bool Equals(const AnyMessage& other) const = 0;
};

// MessageCase is one entry of the list of all generated messages.
struct MessageCase {
  std::string_view name;
  std::int16_t api_key;  // of a request or response, else -1
  std::int16_t min_version;
  std::int16_t max_version;
  std::int16_t first_flexible;
  Result<std::unique_ptr<AnyMessage>> (*decode)(wire::Reader& in, std::int16_t version);
  // Random values in the fields that `version` has, defaults in the others.
  std::unique_ptr<AnyMessage> (*random)(RandomFill& random, std::int16_t version);
};

// In the order of the schema files.
const std::vector<MessageCase>& AllMessages();

template <class Message>
class Holder final : public AnyMessage {
 public:
  explicit Holder(Message message) : message_(std::move(message)) {}
  Status Encode(wire::Writer& out, std::int16_t version) const override {
    return message_.Encode(out, version);
  }
  std::string Describe(std::size_t bytes_max) const override {
    return message_.Describe(bytes_max);
  }
  bool Equals(const AnyMessage& other) const override {
    return message_ == static_cast<const Holder&>(other).message_;
  }

 private:
  Message message_;
};

// `fill` is the generated function that fills a Message for one version.
template <class Message, void (*fill)(RandomFill&, std::int16_t, Message&)>
MessageCase CaseOf() {
  const auto decode = [](wire::Reader& in,
                         std::int16_t version) -> Result<std::unique_ptr<AnyMessage>> {
    GNEISS_ASSIGN_OR_RETURN(Message message, Message::Decode(in, version));
    return std::make_unique<Holder<Message>>(std::move(message));
  };
  const auto random = [](RandomFill& filler, std::int16_t version) -> std::unique_ptr<AnyMessage> {
    Message message;
    fill(filler, version, message);
    return std::make_unique<Holder<Message>>(std::move(message));
  };
  std::int16_t api_key = -1;
  if constexpr (requires { Message::kApiKey; }) api_key = Message::kApiKey;
  return {
      Message::kName, api_key, Message::kMinVersion, Message::kMaxVersion, Message::kFirstFlexible,
      decode,         random};
}

}  // namespace gneiss::protocol::testing
