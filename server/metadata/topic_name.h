// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/base/result.h"

namespace gneiss::server {

// 249 leaves room for "-" and a partition number in a file name of 255 bytes.
inline constexpr std::size_t kTopicNameLengthMax = 249;

// Kafka's rules for a topic's name: 1 to 249 of [a-zA-Z0-9._-], not "." or "..". The error's detail
// is a sentence for the client (INVALID_TOPIC_EXCEPTION).
Status CheckTopicName(std::string_view name);

// Kafka's metric names write '.' as '_', so it refuses a topic whose name differs from that of
// another only in those two.
bool HasCollisionChar(std::string_view name);
bool TopicNamesCollide(std::string_view a, std::string_view b);

}  // namespace gneiss::server
