// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace gneiss::engine {

// Which family each SST of a store belongs to, by the file's name, as far as the store's MANIFESTs
// can be read; empty: it belongs to none any more. What a readable record gives to a family is true
// whatever else is damaged: numbers of files and families are never given twice.
std::map<std::string, std::string> ScanManifests(const std::filesystem::path& store);

}  // namespace gneiss::engine
