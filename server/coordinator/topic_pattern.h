// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "protocol/base/result.h"

namespace re2 {
class RE2;
}

namespace gneiss::server {

// TopicPattern is the regular expression of a subscription (KIP-848): in RE2's syntax, and it must
// match the whole of a topic's name. Matching takes time linear in the name, and memory within
// limits::kTopicPatternMemoryMax.
//
// Kafka uses RE2's Java twin. They differ in rarities: (?<name>x) and repetitions of repetitions
// above 1000 in all are accepted by Kafka alone, \C here alone.
// Threads: any (immutable).
class TopicPattern {
 public:
  // kInvalidArgument for what is no such expression, or too large a one. The detail says why, in
  // Kafka's words where it has some, fit for a client.
  static Result<TopicPattern> Parse(std::string_view regex);

  TopicPattern(TopicPattern&&) noexcept;
  TopicPattern& operator=(TopicPattern&&) noexcept;
  ~TopicPattern();

  bool Matches(std::string_view topic) const;

 private:
  explicit TopicPattern(std::unique_ptr<const re2::RE2> regex);

  std::unique_ptr<const re2::RE2> regex_;
};

}  // namespace gneiss::server
