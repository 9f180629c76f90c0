// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/topic_pattern.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "server/limits.h"

namespace gneiss::server {
namespace {

bool Matches(std::string_view regex, std::string_view topic) {
  return TopicPattern::Parse(regex).value().Matches(topic);
}

std::string WhyNot(std::string_view regex) {
  const Result<TopicPattern> pattern = TopicPattern::Parse(regex);
  if (pattern) return "it is one";
  EXPECT_EQ(pattern.error().code, Errc::kInvalidArgument);
  return pattern.error().detail;
}

TEST(TopicPatternTest, TheWholeNameMustMatch) {
  EXPECT_TRUE(Matches("fo+", "foo"));
  EXPECT_FALSE(Matches("fo", "foo"));
  EXPECT_FALSE(Matches("oo", "foo"));
  EXPECT_FALSE(Matches("", "foo"));
  EXPECT_TRUE(Matches("a|foo", "foo"));
  EXPECT_TRUE(Matches("^foo$", "foo"));
  EXPECT_TRUE(Matches("orders-.*", "orders-eu.v1"));
}

TEST(TopicPatternTest, SpeaksRe2) {
  EXPECT_TRUE(Matches("(?i)FOO", "foo"));
  EXPECT_TRUE(Matches("[[:word:]]+", "__consumer_offsets"));
  EXPECT_TRUE(Matches("\\Qa.b\\E", "a.b"));
  EXPECT_FALSE(Matches("\\Qa.b\\E", "axb"));
  EXPECT_TRUE(Matches("(?P<n>foo)", "foo"));
}

// The reasons are those of Kafka 4.3.1 for the same expressions.
TEST(TopicPatternTest, WhatIsNoExpressionIsRefusedWithTheReason) {
  EXPECT_EQ(WhyNot("(foo"), "missing closing )");
  EXPECT_EQ(WhyNot("[a-"), "missing closing ]");
  EXPECT_EQ(WhyNot("*"), "missing argument to repetition operator");
  EXPECT_EQ(WhyNot("a**"), "invalid nested repetition operator");
  EXPECT_EQ(WhyNot("a{1001}"), "invalid repeat count");
  EXPECT_EQ(WhyNot("(a)\\1"), "invalid escape sequence");
  EXPECT_EQ(WhyNot("(?=x)"), "invalid or unsupported Perl syntax");
  EXPECT_EQ(WhyNot("[z-a]"), "invalid character class range");
  EXPECT_EQ(WhyNot("(?P<1-x>a)"), "invalid named capture");
  EXPECT_EQ(WhyNot("\\"), "trailing backslash at end of expression");
  EXPECT_NE(WhyNot("foo)"), "it is one");
  EXPECT_NE(WhyNot("\xff"), "it is one");
}

TEST(TopicPatternTest, LengthAndMemoryAreBounded) {
  EXPECT_FALSE(Matches(std::string(limits::kTopicPatternBytesMax, 'x'), "foo"));
  EXPECT_EQ(WhyNot(std::string(limits::kTopicPatternBytesMax + 1, 'x')), "it is too long");
  std::string many_letters;
  for (int i = 0; i < 3000; ++i) many_letters += "\\pL{100}";
  EXPECT_EQ(WhyNot(many_letters), "it takes too much memory");
}

// Backtracking would take 2^100 steps.
TEST(TopicPatternTest, MatchingIsLinear) {
  std::string regex;
  for (int i = 0; i < 100; ++i) regex += "a?";
  EXPECT_TRUE(Matches(regex + std::string(100, 'a'), std::string(100, 'a')));
}

TEST(TopicPatternTest, AnyBytesAreEitherAnExpressionOrRefused) {
  constexpr std::string_view kAlphabet = "ab.*+?()[]{}|\\^$-,:<>PdpL019i\xc3\xff";
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::string regex;
    for (auto length = random() % 40; length > 0; --length) {
      regex.push_back(kAlphabet[random() % kAlphabet.size()]);
    }
    const Result<TopicPattern> pattern = TopicPattern::Parse(regex);
    if (pattern) {
      EXPECT_EQ(pattern->Matches("ab"), Matches("(?:" + regex + ")", "ab")) << regex;
    } else {
      EXPECT_EQ(pattern.error().code, Errc::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace gneiss::server
