// SPDX-License-Identifier: Apache-2.0
#include "server/telemetry/client_telemetry.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "protocol/records/compression.h"
#include "server/limits.h"
#include "server/metrics/metric_families.h"

namespace gneiss::server {

using protocol::ErrorCode;

bool IsTelemetryCodec(std::int8_t codec) {
  return codec >= 0 && codec <= static_cast<std::int8_t>(records::Codec::kZstd);
}

ClientTelemetry::ClientTelemetry(MetadataSource& metadata, Clock& clock, std::size_t push_bytes_max)
    : clock_(clock),
      push_bytes_max_(push_bytes_max),
      instances_(limits::kTelemetryInstancesMax, push_bytes_max),
      board_(limits::kTelemetrySeriesMax) {
  Follow(*metadata.image());
  metadata.Subscribe([this](const MetadataImage& before, const MetadataImage& after) {
    const auto is_subscription = [](const ConfigResource& resource) {
      return resource.first == ConfigResourceType::kClientMetrics;
    };
    if (std::ranges::any_of(ChangedConfigs(before, after), is_subscription)) Follow(after);
  });
}

void ClientTelemetry::Follow(const MetadataImage& image) {
  ClientInstances::Subscriptions subscriptions;
  for (const auto& [resource, configs] : image.all_configs()) {
    if (resource.first != ConfigResourceType::kClientMetrics) continue;
    subscriptions.emplace(resource.second, ResolveClientMetrics(configs));
  }
  MutexLock lock(mutex_);
  instances_.SetSubscriptions(std::move(subscriptions));
}

std::expected<TelemetryGrant, ErrorCode> ClientTelemetry::Get(const Uuid& asked,
                                                              const ClientFacts& client) {
  MutexLock lock(mutex_);
  return instances_.Get(asked, client, clock_.Now());
}

std::expected<TelemetryGrant, ErrorCode> ClientTelemetry::Push(const TelemetryPush& push) {
  MutexLock lock(mutex_);
  return instances_.Push(push, clock_.Now());
}

ErrorCode ClientTelemetry::Post(const PushingClient& client, std::int8_t codec,
                                const SharedBytes& metrics) {
  const auto unpacked = records::Decompress(static_cast<records::Codec>(codec), metrics.view(),
                                            limits::kTelemetryUnpackedBytesMax);
  if (!unpacked) return ErrorCode::kInvalidRecord;
  const auto points =
      DecodeOtlpMetrics(std::as_bytes(std::span(*unpacked)), limits::kTelemetryPointsPerPushMax);
  if (!points) return ErrorCode::kInvalidRecord;
  MutexLock lock(mutex_);
  board_.Post(client, *points, clock_.Now());
  return ErrorCode::kNone;
}

std::string ClientTelemetry::MetricsText() {
  MetricFamilies families;
  MetricFamilies::Family instances =
      families.Gauge("gneiss_client_instances", "Clients that have asked what to push.");
  MetricFamilies::Family dropped = families.Counter("gneiss_client_metrics_dropped_total",
                                                    "Pushed numbers that found no room here.");
  MetricFamilies::Family gauges =
      families.Gauge("gneiss_client_metric", "The last value that a client pushed (KIP-714).");
  MetricFamilies::Family counters =
      families.Counter("gneiss_client_metric_total", "A sum that a client pushes (KIP-714).");
  std::vector<ClientMetricBoard::Series> shown;
  {
    MutexLock lock(mutex_);
    shown = board_.Show(clock_.Now());
    instances.Add({}, static_cast<double>(instances_.size()));
    dropped.Add({}, static_cast<double>(board_.dropped()));
  }
  for (ClientMetricBoard::Series& series : shown) {
    Labels labels{{.name = "metric", .value = std::move(series.metric)},
                  {.name = "client_id", .value = std::move(series.client_id)},
                  {.name = "client_instance_id", .value = series.instance.ToString()}};
    if (!series.attributes.empty()) {
      labels.push_back({.name = "attributes", .value = std::move(series.attributes)});
    }
    (series.counter ? counters : gauges).Add(std::move(labels), series.value);
  }
  return families.Text();
}

}  // namespace gneiss::server
