// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the headers of the generated messages need, and no more: they are included everywhere.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/records.h"

namespace gneiss::wire {

class Reader;
class Writer;

// The first flexible version of a message that has none.
inline constexpr std::int16_t kNeverFlexible = 32767;

// Bytes fields longer than this are cut in a message's Describe(), which says how many are missing.
inline constexpr std::size_t kDescribedBytesMax = 64;

}  // namespace gneiss::wire
