// SPDX-License-Identifier: Apache-2.0
#include "protocol/wire/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

namespace gneiss::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Reader ReaderOf(std::string_view bytes) { return Reader(SharedBytes::CopyOf(bytes)); }

// The bytes of a literal with zeros in it.
template <std::size_t n>
std::string_view Raw(const char (&literal)[n]) {
  return {literal, n - 1};
}

TEST(ReaderTest, NumbersAreBigEndian) {
  Reader in =
      ReaderOf(Raw("\x01\xff\x80\x00\xff\xfe\x00\x00\x01\x00\xff\xff\xff\xff"
                   "\x80\x00\x00\x00\x00\x00\x00\x01\x3f\xf8\x00\x00\x00\x00\x00\x00"));
  EXPECT_TRUE(in.ReadBool());
  EXPECT_EQ(in.ReadInt8(), -1);
  EXPECT_EQ(in.ReadInt16(), -32768);
  EXPECT_EQ(in.ReadUint16(), 65534);
  EXPECT_EQ(in.ReadInt32(), 256);
  EXPECT_EQ(in.ReadUint32(), 4294967295U);
  EXPECT_EQ(in.ReadInt64(), -9223372036854775807);
  EXPECT_EQ(in.ReadFloat64(), 1.5);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0U);
}

TEST(ReaderTest, AnyByteButZeroIsTrue) { EXPECT_TRUE(ReaderOf("\x02").ReadBool()); }

TEST(ReaderTest, VarintsHaveTheLowGroupFirst) {
  Reader in =
      ReaderOf(Raw("\x00\x7f\x80\x01\xff\xff\xff\xff\x0f\x01\x02\x03"
                   "\xff\xff\xff\xff\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  EXPECT_EQ(in.ReadUnsignedVarint(), 0U);
  EXPECT_EQ(in.ReadUnsignedVarint(), 127U);
  EXPECT_EQ(in.ReadUnsignedVarint(), 128U);
  EXPECT_EQ(in.ReadUnsignedVarint(), 4294967295U);
  EXPECT_EQ(in.ReadVarint(), -1);
  EXPECT_EQ(in.ReadVarint(), 1);
  EXPECT_EQ(in.ReadVarint(), -2);
  EXPECT_EQ(in.ReadVarint(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(in.ReadVarlong(), std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(in.ok());
}

TEST(ReaderTest, AVarintOfMoreBitsThanItsTypeIsMalformed) {
  Reader too_many_bits = ReaderOf("\xff\xff\xff\xff\x1f");
  too_many_bits.ReadUnsignedVarint();
  EXPECT_FALSE(too_many_bits.ok());

  Reader too_many_bytes = ReaderOf("\x80\x80\x80\x80\x80\x01");
  too_many_bytes.ReadUnsignedVarint();
  EXPECT_FALSE(too_many_bytes.ok());

  Reader too_long = ReaderOf("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03");
  too_long.ReadVarlong();
  EXPECT_FALSE(too_long.ok());
}

TEST(ReaderTest, StringsComeInBothForms) {
  Reader in = ReaderOf(Raw("\x00\x02hi\x03yo\x00\x00\x01\xff\xff\x00"));
  EXPECT_EQ(in.ReadString(Form::kClassic), "hi");
  EXPECT_EQ(in.ReadString(Form::kCompact), "yo");
  EXPECT_EQ(in.ReadNullableString(Form::kClassic), "");
  EXPECT_EQ(in.ReadNullableString(Form::kCompact), "");
  EXPECT_EQ(in.ReadNullableString(Form::kClassic), std::nullopt);
  EXPECT_EQ(in.ReadNullableString(Form::kCompact), std::nullopt);
  EXPECT_TRUE(in.ok());
}

TEST(ReaderTest, NullIsMalformedWhereItIsForbidden) {
  Reader classic = ReaderOf("\xff\xff");
  classic.ReadString(Form::kClassic);
  EXPECT_THAT(classic.status().error().detail, HasSubstr("null"));

  Reader compact = ReaderOf(Raw("\x00"));
  compact.ReadNullableBytes(Form::kCompact, Null::kForbidden);
  EXPECT_EQ(compact.status().error().code, Errc::kMalformed);
}

// Kafka takes -2 for null as well as -1.
TEST(ReaderTest, AnyNegativeCountIsNull) {
  Reader in = ReaderOf("\xff\xff\xff\xfe");
  std::optional<std::vector<std::int32_t>> array{std::in_place};
  in.ReadNullableArray(Form::kClassic, 4, Null::kAllowed, array,
                       [&](std::int32_t& element) { element = in.ReadInt32(); });
  EXPECT_TRUE(in.ok());
  EXPECT_FALSE(array.has_value());
}

TEST(ReaderTest, ACompactStringIsNoLongerThanAClassicOneCanBe) {
  const std::string longest = "\x80\x80\x02" + std::string(32767, 's');
  EXPECT_EQ(ReaderOf(longest).ReadString(Form::kCompact).size(), 32767U);
  Reader in = ReaderOf("\x81\x80\x02" + std::string(32768, 's'));
  in.ReadString(Form::kCompact);
  EXPECT_FALSE(in.ok());
}

TEST(ReaderTest, BytesOfASharedFrameAreSlicesOfIt) {
  const SharedBytes frame =
      SharedBytes::CopyOf(Raw("\x00\x00\x00\x03"
                              "abc"));
  Reader in(frame);
  const SharedBytes bytes = in.ReadBytes(Form::kClassic);
  EXPECT_EQ(bytes.text(), "abc");
  EXPECT_EQ(bytes.data(), frame.data() + 4);
  EXPECT_EQ(bytes.owner(), frame.owner());
}

TEST(ReaderTest, BytesOfABorrowedSpanAreCopied) {
  std::string input(
      Raw("\x04"
          "abc"));
  Reader in(AsBytes(input));
  const SharedBytes bytes = in.ReadBytes(Form::kCompact);
  input = "xxxx";
  EXPECT_EQ(bytes.text(), "abc");
}

TEST(ReaderTest, ArraysAreReadElementByElement) {
  Reader in = ReaderOf(Raw("\x04\x00\x01\x00\x02\x00\x03"));
  std::vector<std::int16_t> array;
  in.ReadArray(Form::kCompact, 2, array, [&](std::int16_t& element) { element = in.ReadInt16(); });
  EXPECT_THAT(array, ElementsAre(1, 2, 3));
}

TEST(ReaderTest, ACountThatTheBytesCannotHoldIsRefusedBeforeAllocating) {
  Reader in = ReaderOf(Raw("\x00\x00\x00\x03\x01\x01\x01\x01\x01"));
  std::vector<std::int16_t> array;
  in.ReadArray(Form::kClassic, 2, array, [&](std::int16_t& element) { element = in.ReadInt16(); });
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(array.capacity(), 0U);
}

// An element that is large in memory but may be tiny on the wire must not multiply the input.
TEST(ReaderTest, ReservingIsBoundedByTheBytesLeft) {
  struct Large {
    char content[1000];
  };
  const std::string bytes = std::string(Raw("\x00\x00\x10\x00")) + std::string(4096, '\1');
  Reader in = ReaderOf(bytes);
  std::vector<Large> array;
  in.ReadArray(Form::kClassic, 1, array, [&](Large&) { in.Fail("stop"); });
  EXPECT_LE(array.capacity(), 5U);
}

TEST(ReaderTest, AfterAnErrorEverythingIsEmptyAndTheFirstReasonStays) {
  Reader in = ReaderOf("\x01\x02\x03");
  EXPECT_EQ(in.ReadInt32(), 0);
  EXPECT_EQ(in.ReadInt8(), 0);
  EXPECT_EQ(in.ReadString(Form::kCompact), "");
  in.Fail("something else");
  EXPECT_EQ(in.remaining(), 0U);
  EXPECT_EQ(in.status().error().detail, "the bytes end inside a field at byte 0");
}

TEST(ReaderTest, ATagShowsItsOwnBytesOnly) {
  Reader in = ReaderOf(
      "\x05\x02"
      "abc");
  const Reader::Tag tag = in.OpenTag();
  EXPECT_EQ(tag.id, 5U);
  EXPECT_EQ(in.remaining(), 2U);
  in.ReadInt16();
  in.CloseTag(tag);
  EXPECT_EQ(in.remaining(), 1U);
  EXPECT_EQ(in.ReadInt8(), 'c');
  EXPECT_TRUE(in.ok());
}

TEST(ReaderTest, ATagThatIsNotReadToItsEndIsMalformed) {
  Reader in = ReaderOf(
      "\x05\x02"
      "abc");
  const Reader::Tag tag = in.OpenTag();
  in.ReadInt8();
  in.CloseTag(tag);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.remaining(), 0U);
}

TEST(ReaderTest, ATagLongerThanTheMessageIsMalformed) {
  Reader in = ReaderOf(
      "\x05\x04"
      "abc");
  in.OpenTag();
  EXPECT_FALSE(in.ok());
}

TEST(ReaderTest, AHugeNumberOfTagsEndsWithTheBytes) {
  Reader in = ReaderOf(Raw("\xff\xff\xff\xff\x0f\x01\x00"));
  in.SkipTags();
  EXPECT_FALSE(in.ok());
}

TEST(ReaderTest, PresenceIsAnInt8OrAnUnsignedVarint) {
  Reader in = ReaderOf(Raw("\x01\xff\x01\x00"));
  EXPECT_TRUE(in.ReadPresence());
  EXPECT_FALSE(in.ReadPresence());
  EXPECT_TRUE(in.ReadTaggedPresence());
  EXPECT_FALSE(in.ReadTaggedPresence());
}

}  // namespace
}  // namespace gneiss::wire
