// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace gneiss::wire {

// How a version writes lengths: the old fixed-width ones, or KIP-482's unsigned varints ("flexible
// versions", which also end each struct with tagged fields).
enum class Form { kClassic, kCompact };

constexpr Form FormOf(std::int16_t version, std::int16_t first_flexible) {
  return version >= first_flexible ? Form::kCompact : Form::kClassic;
}

// Whether null is a legal value here; in some messages that depends on the version.
enum class Null { kForbidden, kAllowed };

constexpr Null NullIf(bool allowed) { return allowed ? Null::kAllowed : Null::kForbidden; }

// The longest string in either form. Kafka's own decoder refuses longer ones in compact form too.
inline constexpr std::size_t kStringBytesMax = 32767;

}  // namespace gneiss::wire
