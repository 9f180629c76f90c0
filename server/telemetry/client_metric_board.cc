// SPDX-License-Identifier: Apache-2.0
#include "server/telemetry/client_metric_board.h"

#include <utility>

namespace gneiss::server {
namespace {

constexpr int kMissedPushesMax = 3;

}  // namespace

void ClientMetricBoard::Post(const PushingClient& client, const std::vector<OtlpPoint>& points,
                             TimePoint now) {
  DropGone(now);
  bool shown = false;
  for (const OtlpPoint& point : points) {
    Key key(point.metric, client.instance, point.attributes);
    auto found = values_.find(key);
    if (found == values_.end()) {
      if (values_.size() >= series_max_) {
        ++dropped_;
        continue;
      }
      found = values_.emplace(std::move(key), Value{}).first;
    }
    Value& value = found->second;
    value.counter = point.kind != OtlpPoint::Kind::kGauge;
    value.value = point.kind == OtlpPoint::Kind::kDelta ? value.value + point.value : point.value;
    shown = true;
  }
  if (!shown) return;
  clients_[client.instance] = {client.client_id, now + client.interval * kMissedPushesMax};
}

std::vector<ClientMetricBoard::Series> ClientMetricBoard::Show(TimePoint now) {
  DropGone(now);
  std::vector<Series> all;
  all.reserve(values_.size());
  for (const auto& [key, value] : values_) {
    const auto& [metric, instance, attributes] = key;
    all.push_back({.metric = metric,
                   .client_id = clients_.at(instance).client_id,
                   .instance = instance,
                   .attributes = attributes,
                   .counter = value.counter,
                   .value = value.value});
  }
  return all;
}

void ClientMetricBoard::DropGone(TimePoint now) {
  const auto is_gone = [now](const auto& client) { return client.second.gone_at < now; };
  if (std::erase_if(clients_, is_gone) == 0) return;
  std::erase_if(values_, [this](const auto& value) {
    return !clients_.contains(std::get<Uuid>(value.first));
  });
}

}  // namespace gneiss::server
