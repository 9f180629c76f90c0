// SPDX-License-Identifier: Apache-2.0
#include "server/config/config_schema.h"

namespace gneiss::server {
namespace {

using enum ConfigType;
constexpr bool kDynamic = true;

// Kafka 4.3's topic settings, sorted by name.
constexpr ConfigKey kTopicKeys[] = {
    {"cleanup.policy", kList, "delete", "delete|compact", kDynamic, "log.cleanup.policy",
     "Delete and/or compact (may be empty)"},
    {"compression.gzip.level", kInt, "-1", "1..9,-1", kDynamic, "compression.gzip.level",
     "Gzip level when broker compresses"},
    {"compression.lz4.level", kInt, "9", "1..17", kDynamic, "compression.lz4.level",
     "Lz4 level when broker compresses"},
    {"compression.type", kString, "producer", "uncompressed|zstd|lz4|snappy|gzip|producer",
     kDynamic, "compression.type", "Codec enforced on stored batches"},
    {"compression.zstd.level", kInt, "3", "-131072..22", kDynamic, "compression.zstd.level",
     "Zstd level when broker compresses"},
    {"delete.retention.ms", kLong, "86400000", "0..", kDynamic, "log.cleaner.delete.retention.ms",
     "How long tombstones stay"},
    {"file.delete.delay.ms", kLong, "60000", "0..", kDynamic, "log.segment.delete.delay.ms",
     "Wait before unlinking deleted files"},
    {"flush.messages", kLong, "9223372036854775807", "1..", kDynamic, "log.flush.interval.messages",
     "Fsync after this many messages"},
    {"flush.ms", kLong, "9223372036854775807", "0..", kDynamic, "log.flush.interval.ms",
     "Fsync after this time"},
    {"follower.replication.throttled.replicas", kList, "", kThrottledReplicas, kDynamic, "",
     "Followers under replication quota"},
    {"index.interval.bytes", kInt, "4096", "0..", kDynamic, "log.index.interval.bytes",
     "Bytes between offset index entries"},
    {"leader.replication.throttled.replicas", kList, "", kThrottledReplicas, kDynamic, "",
     "Leaders under replication quota"},
    {"local.retention.bytes", kLong, "-2", "-2..", kDynamic, "log.local.retention.bytes",
     "Local part with tiering; -2 = retention.bytes"},
    {"local.retention.ms", kLong, "-2", "-2..", kDynamic, "log.local.retention.ms",
     "Local part with tiering; -2 = retention.ms"},
    {"max.compaction.lag.ms", kLong, "9223372036854775807", "1..", kDynamic,
     "log.cleaner.max.compaction.lag.ms", "Latest time until compaction"},
    {"max.message.bytes", kInt, "1048588", "0..", kDynamic, "message.max.bytes",
     "Largest batch accepted, 12-byte prefix included"},
    {"message.timestamp.after.max.ms", kLong, "3600000", "0..", kDynamic,
     "log.message.timestamp.after.max.ms", "Allowed CreateTime ahead of now"},
    {"message.timestamp.before.max.ms", kLong, "9223372036854775807", "0..", kDynamic,
     "log.message.timestamp.before.max.ms", "Allowed CreateTime behind now"},
    {"message.timestamp.type", kString, "CreateTime", "CreateTime|LogAppendTime", kDynamic,
     "log.message.timestamp.type", "Who sets the timestamp"},
    {"min.cleanable.dirty.ratio", kDouble, "0.5", "0..1", kDynamic,
     "log.cleaner.min.cleanable.ratio", "Dirty share that starts compaction"},
    {"min.compaction.lag.ms", kLong, "0", "0..", kDynamic, "log.cleaner.min.compaction.lag.ms",
     "Earliest time of compaction"},
    {"min.insync.replicas", kInt, "1", "1..", kDynamic, "min.insync.replicas",
     "ISR needed for acks=all"},
    {"preallocate", kBoolean, "false", "", kDynamic, "log.preallocate",
     "Allocate segment files up front"},
    {"remote.log.copy.disable", kBoolean, "false", "", kDynamic, "", "Tiering becomes read-only"},
    {"remote.log.delete.on.disable", kBoolean, "false", "", kDynamic, "",
     "Drop remote data when tiering ends"},
    {"remote.storage.enable", kBoolean, "false", "", kDynamic, "", "Tiering on"},
    {"retention.bytes", kLong, "-1", "", kDynamic, "log.retention.bytes",
     "Size limit per partition; -1 none"},
    {"retention.ms", kLong, "604800000", "-1..", kDynamic, "log.retention.ms",
     "Age limit; -1 none"},
    {"segment.bytes", kInt, "1073741824", "1048576..", kDynamic, "log.segment.bytes",
     "Segment file size"},
    {"segment.index.bytes", kInt, "10485760", "4..", kDynamic, "log.index.size.max.bytes",
     "Index file size"},
    {"segment.jitter.ms", kLong, "0", "0..", kDynamic, "log.roll.jitter.ms",
     "Random spread of time rolls"},
    {"segment.ms", kLong, "604800000", "1..", kDynamic, "log.roll.ms", "Roll after this time"},
    {"unclean.leader.election.enable", kBoolean, "false", "", kDynamic,
     "unclean.leader.election.enable", "Out-of-sync replica may lead"},
};

// Ours. They act when a topic is created and are shown where they were given.
constexpr ConfigKey kCreationKeys[] = {
    {"gneiss.clone.at",
     kString,
     {},
     "",
     !kDynamic,
     "",
     "Where the clone ends: latest, offset:N or timestamp:MS"},
    {"gneiss.clone.source",
     kString,
     {},
     "",
     !kDynamic,
     "",
     "The topic that this one is a clone of"},
};

}  // namespace

std::span<const ConfigKey> TopicKeys() { return kTopicKeys; }
std::span<const ConfigKey> TopicCreationKeys() { return kCreationKeys; }

}  // namespace gneiss::server
