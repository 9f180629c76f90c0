// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace gneiss::server {

// What a client may do, as a field of bits 1 << operation with Kafka's numbers: 3 read, 4 write,
// 5 create, 6 delete, 7 alter, 8 describe, 9 cluster action, 10 describe configs, 11 alter configs,
// 12 idempotent write. A field that was not asked for is the smallest integer, its schema default.
// Without an authorizer everybody may do everything.
inline constexpr std::int32_t kAllTopicOperations = 0b1101'1111'1000;      // 3 to 8, 10, 11
inline constexpr std::int32_t kAllClusterOperations = 0b1'1111'1010'0000;  // 5, 7 to 12
inline constexpr std::int32_t kAllGroupOperations = 0b1101'0100'1000;      // 3, 6, 8, 10, 11
static_assert(kAllTopicOperations == 3576 && kAllClusterOperations == 8096 &&
              kAllGroupOperations == 3400);  // seen from Kafka

}  // namespace gneiss::server
