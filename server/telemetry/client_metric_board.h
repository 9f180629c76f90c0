// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/uuid.h"
#include "server/telemetry/otlp_metrics.h"

namespace gneiss::server {

// Who has pushed.
struct PushingClient {
  Uuid instance;
  std::string client_id;
  std::chrono::milliseconds interval{0};
};

// ClientMetricBoard keeps the last value of every metric that clients push, for the metrics page:
// so many and no more, others are counted. A client that has missed three pushes, or said that it
// ends and had its last shown for as long, is taken off. Pure: time comes in.
// Threads: one at a time.
class ClientMetricBoard {
 public:
  explicit ClientMetricBoard(std::size_t series_max) : series_max_(series_max) {}

  struct Series {
    std::string metric;
    std::string client_id;
    Uuid instance;
    std::string attributes;
    bool counter = false;  // grows only, until the client begins anew
    double value = 0;
  };

  void Post(const PushingClient& client, const std::vector<OtlpPoint>& points, TimePoint now);

  // Ordered by metric and client.
  std::vector<Series> Show(TimePoint now);
  // Numbers that found no room, since the start.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Client {
    std::string client_id;
    TimePoint gone_at;
  };
  struct Value {
    bool counter = false;
    double value = 0;
  };
  using Key = std::tuple<std::string, Uuid, std::string>;  // metric, instance, attributes

  void DropGone(TimePoint now);

  const std::size_t series_max_;
  std::map<Uuid, Client> clients_;  // those that have a value here
  std::map<Key, Value> values_;
  std::uint64_t dropped_ = 0;
};

}  // namespace gneiss::server
