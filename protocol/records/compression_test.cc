// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/compression.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <snappy.h>
#include <sys/resource.h>
#include <zstd.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "protocol/base/shared_bytes.h"

namespace gneiss::records {
namespace {

constexpr std::size_t kUnbounded = std::size_t{1} << 40;
constexpr std::size_t kGiB = std::size_t{1} << 30;

// Words at random: compressible, but not to nothing.
std::string Text(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string out;
  while (out.size() < size) out += "word-" + std::to_string(random() % 300) + ' ';
  out.resize(size);
  return out;
}

std::string Noise(std::size_t size) {
  std::mt19937 random(7);
  std::string out(size, '\0');
  for (char& byte : out) byte = static_cast<char>(random());
  return out;
}

std::string Squeeze(Codec codec, std::string_view plain, int level) {
  return Compress(codec, level, AsBytes(plain)).value();
}
std::string Squeeze(Codec codec, std::string_view plain) {
  return Squeeze(codec, plain, DefaultLevel(codec));
}
Result<std::string> Expand(Codec codec, std::string_view bytes, std::size_t max = kUnbounded) {
  return Decompress(codec, AsBytes(bytes), max);
}

// Reads `bytes` through a window of `step` bytes.
std::string ReadInSteps(Codec codec, std::string_view bytes, std::size_t step) {
  const auto stream = Decompressor::Create(codec, AsBytes(bytes));
  std::string out;
  std::vector<std::byte> window(step);
  while (true) {
    const std::size_t n = stream->Read(window).value();
    if (n == 0) return out;
    out += AsText(std::span(window).first(n));
  }
}

std::size_t PeakResidentBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

class EachCodecTest : public ::testing::TestWithParam<Codec> {};

INSTANTIATE_TEST_SUITE_P(Codecs, EachCodecTest,
                         ::testing::Values(Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4,
                                           Codec::kZstd),
                         [](const auto& param) { return std::string(ToString(param.param)); });

TEST_P(EachCodecTest, BringsBackWhatItTook) {
  for (const std::size_t size :
       {0UL, 1UL, 100UL, 32'767UL, 32'768UL, 32'769UL, 65'536UL, 65'537UL, 1'000'003UL}) {
    for (const std::string& plain : {Text(size), Noise(size), std::string(size, 'z')}) {
      EXPECT_TRUE(Expand(GetParam(), Squeeze(GetParam(), plain)).value() == plain) << size;
    }
  }
}

TEST_P(EachCodecTest, MakesTextSmaller) {
  if (GetParam() == Codec::kNone) return;
  EXPECT_LT(Squeeze(GetParam(), Text(200'000)).size(), 100'000U);
}

TEST_P(EachCodecTest, EveryLevelComesBack) {
  const std::string plain = Text(100'000);
  for (int level = -10; level <= 30; ++level) {
    ASSERT_TRUE(Expand(GetParam(), Squeeze(GetParam(), plain, level)).value() == plain) << level;
  }
}

TEST_P(EachCodecTest, StreamsInAnyStep) {
  const std::string plain = Text(100'000);
  const std::string packed = Squeeze(GetParam(), plain);
  for (const std::size_t step : {1UL, 7UL, 4096UL, 200'000UL}) {
    EXPECT_TRUE(ReadInSteps(GetParam(), packed, step) == plain) << step;
  }
}

TEST_P(EachCodecTest, TakesItsInputInAnyStep) {
  const std::string plain = Text(100'000);
  for (const std::size_t step : {1UL, 1000UL, 40'000UL}) {
    const auto compressor = Compressor::Create(GetParam(), DefaultLevel(GetParam()));
    for (std::size_t at = 0; at < plain.size(); at += step) {
      ASSERT_TRUE(compressor->Write(AsBytes(std::string_view(plain).substr(at, step))).has_value());
    }
    EXPECT_TRUE(Expand(GetParam(), compressor->Finish().value()).value() == plain) << step;
  }
}

TEST_P(EachCodecTest, TheLimitIsExact) {
  const std::string plain = Text(100'000);
  const std::string packed = Squeeze(GetParam(), plain);
  EXPECT_TRUE(Expand(GetParam(), packed, plain.size()).has_value());
  EXPECT_EQ(Expand(GetParam(), packed, plain.size() - 1).error().code, Errc::kMessageTooLarge);
  EXPECT_EQ(Expand(GetParam(), packed, 0).error().code, Errc::kMessageTooLarge);
}

TEST_P(EachCodecTest, NothingComesFromNothing) { EXPECT_EQ(Expand(GetParam(), "").value(), ""); }

TEST_P(EachCodecTest, ACutStreamIsNeverTakenForAWholeOne) {
  if (GetParam() == Codec::kNone) return;
  const std::string plain = Text(3'000);
  const std::string packed = Squeeze(GetParam(), plain);
  for (std::size_t size = 1; size < packed.size(); ++size) {
    const auto out = Expand(GetParam(), packed.substr(0, size));
    // Snappy's framing has no end mark: cut between blocks it is merely shorter.
    if (out.has_value()) {
      EXPECT_EQ(GetParam(), Codec::kSnappy);
      EXPECT_LT(out->size(), plain.size());
    } else {
      EXPECT_EQ(out.error().code, Errc::kCorrupt) << size;
    }
  }
}

TEST_P(EachCodecTest, DamageNeitherCrashesNorGrowsBeyondTheLimit) {
  std::mt19937 random(3);
  const std::string packed = Squeeze(GetParam(), Text(5'000));
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = packed;
    for (unsigned i = 0; i <= random() % 4; ++i) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto out = Expand(GetParam(), damaged, 20'000);
    if (out.has_value()) EXPECT_LE(out->size(), 20'000U);
  }
}

// The contexts are kept for the next stream of the thread: what a broken one leaves must not show.
TEST_P(EachCodecTest, ABrokenStreamLeavesNoTraceInTheNext) {
  const std::string plain = Text(70'000);
  const std::string packed = Squeeze(GetParam(), plain);
  for (int round = 0; round < 10; ++round) {
    {
      const auto abandoned = Compressor::Create(GetParam(), 5)->Write(AsBytes(plain));
    }
    (void)Expand(GetParam(), packed.substr(0, packed.size() / 2));
    (void)Expand(GetParam(), packed, 10);
    EXPECT_TRUE(Expand(GetParam(), packed).value() == plain);
    EXPECT_TRUE(Squeeze(GetParam(), plain) == packed);
  }
}

TEST_P(EachCodecTest, ManyStreamsLiveSideBySide) {
  const std::string plain = Text(70'000);
  const std::string packed = Squeeze(GetParam(), plain);
  std::vector<std::unique_ptr<Decompressor>> streams;
  std::vector<std::string> out(6);
  for (std::size_t i = 0; i < out.size(); ++i) {
    streams.push_back(Decompressor::Create(GetParam(), AsBytes(packed)));
  }
  std::vector<std::byte> window(1000);
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t n = streams[i]->Read(window).value();
      out[i] += AsText(std::span(window).first(n));
      more = more || n > 0;
    }
  }
  for (const std::string& text : out) EXPECT_TRUE(text == plain);
}

TEST_P(EachCodecTest, ThreadsDoNotShareContexts) {
  const std::string plain = Text(20'000);
  const auto work = [&] {
    for (int round = 0; round < 50; ++round) {
      EXPECT_TRUE(Expand(GetParam(), Squeeze(GetParam(), plain)).value() == plain);
    }
  };
  std::thread other(work);
  work();
  other.join();
}

TEST_P(EachCodecTest, TranscodesIntoEveryOther) {
  const std::string plain = Text(150'000);
  const std::string packed = Squeeze(GetParam(), plain);
  for (const Codec to : {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    const auto changed =
        Transcode(GetParam(), to, DefaultLevel(to), AsBytes(packed), plain.size()).value();
    EXPECT_TRUE(Expand(to, changed).value() == plain) << ToString(to);
    EXPECT_EQ(Transcode(GetParam(), to, 1, AsBytes(packed), plain.size() - 1).error().code,
              Errc::kMessageTooLarge);
  }
}

// Memory must follow what is read, not what the stream could give: a bomb of one GiB of zeros is
// read through a small window, then refused by Decompress, and the process has hardly grown.
TEST_P(EachCodecTest, ABombOfOneGiBIsRefusedInLittleMemory) {
  if (GetParam() == Codec::kNone) return;
  const std::string zeros(std::size_t{1} << 20, '\0');
  const auto compressor = Compressor::Create(GetParam(), 1);
  for (int i = 0; i < 1024; ++i) ASSERT_TRUE(compressor->Write(AsBytes(zeros)).has_value());
  const std::string bomb = compressor->Finish().value();
  const std::size_t before = PeakResidentBytes();

  EXPECT_EQ(Expand(GetParam(), bomb, 8 << 20).error().code, Errc::kMessageTooLarge);
  const auto stream = Decompressor::Create(GetParam(), AsBytes(bomb));
  std::vector<std::byte> window(64 << 10);
  std::size_t total = 0;
  while (total < kGiB) {
    const std::size_t n = stream->Read(window).value();
    ASSERT_GT(n, 0U);
    total += n;
  }
  EXPECT_EQ(total, kGiB);
  EXPECT_LT(PeakResidentBytes() - before, std::size_t{64} << 20);
}

TEST(GzipTest, MembersAreJoinedAndWhatIsNoneIsIgnored) {
  const std::string two = Squeeze(Codec::kGzip, "one ") + Squeeze(Codec::kGzip, "two");
  EXPECT_EQ(Expand(Codec::kGzip, two).value(), "one two");
  EXPECT_EQ(Expand(Codec::kGzip, two + "junk").value(), "one two");
  EXPECT_EQ(Expand(Codec::kGzip, two + "\x1f\x8b").error().code, Errc::kCorrupt);
}

// Each read gives a byte here; growing the output at each of them would take minutes.
TEST(GzipTest, ManyTinyMembersTakeLinearTime) {
  constexpr std::size_t kMembers = 500'000;
  const std::string member = Squeeze(Codec::kGzip, "x");
  std::string bytes;
  for (std::size_t i = 0; i < kMembers; ++i) bytes += member;
  EXPECT_EQ(Expand(Codec::kGzip, bytes)->size(), kMembers);
}

TEST(GzipTest, AWrongTrailerIsCorrupt) {
  std::string packed = Squeeze(Codec::kGzip, "some text");
  packed[packed.size() - 6] ^= 1;
  EXPECT_EQ(Expand(Codec::kGzip, packed).error().code, Errc::kCorrupt);
}

TEST(SnappyTest, TheStreamBeginsAsTheJavaLibraryWritesIt) {
  EXPECT_EQ(Squeeze(Codec::kSnappy, "").substr(0, 16),
            std::string("\x82SNAPPY\0\0\0\0\x01\0\0\0\x01", 16));
}

TEST(SnappyTest, BlocksHoldThirtyTwoKiBOfInput) {
  const std::string packed = Squeeze(Codec::kSnappy, Noise(40'000));
  std::size_t size = 0;
  ASSERT_TRUE(snappy::GetUncompressedLength(packed.data() + 20, packed.size() - 20, &size));
  EXPECT_EQ(size, 32U << 10);
}

TEST(SnappyTest, ARawBlockWithoutTheStreamIsRead) {
  const std::string plain = Text(100'000);
  std::string raw;
  snappy::Compress(plain.data(), plain.size(), &raw);
  EXPECT_TRUE(Expand(Codec::kSnappy, raw).value() == plain);
  EXPECT_EQ(Expand(Codec::kSnappy, raw + raw).error().code, Errc::kCorrupt);
}

TEST(SnappyTest, JoinedStreamsAreOne) {
  const std::string two = Squeeze(Codec::kSnappy, "one ") + Squeeze(Codec::kSnappy, "two");
  EXPECT_EQ(Expand(Codec::kSnappy, two).value(), "one two");
}

// A raw block begins with its plain size; a few bytes that promise 4 GiB must cost nothing.
TEST(SnappyTest, ASizeThatTheBytesCannotGiveIsRefused) {
  EXPECT_EQ(Expand(Codec::kSnappy,
                   "\xff\xff\xff\xff\x0f"
                   "abc")
                .error()
                .code,
            Errc::kCorrupt);
  const std::string stream = Squeeze(Codec::kSnappy, "");
  EXPECT_EQ(Expand(Codec::kSnappy, stream + std::string("\x7f\xff\xff\xff"
                                                        "a",
                                                        5))
                .error()
                .code,
            Errc::kCorrupt);
  EXPECT_EQ(Expand(Codec::kSnappy, stream + std::string("\xff\xff\xff\xff"
                                                        "a",
                                                        5))
                .error()
                .code,
            Errc::kCorrupt);
  EXPECT_EQ(Expand(Codec::kSnappy, stream + std::string("\0\0\0\0", 4)).error().code,
            Errc::kCorrupt);
}

TEST(Lz4Test, TheFrameHasTheFlagsOfTheJavaClients) {
  EXPECT_EQ(Squeeze(Codec::kLz4, "text").substr(0, 7), "\x04\x22\x4d\x18\x60\x40\x82");
}

TEST(Lz4Test, KafkasDefaultLevelIsTheFastOne) {
  const std::string plain = Text(200'000);
  const auto size = [&](int level) { return Squeeze(Codec::kLz4, plain, level).size(); };
  EXPECT_EQ(size(9), size(1));
  EXPECT_LT(size(10), size(9));
  EXPECT_LT(size(8), size(9));
}

TEST(Lz4Test, DependentBlocksAreRefusedAsJavaCannotReadThem) {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.blockMode = LZ4F_blockLinked;
  const std::string plain = Text(200'000);
  std::string frame(LZ4F_compressFrameBound(plain.size(), &preferences), '\0');
  frame.resize(
      LZ4F_compressFrame(frame.data(), frame.size(), plain.data(), plain.size(), &preferences));
  EXPECT_EQ(Expand(Codec::kLz4, frame).error().code, Errc::kCorrupt);
}

TEST(Lz4Test, ChecksumsOfContentAndBlocksAreChecked) {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  const std::string plain = Text(1'000);
  std::string frame(LZ4F_compressFrameBound(plain.size(), &preferences), '\0');
  frame.resize(
      LZ4F_compressFrame(frame.data(), frame.size(), plain.data(), plain.size(), &preferences));
  EXPECT_TRUE(Expand(Codec::kLz4, frame).value() == plain);
  frame.back() ^= 1;
  EXPECT_EQ(Expand(Codec::kLz4, frame).error().code, Errc::kCorrupt);
}

TEST(Lz4Test, OnlyTheFirstFrameIsRead) {
  const std::string two = Squeeze(Codec::kLz4, "one") + Squeeze(Codec::kLz4, "two");
  EXPECT_EQ(Expand(Codec::kLz4, two).value(), "one");
  EXPECT_EQ(Expand(Codec::kLz4, Squeeze(Codec::kLz4, "one") + "junk").value(), "one");
}

TEST(ZstdTest, FramesAreJoinedAndSkippableOnesSkipped) {
  const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  const std::string bytes =
      Squeeze(Codec::kZstd, "one ") + skippable + Squeeze(Codec::kZstd, "two");
  EXPECT_EQ(Expand(Codec::kZstd, bytes).value(), "one two");
  EXPECT_EQ(Expand(Codec::kZstd, bytes + "junk").error().code, Errc::kCorrupt);
}

TEST(ZstdTest, AStreamOfTheHighestLevelIsRead) {
  const std::string plain = Text(50'000);
  const auto compressor = Compressor::Create(Codec::kZstd, 22);  // declares a window of 128 MiB
  ASSERT_TRUE(compressor->Write(AsBytes(plain)).has_value());
  EXPECT_TRUE(Expand(Codec::kZstd, compressor->Finish().value()).value() == plain);
}

}  // namespace
}  // namespace gneiss::records
