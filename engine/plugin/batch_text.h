// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"

// Stored batches in words, for people who look into a store with tools.
namespace gneiss::engine {

// UTC with milliseconds, "2026-11-22T21:59:54.123Z"; "none" for kNoTimestamp. A client may send any
// number: what is no date of four-digit years is shown as the number.
std::string TimeText(TimestampMs timestamp);

// `bytes` between quotes; what is not printable ASCII as \xNN.
std::string QuotedText(std::string_view bytes);

// One line of name=value about the batch stored under `last_offset`: offsets, times, producer,
// codec, whether its CRC matches. Damage is told in capitals, in place of what cannot be read.
std::string BatchText(Offset last_offset, std::span<const std::byte> batch);

// One indented line for each record: offset, time, key, value, headers; for a control record what
// it means. Each line begins with a line break. Empty for what is no batch.
std::string RecordsText(std::span<const std::byte> batch);

}  // namespace gneiss::engine
