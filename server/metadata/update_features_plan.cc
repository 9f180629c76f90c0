// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/update_features_plan.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/config/config_schema.h"
#include "server/metadata/features.h"

namespace gneiss::server {
namespace {

using Request = protocol::UpdateFeaturesRequest;
using Update = Request::FeatureUpdateKey;

constexpr std::int8_t kUpgrade = 1;
constexpr std::int8_t kSafeDowngrade = 2;
constexpr std::int8_t kUnsafeDowngrade = 3;

constexpr std::string_view kMinInsyncReplicas = "min.insync.replicas";

std::int16_t LevelOf(const MetadataImage& image, const std::string& feature) {
  const auto found = image.features().find(feature);
  return found == image.features().end() ? std::int16_t{0} : found->second;
}

// v0 knows a flag only.
std::int8_t DirectionOf(const Update& update, std::int16_t version) {
  if (version > 0) return update.upgrade_type;
  return update.allow_downgrade ? kSafeDowngrade : kUpgrade;
}

// Why the level cannot be had from `present`; none when it can.
std::optional<std::string> WhyNot(const Update& update, std::int8_t direction,
                                  std::int16_t present) {
  const std::int16_t wanted = update.max_version_level;
  if (wanted < 0) return "a level cannot be negative";
  if (direction != kUpgrade && direction != kSafeDowngrade && direction != kUnsafeDowngrade) {
    return "the upgrade type is unknown";
  }
  const Feature* feature = FindFeature(update.feature);
  if (feature == nullptr) return "this broker does not know the feature";
  if (wanted < feature->min || wanted > feature->max) {
    return "this broker serves the levels " + std::to_string(feature->min) + " to " +
           std::to_string(feature->max);
  }
  if (wanted < present && direction == kUpgrade) {
    return "the level is lower than now, which takes a downgrade";
  }
  if (wanted > present && direction != kUpgrade) {
    return "the level is higher than now, which takes an upgrade";
  }
  if (wanted < present && feature->name == kMetadataVersionFeature) {
    return "metadata could be lost";
  }
  return std::nullopt;
}

MetadataRecord Config(const std::string& broker, std::optional<std::string> value) {
  protocol::ConfigRecord record;
  record.resource_type = static_cast<std::int8_t>(ConfigResourceType::kBroker);
  record.resource_name = broker;
  record.name = kMinInsyncReplicas;
  record.value = std::move(value);
  return record;
}

Plan<protocol::UpdateFeaturesResponse> RefuseAll(const Update& update, const std::string& why) {
  Plan<protocol::UpdateFeaturesResponse> plan;
  Refuse(plan.response, {ErrorCode::kInvalidUpdateVersion,
                         "Nothing was changed. " + update.feature + " cannot be at level " +
                             std::to_string(update.max_version_level) + ": " + why + "."});
  return plan;
}

}  // namespace

std::vector<MetadataRecord> EligibleLeaderConfigs(const MetadataImage& image,
                                                  const BrokerConfig& config) {
  const std::string name(kMinInsyncReplicas);
  std::vector<MetadataRecord> records;
  if (!image.Configs(ConfigResourceType::kBroker, "").contains(name)) {
    const auto given = config.static_values.find(name);
    const std::string_view otherwise = *FindBrokerKey(kMinInsyncReplicas)->default_value;
    records.push_back(
        Config("", given != config.static_values.end() ? given->second : std::string(otherwise)));
  }
  for (const auto& [resource, configs] : image.all_configs()) {
    const auto& [type, broker] = resource;
    if (type != ConfigResourceType::kBroker || broker.empty() || !configs.contains(name)) continue;
    records.push_back(Config(broker, std::nullopt));
  }
  return records;
}

Plan<protocol::UpdateFeaturesResponse> PlanUpdateFeatures(const MetadataImage& image,
                                                          const PlanContext& context,
                                                          std::int16_t version,
                                                          const Request& request) {
  Plan<protocol::UpdateFeaturesResponse> plan;
  plan.response.error_message = std::nullopt;
  for (const Update& update : request.feature_updates) {
    const std::int16_t present = LevelOf(image, update.feature);
    if (const auto why = WhyNot(update, DirectionOf(update, version), present)) {
      return RefuseAll(update, *why);
    }
    if (version < 2) plan.response.results.emplace_back().feature = update.feature;
    if (update.max_version_level == present) continue;
    if (update.feature == kEligibleLeaderReplicasFeature && update.max_version_level > 0) {
      for (MetadataRecord& config : EligibleLeaderConfigs(image, context.config)) {
        plan.records.push_back(std::move(config));
      }
    }
    protocol::FeatureLevelRecord record;
    record.name = update.feature;
    record.feature_level = update.max_version_level;
    plan.records.emplace_back(std::move(record));
  }
  if (request.validate_only) plan.records.clear();
  return plan;
}

}  // namespace gneiss::server
