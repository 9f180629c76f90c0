// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/java_string.h"

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

TEST(JavaStringTest, HashesAsJavaDoes) {
  EXPECT_EQ(JavaHashCode(""), 0);
  EXPECT_EQ(JavaHashCode("a"), 97);
  EXPECT_EQ(JavaHashCode("gA"), 3258);
  EXPECT_EQ(JavaHashCode("aaaaaaaaaa"), -799347552);
  EXPECT_EQ(JavaHashCode("polygenelubricants"), -2147483647 - 1);
}

TEST(JavaStringTest, HashesCodeUnitsNotBytes) {
  EXPECT_EQ(JavaHashCode("g\u00e9\u6f22"), 134656);
  EXPECT_EQ(JavaHashCode("neg\u00e4\u00f6\u00fc"), -1049189606);
  EXPECT_EQ(JavaHashCode("smile\U0001f600x"), -322850963);  // a surrogate pair is two units
}

// The partitions that a Kafka broker used for these groups.
TEST(JavaStringTest, FindsThePartitionThatKafkaFinds) {
  EXPECT_EQ(CoordinatorPartition("", 50), 0);
  EXPECT_EQ(CoordinatorPartition("gA", 50), 8);
  EXPECT_EQ(CoordinatorPartition("mixed", 50), 45);
  EXPECT_EQ(CoordinatorPartition("g\u00e9\u6f22", 50), 6);
  EXPECT_EQ(CoordinatorPartition("smile\U0001f600x", 50), 13);
}

// The absolute value, not the hash without its sign bit: the two differ for every negative hash.
TEST(JavaStringTest, NegativeHashesLoseTheirSign) {
  EXPECT_EQ(CoordinatorPartition("aaaaaaaaaa", 50), 2);
  EXPECT_EQ(CoordinatorPartition("toolarge", 50), 11);
  EXPECT_EQ(CoordinatorPartition("neg\u00e4\u00f6\u00fc", 50), 6);
  EXPECT_EQ(CoordinatorPartition("polygenelubricants", 50), 0);
}

TEST(JavaStringTest, LengthCountsCodeUnits) {
  EXPECT_EQ(JavaLength("abc"), 3U);
  EXPECT_EQ(JavaLength("\u00e9\u6f22"), 2U);
  EXPECT_EQ(JavaLength("\U0001f600"), 2U);
}

TEST(JavaStringTest, BytesThatAreNoTextCountOneEach) {
  EXPECT_EQ(JavaLength("\xff\xfe"), 2U);
  EXPECT_EQ(JavaLength("a\xc3"), 2U);
  EXPECT_EQ(JavaLength("\xe6\xbc"), 2U);
}

}  // namespace
}  // namespace gneiss::server
