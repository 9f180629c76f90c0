// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "protocol/error_codes.h"
#include "server/dispatch/api_table.h"
#include "server/metrics/counter.h"

namespace gneiss::server {

// Why a connection was closed; the metrics' label.
enum class CloseReason : std::uint8_t {
  kPeer,         // by the client, or the network
  kIdle,         // connections.max.idle.ms
  kBadRequest,   // what it sent is no request that is served here
  kFailedWrite,  // a Produce with acks=0, which has no other way to tell
  kMemory,       // it kept request memory for too long, or got none in time
  kSlowReader,   // it did not take its responses
  kStop,         // the broker stops
};
inline constexpr std::size_t kCloseReasons = 7;
const char* ToText(CloseReason reason);

// The errors that ApiMetrics counts: all that Kafka has, from -1 on.
inline constexpr std::int16_t kErrorCodeMin = -1;
inline constexpr std::int16_t kErrorCodeMax = 133;
inline constexpr std::size_t kErrorCodes = kErrorCodeMax - kErrorCodeMin + 1;

// The requests of one API on one loop.
struct ApiMetrics {
  LoopCounter requests;  // taken up
  LoopCounter answered;  // of those; the others are in flight
  LoopCounter request_bytes;
  LoopCounter response_bytes;
  LoopCounter queue_ns;       // read, but its turn had not come
  LatencyHistogram handling;  // from taken up to answered
  LatencyHistogram total;     // from read to written
  std::array<LoopCounter, kErrorCodes> errors;

  void CountError(std::int16_t code);  // kNone is not counted; unknown codes as -1
};

// LoopMetrics is what one event loop counts: of requests by API, of its connections, of fetches
// that wait. Every number has its place from the start: counting neither locks nor allocates.
// Threads: the counters as LoopCounter, on the loop; the rest any.
class LoopMetrics {
 public:
  explicit LoopMetrics(std::span<const ServedApi> apis) : apis_(apis), by_api_(apis.size()) {}

  std::span<const ServedApi> apis() const { return apis_; }
  // REQUIRES: one of apis().
  ApiMetrics& of(const ServedApi& api) {
    return by_api_[static_cast<std::size_t>(&api - apis_.data())];
  }
  const ApiMetrics& of(std::size_t index) const { return by_api_[index]; }

  LoopCounter connections_opened;
  std::array<LoopCounter, kCloseReasons> connections_closed;
  LoopCounter connections_refused;  // max.connections.per.ip
  LoopCounter parked_fetches;       // now

 private:
  const std::span<const ServedApi> apis_;
  std::vector<ApiMetrics> by_api_;
};

}  // namespace gneiss::server
