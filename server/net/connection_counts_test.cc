// SPDX-License-Identifier: Apache-2.0
#include "server/net/connection_counts.h"

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(ConnectionCountsTest, AnAddressHasItsShareAndItsException) {
  ConnectionCounts counts({.total = 4, .per_ip = 1, .per_ip_overrides = {{"10.0.0.1", 2}}});
  EXPECT_TRUE(counts.TryAdd("10.0.0.1"));
  EXPECT_TRUE(counts.TryAdd("10.0.0.1"));
  EXPECT_FALSE(counts.TryAdd("10.0.0.1"));
  EXPECT_TRUE(counts.TryAdd("10.0.0.2"));
  EXPECT_FALSE(counts.TryAdd("10.0.0.2"));
  EXPECT_TRUE(counts.HasRoom());
  counts.Remove("10.0.0.2");
  EXPECT_TRUE(counts.TryAdd("10.0.0.2"));
}

TEST(ConnectionCountsTest, OtherQuotasHoldFromTheNextConnectionOn) {
  ConnectionCounts counts({.total = 3, .per_ip = 3, .per_ip_overrides = {}});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(counts.TryAdd("a"));
  EXPECT_FALSE(counts.HasRoom());
  counts.SetQuotas({.total = 10, .per_ip = 1, .per_ip_overrides = {}});
  EXPECT_TRUE(counts.HasRoom());
  EXPECT_FALSE(counts.TryAdd("a"));
  EXPECT_TRUE(counts.TryAdd("b"));
}

TEST(ConnectionCountsTest, ConnectionsComeNoFasterThanTheRate) {
  ConnectionCounts counts(
      {.total = 10, .per_ip = 10, .per_ip_overrides = {}, .accepts_per_second = 4});
  TimePoint now{std::chrono::hours(1)};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(counts.DelayOfNext(now), nanoseconds(0));  // one second's
  EXPECT_EQ(counts.DelayOfNext(now), milliseconds(250));
  EXPECT_EQ(counts.DelayOfNext(now), milliseconds(250)) << "waiting costs nothing";
  now += milliseconds(250);
  EXPECT_EQ(counts.DelayOfNext(now), nanoseconds(0));
  EXPECT_EQ(counts.DelayOfNext(now), milliseconds(250));
  counts.SetQuotas({.total = 10, .per_ip = 10, .per_ip_overrides = {}});
  EXPECT_EQ(counts.DelayOfNext(now), nanoseconds(0));
}

}  // namespace
}  // namespace gneiss::server
