// SPDX-License-Identifier: Apache-2.0
#include "protocol/wire/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "protocol/wire/reader.h"

namespace gneiss::wire {
namespace {

using ::testing::HasSubstr;

SharedBytes Large(char c, std::size_t size = Writer::kCopiedBytesMax + 1) {
  return SharedBytes::Own(std::string(size, c));
}

std::string Joined(const std::vector<SharedBytes>& fragments) {
  std::string all;
  for (const SharedBytes& fragment : fragments) all += fragment.text();
  return all;
}

TEST(WriterTest, WritesWhatTheReaderReads) {
  Writer out;
  out.WriteBool(true);
  out.WriteInt16(-2);
  out.WriteUint16(65535);
  out.WriteInt32(std::numeric_limits<std::int32_t>::min());
  out.WriteInt64(1234567890123);
  out.WriteFloat64(-0.5);
  out.WriteVarint(-300);
  out.WriteVarlong(std::numeric_limits<std::int64_t>::min());
  out.WriteUnsignedVarint(300);
  out.WriteString(Form::kCompact, "text");
  out.WriteNullableString(Form::kClassic, std::nullopt);

  Reader in(SharedBytes::Own(out.TakeString()));
  EXPECT_TRUE(in.ReadBool());
  EXPECT_EQ(in.ReadInt16(), -2);
  EXPECT_EQ(in.ReadUint16(), 65535);
  EXPECT_EQ(in.ReadInt32(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(in.ReadInt64(), 1234567890123);
  EXPECT_EQ(in.ReadFloat64(), -0.5);
  EXPECT_EQ(in.ReadVarint(), -300);
  EXPECT_EQ(in.ReadVarlong(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(in.ReadUnsignedVarint(), 300U);
  EXPECT_EQ(in.ReadString(Form::kCompact), "text");
  EXPECT_EQ(in.ReadNullableString(Form::kClassic), std::nullopt);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0U);
}

TEST(WriterTest, SmallFieldsAreCopiedAndLargeOnesReferenced) {
  const SharedBytes small = SharedBytes::CopyOf("small");
  const SharedBytes large = Large('L');
  Writer out;
  out.WriteBytes(Form::kClassic, small);
  out.WriteBytes(Form::kClassic, large);
  out.WriteInt8(1);
  EXPECT_EQ(out.size(), 4 + 5 + 4 + large.size() + 1);

  const std::vector<SharedBytes> fragments = out.TakeFragments();
  ASSERT_EQ(fragments.size(), 3U);
  EXPECT_EQ(fragments[0].size(), 13U);
  EXPECT_EQ(fragments[1].data(), large.data());
  EXPECT_EQ(fragments[2].text(), "\x01");
}

TEST(WriterTest, TakingEmptiesTheWriter) {
  Writer out;
  out.WriteBytes(Form::kClassic, Large('x'));
  (void)out.TakeFragments();
  EXPECT_EQ(out.size(), 0U);
  out.WriteInt8(7);
  EXPECT_EQ(out.TakeString(), "\x07");
}

TEST(WriterTest, RecordsKeepTheOrderOfTheirPieces) {
  Records records;
  records.Append(Large('a'));
  records.Append(SharedBytes::CopyOf("b"));
  records.Append(SharedBytes());
  records.Append(Large('c'));
  Writer out;
  out.WriteRecords(Form::kCompact, records);
  out.WriteInt8('!');
  const std::string all = Joined(out.TakeFragments());
  Reader in(SharedBytes::CopyOf(all));
  EXPECT_EQ(in.ReadRecords(Form::kCompact), records);
  EXPECT_EQ(in.ReadInt8(), '!');
}

TEST(WriterTest, TagsCarryTheirSizeWhateverItTakes) {
  for (const std::size_t size : {1U, 100U, 126U, 127U, 500U, 20000U}) {
    Writer out;
    TagSection tags(out);
    tags.Open(3);
    out.WriteBytes(Form::kCompact, Large('t', size));
    tags.Close();
    tags.Open(200);
    out.WriteInt8(9);
    tags.Close();
    out.WriteInt8('!');

    Reader in(SharedBytes::Own(out.TakeString()));
    EXPECT_EQ(in.ReadUnsignedVarint(), 2U);
    const Reader::Tag first = in.OpenTag();
    EXPECT_EQ(first.id, 3U);
    EXPECT_EQ(in.ReadBytes(Form::kCompact), Large('t', size));
    in.CloseTag(first);
    const Reader::Tag second = in.OpenTag();
    EXPECT_EQ(second.id, 200U);
    EXPECT_EQ(in.ReadInt8(), 9);
    in.CloseTag(second);
    EXPECT_EQ(in.ReadInt8(), '!');
    EXPECT_TRUE(in.ok()) << size;
  }
}

// A tag inside a tag: both sizes are inserted in front of content that is already there.
TEST(WriterTest, TagsNest) {
  const SharedBytes large = Large('n', 3000);
  Writer out;
  TagSection outer(out);
  outer.Open(0);
  {
    TagSection inner(out);
    inner.Open(1);
    out.WriteBytes(Form::kCompact, large);
    inner.Close();
  }
  outer.Close();

  Reader in(SharedBytes::CopyOf(Joined(out.TakeFragments())));
  EXPECT_EQ(in.ReadUnsignedVarint(), 1U);
  const Reader::Tag outer_tag = in.OpenTag();
  EXPECT_EQ(in.ReadUnsignedVarint(), 1U);
  const Reader::Tag inner_tag = in.OpenTag();
  EXPECT_EQ(inner_tag.id, 1U);
  EXPECT_EQ(in.ReadBytes(Form::kCompact), large);
  in.CloseTag(inner_tag);
  in.CloseTag(outer_tag);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0U);
}

TEST(WriterTest, TheFirstErrorStays) {
  Writer out;
  out.RequireDefault(true, "Fine", 1);
  EXPECT_TRUE(out.ok());
  out.RequireDefault(false, "Name", 3);
  out.WriteString(Form::kClassic, std::string(40000, 'x'));
  EXPECT_EQ(out.status().error().code, Errc::kUnsupportedVersion);
  EXPECT_THAT(out.status().error().detail, HasSubstr("Name is set, but version 3 lacks it"));
}

TEST(RecordsTest, EqualityIgnoresHowTheBytesAreCut) {
  Records pieces;
  pieces.Append(SharedBytes::CopyOf("ab"));
  pieces.Append(SharedBytes::CopyOf("c"));
  EXPECT_EQ(pieces, Records(SharedBytes::CopyOf("abc")));
  EXPECT_NE(pieces, Records(SharedBytes::CopyOf("abd")));
  EXPECT_EQ(pieces.Contiguous().text(), "abc");
  EXPECT_EQ(Records(), Records(SharedBytes()));
}

}  // namespace
}  // namespace gneiss::wire
