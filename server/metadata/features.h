// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "server/metadata/metadata_records.h"

namespace gneiss::server {

// A feature whose level the cluster agrees on (KIP-584), and the levels of it that this broker
// serves. One that is not served at all is left out, so that clients do not use it.
struct Feature {
  std::string_view name;
  std::int16_t min = 0;
  std::int16_t max = 0;
  std::int16_t at_birth = 0;  // what a new cluster begins with; 0: not finalized
};

inline constexpr std::string_view kEligibleLeaderReplicasFeature =
    "eligible.leader.replicas.version";
// Its level is a fact of the quorum, which alone changes it: here there is none, so it stays 0.
inline constexpr std::string_view kKraftVersionFeature = "kraft.version";

// The new protocol of consumer groups (KIP-848).
inline constexpr std::string_view kGroupVersionFeature = "group.version";

// By name. ApiVersions tells of them, registrations carry them, UpdateFeatures keeps to them.
inline constexpr std::array kFeatures{
    Feature{kEligibleLeaderReplicasFeature, 0, 1, 1},
    Feature{kGroupVersionFeature, 0, 1, 1},
    Feature{kKraftVersionFeature, 0, 0, 0},
    Feature{kMetadataVersionFeature, 7, kMetadataVersion, kMetadataVersion},
};

inline const Feature* FindFeature(std::string_view name) {
  const auto* const found = std::ranges::find(kFeatures, name, &Feature::name);
  return found == kFeatures.end() ? nullptr : found;
}

}  // namespace gneiss::server
