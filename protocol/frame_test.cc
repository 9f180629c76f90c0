// SPDX-License-Identifier: Apache-2.0
#include "protocol/frame.h"

#include <gtest/gtest.h>

#include <string>

#include "protocol/api_keys.h"
#include "protocol/error_codes.h"

namespace gneiss::protocol {
namespace {

using wire::Form;

Result<std::size_t> SizeOf(const std::string& prefix, std::size_t bytes_max = 1000) {
  return ParseFrameSize(AsBytes(prefix).first<kFrameSizeBytes>(), bytes_max);
}

TEST(FrameTest, TheSizeIsBigEndianAndExcludesItself) {
  EXPECT_EQ(SizeOf(std::string("\0\0\x01\x02", 4)).value(), 258U);
  EXPECT_EQ(SizeOf(std::string("\0\0\x03\xe8", 4)).value(), 1000U);
}

TEST(FrameTest, SizesOutsideTheLimitsAreMalformed) {
  for (const std::string& prefix :
       {std::string("\0\0\0\0", 4), std::string("\xff\xff\xff\xff"), std::string("\0\0\x03\xe9", 4),
        std::string("GET "), std::string("\x16\x03\x01\x02")}) {
    const Result<std::size_t> size = SizeOf(prefix);
    ASSERT_FALSE(size.has_value());
    EXPECT_EQ(size.error().code, Errc::kMalformed);
  }
}

TEST(FrameTest, TheHeaderEndsAtTheClientIdOrAtTheTagsBehindIt) {
  const std::string bytes(
      "\0\x12\0\x03\x01\x02\x03\x04\0\x03"
      "abc"
      "\x01\x63\x02zz"
      "body",
      22);
  wire::Reader in(SharedBytes::CopyOf(bytes));
  const Result<FrameHeader> header = ReadFrameHeader(in);
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->api_key, 18);
  EXPECT_EQ(header->api_version, 3);
  EXPECT_EQ(header->correlation_id, 0x01020304);
  EXPECT_EQ(header->client_id, "abc");
  ASSERT_TRUE(SkipHeaderTags(in).has_value());
  EXPECT_EQ(in.remaining(), 4U);
}

TEST(FrameTest, ANullClientIdIsFineAndACutHeaderIsMalformed) {
  const std::string bytes("\0\x03\0\0\0\0\0\x07\xff\xff", 10);
  wire::Reader in(SharedBytes::CopyOf(bytes));
  EXPECT_EQ(ReadFrameHeader(in)->client_id, std::nullopt);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    wire::Reader cut(SharedBytes::CopyOf(std::string_view(bytes).substr(0, size)));
    EXPECT_FALSE(ReadFrameHeader(cut).has_value()) << size;
  }
}

TEST(FrameTest, OnlyApiVersionsAnswersWithAnOldHeaderToAFlexibleRequest) {
  const auto api_versions = static_cast<std::int16_t>(ApiKey::kApiVersions);
  const auto fetch = static_cast<std::int16_t>(ApiKey::kFetch);
  EXPECT_EQ(ResponseHeaderVersionOf(api_versions, Form::kCompact), ResponseHeaderVersion::kV0);
  EXPECT_EQ(ResponseHeaderVersionOf(api_versions, Form::kClassic), ResponseHeaderVersion::kV0);
  EXPECT_EQ(ResponseHeaderVersionOf(fetch, Form::kCompact), ResponseHeaderVersion::kV1);
  EXPECT_EQ(ResponseHeaderVersionOf(fetch, Form::kClassic), ResponseHeaderVersion::kV0);
}

TEST(FrameTest, AResponseBeginsWithItsSize) {
  wire::Writer out;
  BeginResponse(out, 7, ResponseHeaderVersion::kV1);
  out.WriteBytes(Form::kClassic, SharedBytes::CopyOf(std::string(1000, 'r')));
  ASSERT_TRUE(EndResponse(out).has_value());
  const std::string bytes = out.TakeString();
  EXPECT_EQ(bytes.size(), 4 + 1009U);
  EXPECT_EQ(bytes.substr(0, 9), std::string("\0\0\x03\xf1\0\0\0\x07\0", 9));
}

TEST(FrameTest, AResponseThatDidNotEncodeIsNotSent) {
  wire::Writer out;
  BeginResponse(out, 7, ResponseHeaderVersion::kV0);
  out.Fail(Errc::kInvalidArgument, "no");
  EXPECT_EQ(EndResponse(out).error().code, Errc::kInvalidArgument);
}

TEST(ErrorCodeTest, NamesAreKafkas) {
  EXPECT_EQ(ToString(ErrorCode::kUnknownServerError), "UNKNOWN_SERVER_ERROR");
  EXPECT_EQ(ToString(ErrorCode::kNone), "NONE");
  EXPECT_EQ(ToString(ErrorCode::kUnknownTopicId), "UNKNOWN_TOPIC_ID");
  EXPECT_EQ(ToWire(ErrorCode::kUnknownTopicId), 100);
  EXPECT_EQ(ToString(ErrorCode::kShareSessionLimitReached), "SHARE_SESSION_LIMIT_REACHED");
  EXPECT_EQ(ToString(ErrorCodeFromWire(134)), "UNKNOWN");
  EXPECT_EQ(ToString(ErrorCodeFromWire(-2)), "UNKNOWN");
}

}  // namespace
}  // namespace gneiss::protocol
