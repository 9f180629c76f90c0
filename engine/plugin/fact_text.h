// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

// The keys and values of engine/format.h in words, for people who look into a store with tools.
namespace gneiss::engine {

// A key by its bytes alone, whichever family it is of: the last offset of a batch, a binding, a
// fact about a partition, a metadata property, record, placement or log end. Nothing for a key that
// is none of them.
std::optional<std::string> KeyText(std::string_view key);

// The value under `key`, on one line. Nothing if KeyText(key) has nothing. What does not decode is
// told in capitals.
std::optional<std::string> ValueText(std::string_view key, std::string_view value);

// Whether `key` can only be that of a batch.
bool IsBatchKey(std::string_view key);

}  // namespace gneiss::engine
