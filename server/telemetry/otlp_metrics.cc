// SPDX-License-Identifier: Apache-2.0
#include "server/telemetry/otlp_metrics.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <utility>

#include "server/telemetry/protobuf_reader.h"

namespace gneiss::server {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kNameBytesMax = 200;
constexpr std::size_t kAttributesBytesMax = 200;
constexpr std::uint64_t kDeltaTemporality = 1;

// The fields of opentelemetry.proto.metrics.v1 that are read, by the message that holds them.
namespace field {
constexpr int kResourceMetrics = 1;         // MetricsData
constexpr int kScopeMetrics = 2;            // ResourceMetrics
constexpr int kMetrics = 2;                 // ScopeMetrics
constexpr int kName = 1;                    // Metric
constexpr int kGauge = 5;                   // Metric
constexpr int kSum = 7;                     // Metric
constexpr int kDataPoints = 1;              // Gauge, Sum
constexpr int kAggregationTemporality = 2;  // Sum
constexpr int kIsMonotonic = 3;             // Sum
constexpr int kAsDouble = 4;                // NumberDataPoint
constexpr int kAsInt = 6;                   // NumberDataPoint
constexpr int kAttributes = 7;              // NumberDataPoint
constexpr int kKey = 1;                     // KeyValue
constexpr int kValue = 2;                   // KeyValue
constexpr int kStringValue = 1;             // AnyValue
constexpr int kBoolValue = 2;               // AnyValue
constexpr int kIntValue = 3;                // AnyValue
constexpr int kDoubleValue = 4;             // AnyValue
}  // namespace field

// Gathers points from nested messages; each Read... returns false when its message is damaged.
class OtlpDecoder {
 public:
  explicit OtlpDecoder(std::size_t points_max) : points_max_(points_max) {}

  bool ReadMetricsData(Bytes message) {
    return ForEach(message, field::kResourceMetrics, [this](Bytes resource) {
      return ForEach(resource, field::kScopeMetrics, [this](Bytes scope) {
        return ForEach(scope, field::kMetrics, [this](Bytes metric) { return ReadMetric(metric); });
      });
    });
  }

  std::vector<OtlpPoint> TakePoints() { return std::move(points_); }

 private:
  template <class Read>
  static bool ForEach(Bytes message, int wanted, Read read) {
    ProtobufReader in(message);
    while (in.Next()) {
      if (in.field() == wanted && !read(in.bytes())) return false;
    }
    return !in.failed();
  }

  bool ReadMetric(Bytes message) {
    std::string_view name;
    Bytes gauge;
    Bytes sum;
    ProtobufReader in(message);
    while (in.Next()) {
      if (in.field() == field::kName) name = in.text();
      if (in.field() == field::kGauge) gauge = in.bytes();
      if (in.field() == field::kSum) sum = in.bytes();
    }
    if (in.failed()) return false;
    name = name.substr(0, kNameBytesMax);
    return ReadPoints(name, OtlpPoint::Kind::kGauge, gauge) &&
           ReadPoints(name, KindOfSum(sum), sum);
  }

  // What may also sink is no counter.
  static OtlpPoint::Kind KindOfSum(Bytes message) {
    std::uint64_t temporality = 0;
    bool monotonic = false;
    for (ProtobufReader in(message); in.Next();) {
      if (in.field() == field::kAggregationTemporality) temporality = in.number();
      if (in.field() == field::kIsMonotonic) monotonic = in.number() != 0;
    }
    if (!monotonic) return OtlpPoint::Kind::kGauge;
    return temporality == kDeltaTemporality ? OtlpPoint::Kind::kDelta : OtlpPoint::Kind::kTotal;
  }

  bool ReadPoints(std::string_view name, OtlpPoint::Kind kind, Bytes message) {
    return ForEach(message, field::kDataPoints, [&](Bytes bytes) {
      OtlpPoint point{.metric = std::string(name), .attributes = {}, .kind = kind};
      if (!ReadPoint(bytes, point)) return false;
      if (points_.size() < points_max_) points_.push_back(std::move(point));
      return true;
    });
  }

  static bool ReadPoint(Bytes message, OtlpPoint& point) {
    ProtobufReader in(message);
    while (in.Next()) {
      if (in.field() == field::kAsDouble) point.value = in.floating();
      if (in.field() == field::kAsInt) {
        point.value = static_cast<double>(static_cast<std::int64_t>(in.number()));
      }
      if (in.field() == field::kAttributes && !AddAttribute(in.bytes(), point.attributes)) {
        return false;
      }
    }
    return !in.failed();
  }

  static bool AddAttribute(Bytes message, std::string& attributes) {
    std::string_view key;
    std::string value;
    ProtobufReader in(message);
    while (in.Next()) {
      if (in.field() == field::kKey) key = in.text();
      if (in.field() == field::kValue && !ReadValue(in.bytes(), value)) return false;
    }
    if (in.failed()) return false;
    if (!attributes.empty()) attributes += ',';
    attributes.append(key).append("=").append(value);
    attributes.resize(std::min(attributes.size(), kAttributesBytesMax));
    return true;
  }

  static bool ReadValue(Bytes message, std::string& text) {
    ProtobufReader in(message);
    while (in.Next()) {
      if (in.field() == field::kStringValue) text = in.text();
      if (in.field() == field::kBoolValue) text = in.number() != 0 ? "true" : "false";
      if (in.field() == field::kIntValue) {
        text = std::to_string(static_cast<std::int64_t>(in.number()));
      }
      if (in.field() == field::kDoubleValue) text = std::to_string(in.floating());
    }
    return !in.failed();
  }

  const std::size_t points_max_;
  std::vector<OtlpPoint> points_;
};

}  // namespace

Result<std::vector<OtlpPoint>> DecodeOtlpMetrics(Bytes bytes, std::size_t points_max) {
  OtlpDecoder decoder(points_max);
  if (!decoder.ReadMetricsData(bytes)) {
    return Fail(Errc::kMalformed, "the pushed metrics are no OTLP message");
  }
  return decoder.TakePoints();
}

}  // namespace gneiss::server
