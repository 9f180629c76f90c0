// SPDX-License-Identifier: Apache-2.0
#include "engine/cleaner/key_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace gneiss::engine {
namespace {

// The reference's test vectors: the secret 00 01 ... 0f, the input 00 01 02 ...
TEST(KeyHashTest, IsSipHashWithTwiceTheBits) {
  const KeyHasher hasher(0x0706050403020100U, 0x0f0e0d0c0b0a0908U);
  EXPECT_EQ(hasher(""), (KeyHash{0xe6a825ba047f81a3U, 0x930255c71472f66dU}));
  EXPECT_EQ(hasher(std::string_view("\0", 1)), (KeyHash{0x44af996bd8c187daU, 0x45fc229b11597634U}));
}

TEST(KeyHashTest, EveryHasherHasItsOwnSecret) { EXPECT_NE(KeyHasher()("key"), KeyHasher()("key")); }

TEST(KeyMapTest, TheNewestOffsetOfAKeyCounts) {
  KeyMap map(100);
  EXPECT_EQ(map.Find("a"), std::nullopt);
  EXPECT_TRUE(map.Put("a", Offset(0)));
  EXPECT_EQ(map.Find("a"), Offset(0));
  EXPECT_TRUE(map.Put("a", Offset(7)));
  EXPECT_TRUE(map.Put("a", Offset(3)));
  EXPECT_EQ(map.Find("a"), Offset(7));
  EXPECT_EQ(map.size(), 1U);
  EXPECT_EQ(map.Find(""), std::nullopt);
  EXPECT_TRUE(map.Put("", Offset(9)));
  EXPECT_EQ(map.Find(""), Offset(9));
}

TEST(KeyMapTest, AFullMapRefusesNewKeysAndStillUpdatesOldOnes) {
  KeyMap map(10);
  int taken = 0;
  while (map.Put(std::to_string(taken), Offset(taken))) ++taken;
  EXPECT_EQ(taken, 9);
  EXPECT_EQ(map.Find("9"), std::nullopt);
  EXPECT_TRUE(map.Put("3", Offset(50)));
  EXPECT_EQ(map.Find("3"), Offset(50));
}

TEST(KeyMapTest, TheSmallestMapHoldsNothingAndStillAnswers) {
  KeyMap map(1);
  EXPECT_FALSE(map.Put("a", Offset(1)));
  EXPECT_EQ(map.Find("a"), std::nullopt);
}

TEST(KeyMapTest, AgreesWithAnOrdinaryMap) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr int kKeys = 5'000;
  KeyMap map(KeyMap::SlotsFor(kKeys));
  std::map<std::string, Offset> expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "key-" + std::to_string(random() % kKeys);
    ASSERT_TRUE(map.Put(key, Offset(i)));
    expected[key] = Offset(i);
  }
  EXPECT_EQ(map.size(), expected.size());
  for (const auto& [key, offset] : expected) ASSERT_EQ(map.Find(key), offset) << key;
  for (int i = 0; i < kKeys; ++i) ASSERT_EQ(map.Find("other-" + std::to_string(i)), std::nullopt);
}

}  // namespace
}  // namespace gneiss::engine
