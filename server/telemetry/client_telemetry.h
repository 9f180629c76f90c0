// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "protocol/base/clock.h"
#include "protocol/base/mutex.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/error_codes.h"
#include "server/metadata/metadata_source.h"
#include "server/telemetry/client_instances.h"
#include "server/telemetry/client_metric_board.h"

namespace gneiss::server {

// ClientTelemetry is the receiver of the metrics that clients push (KIP-714). It follows the
// subscriptions in the metadata, tells clients what to push and keeps what came for the metrics
// page.
// Threads: any.
class ClientTelemetry {
 public:
  // `metadata` and `clock` outlive it; it lives until the last change of the metadata.
  ClientTelemetry(MetadataSource& metadata, Clock& clock, std::size_t push_bytes_max);

  std::expected<TelemetryGrant, protocol::ErrorCode> Get(const Uuid& asked,
                                                         const ClientFacts& client);

  // Whether a push may come in. If so its metrics are to be posted.
  std::expected<TelemetryGrant, protocol::ErrorCode> Push(const TelemetryPush& push);
  // Unpacks the metrics of an admitted push and keeps their numbers. `codec` is Kafka's number.
  // Errors: INVALID_RECORD. May take milliseconds: not for event loops.
  protocol::ErrorCode Post(const PushingClient& client, std::int8_t codec,
                           const SharedBytes& metrics);

  std::size_t push_bytes_max() const { return push_bytes_max_; }

  // The board in Prometheus' text format.
  std::string MetricsText();

 private:
  void Follow(const MetadataImage& image);

  Clock& clock_;
  const std::size_t push_bytes_max_;
  Mutex mutex_;
  ClientInstances instances_ GUARDED_BY(mutex_);
  ClientMetricBoard board_ GUARDED_BY(mutex_);
};

// Kafka's number of a codec is one that pushes may be packed with.
bool IsTelemetryCodec(std::int8_t codec);

}  // namespace gneiss::server
