// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/metrics/counter.h"

namespace gneiss::server {

// TopicTraffic counts what goes into a topic and out of it, since the broker started or the topic
// was made. Once per partition of a request, not per record. Threads: any.
struct TopicTraffic {
  // Producers and consumers are on different loops: each its own cache line.
  alignas(64) SharedCounter produced_bytes;  // as sent, batch headers included
  SharedCounter produced_batches;
  SharedCounter produced_records;
  alignas(64) SharedCounter fetched_bytes;
  SharedCounter fetched_batches;
};

}  // namespace gneiss::server
