// SPDX-License-Identifier: Apache-2.0
#include "server/telemetry/otlp_metrics.h"

#include <random>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/testing/otlp_bytes.h"

namespace gneiss::server {
namespace {

using testing::BytesField;
using testing::DoubleField;
using testing::Fixed64Field;
using ::testing::IsEmpty;
using testing::NumberField;
using testing::OtlpGauge;
using testing::OtlpMetric;
using ::testing::SizeIs;

Result<std::vector<OtlpPoint>> Decode(const std::string& bytes, std::size_t points_max = 100) {
  return DecodeOtlpMetrics(std::as_bytes(std::span(bytes)), points_max);
}

std::string Attribute(const char* key, const std::string& any_value) {
  return BytesField(7, BytesField(1, key) + BytesField(2, any_value));
}

TEST(OtlpMetricsTest, GaugesAndSumsAreReadWithTheirAttributes) {
  const std::string point = Attribute("node.id", NumberField(3, 7)) +
                            Attribute("topic", BytesField(1, "orders")) +
                            Fixed64Field(6, static_cast<std::uint64_t>(-5));
  const std::string delta = BytesField(1, point) + NumberField(2, 1) + NumberField(3, 1);
  const std::string total =
      BytesField(1, DoubleField(4, 2.5)) + NumberField(2, 2) + NumberField(3, 1);
  const std::string sinking = BytesField(1, DoubleField(4, 1)) + NumberField(2, 2);
  const auto points = Decode(OtlpGauge("gauge", 1.5) + OtlpMetric("delta", BytesField(7, delta)) +
                             OtlpMetric("total", BytesField(7, total)) +
                             OtlpMetric("sinking", BytesField(7, sinking)));
  ASSERT_TRUE(points) << points.error().detail;
  ASSERT_THAT(*points, SizeIs(4));
  EXPECT_EQ((*points)[0].metric, "gauge");
  EXPECT_EQ((*points)[0].kind, OtlpPoint::Kind::kGauge);
  EXPECT_EQ((*points)[0].value, 1.5);
  EXPECT_EQ((*points)[1].kind, OtlpPoint::Kind::kDelta);
  EXPECT_EQ((*points)[1].value, -5);
  EXPECT_EQ((*points)[1].attributes, "node.id=7,topic=orders");
  EXPECT_EQ((*points)[2].kind, OtlpPoint::Kind::kTotal);
  EXPECT_EQ((*points)[3].kind, OtlpPoint::Kind::kGauge);
}

TEST(OtlpMetricsTest, HistogramsAndUnknownFieldsArePassedOver) {
  const auto points = Decode(OtlpMetric("h", BytesField(9, "xyz")) + NumberField(77, 1));
  ASSERT_TRUE(points);
  EXPECT_THAT(*points, IsEmpty());
}

TEST(OtlpMetricsTest, MoreThanAllowedIsLeftOutAndLongTextIsCut) {
  const std::string many = OtlpGauge("a", 1) + OtlpGauge("b", 1) + OtlpGauge("c", 1);
  EXPECT_THAT(*Decode(many, 2), SizeIs(2));
  EXPECT_THAT(Decode(OtlpGauge(std::string(5000, 'n'), 1))->at(0).metric, SizeIs(200));
}

TEST(OtlpMetricsTest, ADamagedMessageIsRefused) {
  EXPECT_FALSE(Decode("xyz"));
  const std::string good = OtlpGauge("gauge", 1.5);
  for (std::size_t size = 1; size < good.size(); ++size) {
    EXPECT_FALSE(Decode(good.substr(0, size))) << size;
  }
}

TEST(OtlpMetricsTest, NoBytesCrashIt) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string good = OtlpGauge("gauge", 1.5) + OtlpGauge("other", 2);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto points = Decode(bytes);
    if (points) EXPECT_LE(points->size(), bytes.size());
  }
}

}  // namespace
}  // namespace gneiss::server
