// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "protocol/base/result.h"

namespace gneiss::server {

// One number that a client has pushed.
struct OtlpPoint {
  enum class Kind {
    kGauge,  // as it is now
    kDelta,  // grown by this much since the last push
    kTotal,  // grown to this since the client began
  };
  std::string metric;      // "org.apache.kafka.producer.record.send.total"
  std::string attributes;  // "node.id=1,topic=orders", as the client ordered them
  Kind kind = Kind::kGauge;
  double value = 0;
};

// Reads the numbers, gauges and sums, out of an OTLP MetricsData message (protobuf), which is what
// PushTelemetry carries. Histograms, which Kafka's clients do not send, are passed over, and so is
// what goes beyond `points_max`. Text is cut to a bound. Errors: kMalformed.
// Threads: any.
Result<std::vector<OtlpPoint>> DecodeOtlpMetrics(std::span<const std::byte> bytes,
                                                 std::size_t points_max);

}  // namespace gneiss::server
