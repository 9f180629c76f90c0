// SPDX-License-Identifier: Apache-2.0
#include "server/telemetry/client_instances.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "protocol/base/crc32c.h"

namespace gneiss::server {
namespace {

using protocol::ErrorCode;

constexpr const char* kAllMetrics = "*";

// The same for the same grant, another one for another: clients see by it that things changed.
std::int32_t SubscriptionId(const TelemetryGrant& grant) {
  std::string text;
  for (const std::string& metric : grant.metrics) text += metric + ",";
  text += std::to_string(grant.interval.count());
  const std::uint32_t crc = Crc32c(std::as_bytes(std::span(grant.instance.bytes)),
                                   Crc32c(std::as_bytes(std::span(text))));
  return static_cast<std::int32_t>(crc);
}

}  // namespace

void ClientInstances::SetSubscriptions(Subscriptions subscriptions) {
  subscriptions_ = std::move(subscriptions);
  ++revision_;
}

std::expected<TelemetryGrant, ErrorCode> ClientInstances::Get(const Uuid& asked,
                                                              const ClientFacts& client,
                                                              TimePoint now) {
  const Uuid id = asked.IsZero() ? Uuid::Random() : asked;
  Instance* instance = Find(id);
  if (instance == nullptr || instance->revision != revision_) {
    instance = &Renew(id, client);
  } else {
    const TimePoint last = std::max(instance->last_get, instance->last_push);
    const bool set_right = instance->last_error == ErrorCode::kUnknownSubscriptionId ||
                           instance->last_error == ErrorCode::kUnsupportedCompressionType;
    if (now - last < instance->grant.interval && !set_right) {
      return std::unexpected(ErrorCode::kThrottlingQuotaExceeded);
    }
  }
  instance->last_get = now;
  instance->got_after_push = true;
  instance->last_error = ErrorCode::kNone;
  return instance->grant;
}

std::expected<TelemetryGrant, ErrorCode> ClientInstances::Push(const TelemetryPush& push,
                                                               TimePoint now) {
  if (push.instance.IsZero()) return std::unexpected(ErrorCode::kInvalidRequest);
  Instance* instance = Find(push.instance);
  if (instance == nullptr || instance->revision != revision_) {
    return std::unexpected(ErrorCode::kUnknownSubscriptionId);
  }
  instance->last_error = Admit(*instance, push, now);
  if (instance->last_error != ErrorCode::kNone) return std::unexpected(instance->last_error);
  instance->terminating = push.terminating;
  return instance->grant;
}

ErrorCode ClientInstances::Admit(Instance& instance, const TelemetryPush& push,
                                 TimePoint now) const {
  if (instance.terminating) return ErrorCode::kInvalidRequest;
  const bool due = instance.got_after_push || !instance.has_pushed ||
                   now - instance.last_push >= instance.grant.interval;
  if (due) {
    instance.last_push = now;
    instance.has_pushed = true;
    instance.got_after_push = false;
  } else if (!push.terminating) {
    return ErrorCode::kThrottlingQuotaExceeded;
  }
  if (push.subscription_id != instance.grant.subscription_id) {
    return ErrorCode::kUnknownSubscriptionId;
  }
  if (!push.known_codec) return ErrorCode::kUnsupportedCompressionType;
  if (push.bytes > push_bytes_max_) return ErrorCode::kTelemetryTooLarge;
  return ErrorCode::kNone;
}

ClientInstances::Instance* ClientInstances::Find(const Uuid& id) {
  const auto found = instances_.find(id);
  if (found == instances_.end()) return nullptr;
  by_age_.splice(by_age_.end(), by_age_, found->second.seen);
  return &found->second;
}

// Whatever it did under the old subscriptions is forgiven.
ClientInstances::Instance& ClientInstances::Renew(const Uuid& id, const ClientFacts& client) {
  auto [found, added] = instances_.try_emplace(id);
  const auto seen = added ? by_age_.insert(by_age_.end(), id) : found->second.seen;
  found->second = Instance{};
  found->second.seen = seen;
  found->second.revision = revision_;
  found->second.grant = Match(id, client);
  if (instances_.size() > instances_max_) {
    instances_.erase(by_age_.front());
    by_age_.pop_front();
  }
  return found->second;
}

TelemetryGrant ClientInstances::Match(const Uuid& id, const ClientFacts& client) const {
  ClientFacts facts = client;
  facts[kClientInstanceId] = id.ToString();
  std::set<std::string> metrics;
  std::optional<std::chrono::milliseconds> interval;
  for (const auto& [name, subscription] : subscriptions_) {
    if (!subscription.match.Matches(facts)) continue;
    metrics.insert(subscription.metrics.begin(), subscription.metrics.end());
    interval = std::min(interval.value_or(subscription.interval), subscription.interval);
  }
  if (metrics.contains(kAllMetrics)) metrics = {kAllMetrics};
  TelemetryGrant grant;
  grant.instance = id;
  grant.interval = interval.value_or(grant.interval);
  grant.metrics.assign(metrics.begin(), metrics.end());
  grant.subscription_id = SubscriptionId(grant);
  return grant;
}

}  // namespace gneiss::server
