// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/registration.h"

#include <cstdint>
#include <string>
#include <utility>

#include "server/metadata/features.h"
#include "server/metadata/update_features_plan.h"

namespace gneiss::server {
namespace {

constexpr std::int16_t kPlaintext = 0;  // Kafka's number of the security protocol

// What a cluster is born with: its features, metadata.version first, since it says how to read the
// rest, and the configs that they ask for.
void AppendBirth(const BrokerConfig& config, std::vector<MetadataRecord>& records) {
  const auto append = [&records](const Feature& feature) {
    protocol::FeatureLevelRecord record;
    record.name = std::string(feature.name);
    record.feature_level = feature.at_birth;
    records.emplace_back(std::move(record));
  };
  append(*FindFeature(kMetadataVersionFeature));
  for (const Feature& feature : kFeatures) {
    if (feature.name != kMetadataVersionFeature && feature.at_birth > 0) append(feature);
  }
  for (MetadataRecord& record : EligibleLeaderConfigs(MetadataImage(), config)) {
    records.push_back(std::move(record));
  }
}

protocol::RegisterBrokerRecord Registration(const BrokerConfig& config, Offset at,
                                            std::vector<Uuid> log_dirs) {
  protocol::RegisterBrokerRecord record;
  record.broker_id = config.node_id.value();
  record.incarnation_id = Uuid::Random();
  record.broker_epoch = at.value();  // Kafka's rule: the offset of the registration
  record.rack = config.rack;
  record.fenced = false;
  const auto& listeners =
      config.advertised_listeners.empty() ? config.listeners : config.advertised_listeners;
  for (const ListenerConfig& listener : listeners) {
    auto& end_point = record.end_points.emplace_back();
    end_point.name = listener.name;
    end_point.host = listener.host;
    end_point.port = listener.port;
    end_point.security_protocol = kPlaintext;
  }
  for (const Feature& known : kFeatures) {
    auto& feature = record.features.emplace_back();
    feature.name = std::string(known.name);
    feature.min_supported_version = known.min;
    feature.max_supported_version = known.max;
  }
  // The ids that directories have stay theirs; new ones come behind.
  log_dirs.resize(config.log_dirs.size());
  for (Uuid& id : log_dirs) {
    if (id.IsZero()) id = Uuid::Random();
  }
  record.log_dirs = std::move(log_dirs);
  return record;
}

}  // namespace

Result<std::vector<MetadataRecord>> RegistrationRecords(const MetadataImage& image,
                                                        const BrokerConfig& config,
                                                        Offset log_end) {
  std::vector<MetadataRecord> records;
  if (image.brokers().empty()) {
    AppendBirth(config, records);
    const Offset at = log_end + static_cast<std::int64_t>(records.size());
    records.emplace_back(Registration(config, at, {}));
    return records;
  }
  const auto self = image.brokers().find(config.node_id);
  if (self == image.brokers().end()) {
    const BrokerId owner = image.brokers().begin()->first;
    return Fail(Errc::kInvalidArgument, "the data directory belongs to node " +
                                            std::to_string(owner.value()) + ", but node.id is " +
                                            std::to_string(config.node_id.value()) +
                                            ": set node.id=" + std::to_string(owner.value()) +
                                            " or name another data directory");
  }
  const BrokerImage& known = self->second;
  if (known.rack != config.rack || known.log_dirs.size() != config.log_dirs.size()) {
    records.emplace_back(Registration(config, log_end, known.log_dirs));
  }
  return records;
}

}  // namespace gneiss::server
