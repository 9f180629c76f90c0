// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/base/result.h"
#include "protocol/messages/metadata/broker_registration_change_record.h"
#include "protocol/messages/metadata/config_record.h"
#include "protocol/messages/metadata/feature_level_record.h"
#include "protocol/messages/metadata/fence_broker_record.h"
#include "protocol/messages/metadata/no_op_record.h"
#include "protocol/messages/metadata/partition_change_record.h"
#include "protocol/messages/metadata/partition_record.h"
#include "protocol/messages/metadata/producer_ids_record.h"
#include "protocol/messages/metadata/register_broker_record.h"
#include "protocol/messages/metadata/remove_topic_record.h"
#include "protocol/messages/metadata/topic_record.h"
#include "protocol/messages/metadata/unfence_broker_record.h"
#include "protocol/messages/metadata/unregister_broker_record.h"

namespace gneiss::server {

// The finalized metadata.version that our records follow: 4.3-IV0.
inline constexpr std::int16_t kMetadataVersion = 30;
inline constexpr std::string_view kMetadataVersionFeature = "metadata.version";

// One record of Kafka's metadata log, of the types that this broker acts on. A log with any other
// type is refused (see DecodeMetadataRecord), so that an ACL, say, is never passed over in silence.
using MetadataRecord =
    std::variant<protocol::BrokerRegistrationChangeRecord, protocol::ConfigRecord,
                 protocol::FeatureLevelRecord, protocol::FenceBrokerRecord, protocol::NoOpRecord,
                 protocol::PartitionChangeRecord, protocol::PartitionRecord,
                 protocol::ProducerIdsRecord, protocol::RegisterBrokerRecord,
                 protocol::RemoveTopicRecord, protocol::TopicRecord, protocol::UnfenceBrokerRecord,
                 protocol::UnregisterBrokerRecord>;

// A record's frame in the log is Kafka's: frame version (1), record type and record version, each
// an unsigned varint, then the message.
// ON DISK: the values of the metadata store.

// In the newest version of its type. Errors: kInvalidArgument for a string beyond the format's
// bound of 32767 bytes, which a config list that grows by APPEND can reach.
Result<std::string> EncodeMetadataRecord(const MetadataRecord& record);

// Errors: kMalformed; kUnsupportedVersion for a frame, type or version that this build does not
// know, with a detail that names it.
Result<MetadataRecord> DecodeMetadataRecord(std::span<const std::byte> bytes);

}  // namespace gneiss::server
