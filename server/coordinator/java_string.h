// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gneiss::server {

// Java counts and hashes the UTF-16 code units of a string, and so must we where clients or other
// brokers can see the result. Bytes that are not UTF-8 count as U+FFFD, one each.

// String.hashCode().
std::int32_t JavaHashCode(std::string_view utf8);

// String.length().
std::size_t JavaLength(std::string_view utf8);

// The partition of an internal topic that `key` belongs to: the absolute value of its hash, modulo
// the partition count. Every broker of a cluster, ours or Java's, must agree on it.
// REQUIRES: partition_count > 0.
std::int32_t CoordinatorPartition(std::string_view key, std::int32_t partition_count);

}  // namespace gneiss::server
