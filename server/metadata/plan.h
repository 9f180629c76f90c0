// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/uuid.h"
#include "protocol/error_codes.h"
#include "server/config/broker_config.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/metadata_records.h"
#include "server/metadata/topic_clone.h"

namespace gneiss::server {

using protocol::ErrorCode;

// A clone of a topic, and what there is of it in the plan: to be taken back if it cannot be made.
struct PlannedClone {
  TopicClone clone;
  std::size_t answer = 0;
  std::size_t first_record = 0;
  std::size_t record_count = 0;
};

// A plan is what one request would change: the records to write, and the answer once they are
// written. The Plan... functions are pure but for the topic ids that they draw.
template <class Response>
struct Plan {
  std::vector<MetadataRecord> records;
  Response response;
  // To be made before the records are written; by the index of their answer. CreateTopics only.
  std::vector<PlannedClone> clones{};
};

// What plans need beside the image and the request.
struct PlanContext {
  const BrokerConfig& config;
  Uuid directory_id;  // of this broker's only log directory; zero when it has several
};

// Kafka's bound on the records of one request; above it the whole request is refused.
inline constexpr std::size_t kRecordsPerRequestMax = 10'000;

// One refused element of a request.
struct Refusal {
  ErrorCode code = ErrorCode::kNone;
  std::string message;  // for the client
};

// Notes a refusal in an element of a response.
template <class Element>
void Refuse(Element& element, Refusal refusal) {
  element.error_code = ToWire(refusal.code);
  element.error_message = std::move(refusal.message);
}

}  // namespace gneiss::server
