// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/uuid.h"
#include "protocol/error_codes.h"
#include "server/config/client_metrics_config.h"

namespace gneiss::server {

// What a client instance is to push: the union of the subscriptions that match it.
struct TelemetryGrant {
  Uuid instance;
  std::int32_t subscription_id = 0;  // changes with what is granted
  std::chrono::milliseconds interval{300'000};
  std::vector<std::string> metrics;  // name prefixes, sorted; "*" alone: all
};

// One push, as far as its admission goes.
struct TelemetryPush {
  Uuid instance;
  std::int32_t subscription_id = 0;
  bool terminating = false;  // the client's last
  bool known_codec = true;
  std::size_t bytes = 0;
};

// ClientInstances remembers which client was granted what (KIP-714), and holds clients to their
// interval. Pure: time comes in. When it is full, the instance that was seen longest ago is
// forgotten; it asks again.
// Threads: one at a time.
class ClientInstances {
 public:
  using Subscriptions = std::map<std::string, ClientMetricsSubscription>;  // by name

  ClientInstances(std::size_t instances_max, std::size_t push_bytes_max)
      : instances_max_(instances_max), push_bytes_max_(push_bytes_max) {}

  // Instances are matched again when they come next.
  void SetSubscriptions(Subscriptions subscriptions);

  // GetTelemetrySubscriptions: `asked` is zero for a client that has no id yet. Errors:
  // THROTTLING_QUOTA_EXCEEDED before the interval is over, unless the last push was refused for
  // what this answer sets right.
  std::expected<TelemetryGrant, protocol::ErrorCode> Get(const Uuid& asked,
                                                         const ClientFacts& client, TimePoint now);

  // PushTelemetry: the grant that the push goes by, or why it is refused.
  std::expected<TelemetryGrant, protocol::ErrorCode> Push(const TelemetryPush& push, TimePoint now);

  std::size_t size() const { return instances_.size(); }

 private:
  struct Instance {
    TelemetryGrant grant;
    std::int64_t revision = 0;  // of the subscriptions that it was matched with
    bool terminating = false;
    bool has_pushed = false;
    bool got_after_push = false;  // the first push after a Get may come at once
    TimePoint last_get;
    TimePoint last_push;
    protocol::ErrorCode last_error = protocol::ErrorCode::kNone;
    std::list<Uuid>::iterator seen;
  };

  Instance* Find(const Uuid& id);
  Instance& Renew(const Uuid& id, const ClientFacts& client);
  TelemetryGrant Match(const Uuid& id, const ClientFacts& client) const;
  protocol::ErrorCode Admit(Instance& instance, const TelemetryPush& push, TimePoint now) const;

  const std::size_t instances_max_;
  const std::size_t push_bytes_max_;
  Subscriptions subscriptions_;
  std::int64_t revision_ = 0;
  std::unordered_map<Uuid, Instance> instances_;
  std::list<Uuid> by_age_;  // the longest unseen first
};

}  // namespace gneiss::server
