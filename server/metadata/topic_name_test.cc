// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/topic_name.h"

#include <string>

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

bool IsLegal(std::string_view name) { return CheckTopicName(name).has_value(); }

TEST(TopicNameTest, LettersDigitsDotUnderscoreAndDashAreLegal) {
  EXPECT_TRUE(IsLegal("a"));
  EXPECT_TRUE(IsLegal("Orders.v2_eu-west"));
  EXPECT_TRUE(IsLegal("__consumer_offsets"));
  EXPECT_TRUE(IsLegal("..."));
  EXPECT_TRUE(IsLegal(std::string(249, 'a')));
}

TEST(TopicNameTest, EverythingElseIsNot) {
  EXPECT_FALSE(IsLegal(""));
  EXPECT_FALSE(IsLegal("."));
  EXPECT_FALSE(IsLegal(".."));
  EXPECT_FALSE(IsLegal(std::string(250, 'a')));
  EXPECT_FALSE(IsLegal("a b"));
  EXPECT_FALSE(IsLegal("a/b"));
  EXPECT_FALSE(IsLegal("\xc3\xbc"));  // a letter, but not of ASCII
  EXPECT_FALSE(IsLegal(std::string_view("x\0", 2)));
}

TEST(TopicNameTest, NamesCollideWhenOnlyDotsAndUnderscoresDiffer) {
  EXPECT_TRUE(TopicNamesCollide("a.b_c", "a_b.c"));
  EXPECT_TRUE(TopicNamesCollide("same", "same"));
  EXPECT_FALSE(TopicNamesCollide("a.b", "a-b"));
  EXPECT_FALSE(TopicNamesCollide("a.b", "a.b."));
  EXPECT_TRUE(HasCollisionChar("a.b"));
  EXPECT_TRUE(HasCollisionChar("a_b"));
  EXPECT_FALSE(HasCollisionChar("a-b"));
}

}  // namespace
}  // namespace gneiss::server
