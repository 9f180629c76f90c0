// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/request_metrics.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

namespace gneiss::server {
namespace {

using Loops = std::span<const LoopMetrics* const>;

constexpr double kNanosecond = 1e-9;

// The sum over the loops of what `value` says of each.
template <class Value>
std::uint64_t Sum(Loops loops, const Value& value) {
  std::uint64_t sum = 0;
  for (const LoopMetrics* const loop : loops) sum += value(*loop);
  return sum;
}

// One API, all loops together.
class ApiSums {
 public:
  ApiSums(Loops loops, std::size_t api) : loops_(loops), api_(api) {}

  Labels labels() const { return {{"api", std::string(loops_.front()->apis()[api_].name)}}; }
  std::uint64_t Of(LoopCounter ApiMetrics::* counter) const {
    return Sum(loops_, [&](const LoopMetrics& loop) { return (loop.of(api_).*counter).value(); });
  }
  std::uint64_t Errors(std::size_t index) const {
    return Sum(loops_,
               [&](const LoopMetrics& loop) { return loop.of(api_).errors[index].value(); });
  }
  HistogramValue Of(LatencyHistogram ApiMetrics::* histogram) const {
    HistogramValue value;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
      count += Sum(loops_,
                   [&](const LoopMetrics& loop) { return (loop.of(api_).*histogram).bucket(i); });
      const double bound = i < kLatencyBounds.size()
                               ? std::chrono::duration<double>(kLatencyBounds[i]).count()
                               : std::numeric_limits<double>::infinity();
      value.buckets.push_back({count, bound});
    }
    const std::uint64_t sum_ns =
        Sum(loops_, [&](const LoopMetrics& loop) { return (loop.of(api_).*histogram).sum_ns(); });
    value.sum = static_cast<double>(sum_ns) * kNanosecond;
    return value;
  }

 private:
  const Loops loops_;
  const std::size_t api_;
};

std::vector<ApiSums> AskedApis(Loops loops) {
  std::vector<ApiSums> asked;
  for (std::size_t i = 0; i < loops.front()->apis().size(); ++i) {
    const ApiSums sums(loops, i);
    if (sums.Of(&ApiMetrics::requests) > 0) asked.push_back(sums);
  }
  return asked;
}

void AddApis(const std::vector<ApiSums>& apis, MetricFamilies& out) {
  auto requests = out.Counter("gneiss_requests_total", "Requests that were taken up.");
  auto in_flight = out.Gauge("gneiss_requests_in_flight", "Requests that are being handled.");
  auto bytes_in = out.Counter("gneiss_request_bytes_total", "Bytes of the requests.");
  auto bytes_out = out.Counter("gneiss_response_bytes_total", "Bytes of the responses.");
  auto queue = out.Counter("gneiss_request_queue_seconds_total",
                           "Time that requests waited for earlier ones of their connection.");
  auto handling = out.Histogram("gneiss_request_handling_seconds", "From taken up to answered.");
  auto total = out.Histogram("gneiss_request_duration_seconds",
                             "From wholly read to its response wholly written to the socket.");
  for (const ApiSums& api : apis) {
    const Labels labels = api.labels();
    // In this order, for the loops go on counting.
    const std::uint64_t answered = api.Of(&ApiMetrics::answered);
    const std::uint64_t taken_up = std::max(answered, api.Of(&ApiMetrics::requests));
    requests.Add(labels, taken_up);
    in_flight.Add(labels, taken_up - answered);
    bytes_in.Add(labels, api.Of(&ApiMetrics::request_bytes));
    bytes_out.Add(labels, api.Of(&ApiMetrics::response_bytes));
    queue.Add(labels, static_cast<double>(api.Of(&ApiMetrics::queue_ns)) * kNanosecond);
    handling.Add(labels, api.Of(&ApiMetrics::handling));
    total.Add(labels, api.Of(&ApiMetrics::total));
  }
}

void AddErrors(const std::vector<ApiSums>& apis, MetricFamilies& out) {
  auto errors = out.Counter("gneiss_request_errors_total",
                            "Error codes in responses, those of their parts included.");
  for (const ApiSums& api : apis) {
    for (std::size_t i = 0; i < kErrorCodes; ++i) {
      const std::uint64_t count = api.Errors(i);
      if (count == 0) continue;
      const auto code = static_cast<std::int16_t>(static_cast<std::int16_t>(i) + kErrorCodeMin);
      Labels labels = api.labels();
      labels.push_back({"error", std::string(ToString(protocol::ErrorCodeFromWire(code)))});
      errors.Add(std::move(labels), count);
    }
  }
}

void AddConnections(Loops loops, MetricFamilies& out) {
  auto open = out.Gauge("gneiss_connections", "Open connections of clients, by event loop.");
  auto opened = out.Counter("gneiss_connections_accepted_total", "Connections that were accepted.");
  auto refused = out.Counter("gneiss_connections_refused_total",
                             "Connections of addresses that had max.connections.per.ip already.");
  auto closed =
      out.Counter("gneiss_connections_closed_total", "Connections that ended, by reason.");
  std::uint64_t opened_sum = 0;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    std::uint64_t ended = 0;
    for (const LoopCounter& count : loops[i]->connections_closed) ended += count.value();
    const std::uint64_t began = std::max(ended, loops[i]->connections_opened.value());
    opened_sum += began;
    open.Add({{"loop", std::to_string(i)}}, began - ended);
  }
  opened.Add({}, opened_sum);
  refused.Add({},
              Sum(loops, [](const LoopMetrics& loop) { return loop.connections_refused.value(); }));
  for (std::size_t i = 0; i < kCloseReasons; ++i) {
    closed.Add(
        {{"reason", ToText(static_cast<CloseReason>(i))}},
        Sum(loops, [i](const LoopMetrics& loop) { return loop.connections_closed[i].value(); }));
  }
}

}  // namespace

void AddRequestMetrics(Loops loops, MetricFamilies& out) {
  const std::vector<ApiSums> apis = AskedApis(loops);
  AddApis(apis, out);
  AddErrors(apis, out);
  AddConnections(loops, out);
  out.Gauge("gneiss_parked_fetches", "Fetches that wait for records to come.")
      .Add({}, Sum(loops, [](const LoopMetrics& loop) { return loop.parked_fetches.value(); }));
}

}  // namespace gneiss::server
