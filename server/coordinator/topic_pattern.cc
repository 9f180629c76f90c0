// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/topic_pattern.h"

#include <string>
#include <utility>

#include <re2/re2.h>

#include "server/limits.h"

namespace gneiss::server {
namespace {

// What Kafka says for the same mistakes.
std::string Reason(const re2::RE2& regex) {
  switch (regex.error_code()) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case re2::RE2::ErrorPatternTooLarge:
      return "it takes too much memory";
    case re2::RE2::NoError:
    case re2::RE2::ErrorInternal:
      break;
  }
  return regex.error();
}

}  // namespace

Result<TopicPattern> TopicPattern::Parse(std::string_view regex) {
  if (regex.size() > limits::kTopicPatternBytesMax) {
    return Fail(Errc::kInvalidArgument, "it is too long");
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(limits::kTopicPatternMemoryMax);
  auto compiled =
      std::make_unique<const re2::RE2>(re2::StringPiece(regex.data(), regex.size()), options);
  if (!compiled->ok()) return Fail(Errc::kInvalidArgument, Reason(*compiled));
  return TopicPattern(std::move(compiled));
}

TopicPattern::TopicPattern(std::unique_ptr<const re2::RE2> regex) : regex_(std::move(regex)) {}
TopicPattern::TopicPattern(TopicPattern&&) noexcept = default;
TopicPattern& TopicPattern::operator=(TopicPattern&&) noexcept = default;
TopicPattern::~TopicPattern() = default;

bool TopicPattern::Matches(std::string_view topic) const {
  return re2::RE2::FullMatch(re2::StringPiece(topic.data(), topic.size()), *regex_);
}

}  // namespace gneiss::server
