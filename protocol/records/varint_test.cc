// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/varint.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>

#include "protocol/base/shared_bytes.h"

namespace gneiss::records {
namespace {

template <class Int, class Read>
std::optional<Int> ReadAll(const std::string& bytes, Read read) {
  const std::span<const std::byte> view = AsBytes(bytes);
  Int value = 0;
  const std::byte* end = view.data() + view.size();
  return read(view.data(), end, value) == end ? std::optional<Int>(value) : std::nullopt;
}

TEST(VarintTest, SmallNumbersAlternateAroundZero) {
  std::string out;
  for (const int value : {0, -1, 1, -2, 2, 63, -64}) AppendVarint(out, value);
  EXPECT_EQ(out, std::string("\x00\x01\x02\x03\x04\x7e\x7f", 7));
}

TEST(VarintTest, EveryWidthComesBack) {
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const auto value :
         {static_cast<std::int64_t>(power), static_cast<std::int64_t>(~power + 1)}) {
      std::string out;
      AppendVarint(out, value);
      EXPECT_EQ(out.size(), VarintSize(value));
      EXPECT_EQ(ReadAll<std::int64_t>(out, ReadVarlong), value);
      if (bit < 31) EXPECT_EQ(ReadAll<std::int32_t>(out, ReadVarint), value);
    }
  }
}

TEST(VarintTest, TheLargestTakeFiveAndTenBytes) {
  EXPECT_EQ(VarintSize(std::numeric_limits<std::int32_t>::min()), kVarint32BytesMax);
  EXPECT_EQ(VarintSize(std::numeric_limits<std::int64_t>::min()), kVarint64BytesMax);
}

TEST(VarintTest, OneCutShortIsRefused) {
  EXPECT_EQ(ReadAll<std::int32_t>("", ReadVarint), std::nullopt);
  EXPECT_EQ(ReadAll<std::int32_t>("\x80", ReadVarint), std::nullopt);
  EXPECT_EQ(ReadAll<std::int64_t>("\xff\xff", ReadVarlong), std::nullopt);
}

TEST(VarintTest, OneThatDoesNotEndIsRefused) {
  EXPECT_EQ(ReadAll<std::int32_t>(std::string(5, '\x80') + '\0', ReadVarint), std::nullopt);
  EXPECT_EQ(ReadAll<std::int64_t>(std::string(10, '\x80') + '\0', ReadVarlong), std::nullopt);
}

}  // namespace
}  // namespace gneiss::records
