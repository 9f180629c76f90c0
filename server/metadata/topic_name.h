// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "protocol/base/result.h"

namespace gneiss::server {

// Kafka's rules for a topic's name: 1 to 249 of [a-zA-Z0-9._-], not "." or "..". The error's detail
// is a sentence for the client (INVALID_TOPIC_EXCEPTION).
Status CheckTopicName(std::string_view name);

}  // namespace gneiss::server
