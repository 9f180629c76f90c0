// SPDX-License-Identifier: Apache-2.0
#include "server/config/config_schema.h"

namespace gneiss::server {
namespace {

using enum ConfigType;
constexpr bool kDynamic = true;

// Kafka 4.3's settings of groups, sorted by name. Their bounds, which are settings of the broker,
// are in group_config.cc.
constexpr ConfigKey kGroupKeys[] = {
    {"consumer.assignment.interval.ms", kInt, "1000", "0..", kDynamic,
     "group.consumer.assignment.interval.ms", "Least time between two assignments"},
    {"consumer.heartbeat.interval.ms", kInt, "5000", "1..", kDynamic,
     "group.consumer.heartbeat.interval.ms", "How often members are told to call"},
    {"consumer.session.timeout.ms", kInt, "45000", "1..", kDynamic,
     "group.consumer.session.timeout.ms", "After how long without a call a member is gone"},
    {"share.assignment.interval.ms", kInt, "1000", "0..", kDynamic,
     "group.share.assignment.interval.ms", "Least time between two assignments"},
    {"share.auto.offset.reset", kString, "latest", "", kDynamic, "share.auto.offset.reset",
     "Where a partition begins: latest, earliest or by_duration:PnDTnHnMn.nS"},
    {"share.delivery.count.limit", kInt, "5", "2..", kDynamic, "group.share.delivery.count.limit",
     "How often a record is delivered at most"},
    {"share.heartbeat.interval.ms", kInt, "5000", "1..", kDynamic,
     "group.share.heartbeat.interval.ms", "How often members are told to call"},
    {"share.isolation.level", kString, "read_uncommitted", "read_committed|read_uncommitted",
     kDynamic, "share.isolation.level", "Whether records of open transactions are delivered"},
    {"share.partition.max.record.locks", kInt, "2000", "100..", kDynamic,
     "group.share.partition.max.record.locks", "Records of a partition under way at most"},
    {"share.record.lock.duration.ms", kInt, "30000", "1..", kDynamic,
     "group.share.record.lock.duration.ms", "How long a member may work on a record"},
    {"share.renew.acknowledge.enable", kBoolean, "true", "", kDynamic,
     "share.renew.acknowledge.enable", "Whether members may ask for more time"},
    {"share.session.timeout.ms", kInt, "45000", "1..", kDynamic, "group.share.session.timeout.ms",
     "After how long without a call a member is gone"},
    {"streams.assignment.interval.ms", kInt, "1000", "0..", kDynamic,
     "group.streams.assignment.interval.ms", "Least time between two assignments"},
    {"streams.heartbeat.interval.ms", kInt, "5000", "1..", kDynamic,
     "group.streams.heartbeat.interval.ms", "How often members are told to call"},
    {"streams.initial.rebalance.delay.ms", kInt, "3000", "0..", kDynamic,
     "group.streams.initial.rebalance.delay.ms", "How long the first assignment waits for members"},
    {"streams.num.standby.replicas", kInt, "0", "0..", kDynamic,
     "group.streams.num.standby.replicas", "Standby tasks for each task"},
    {"streams.session.timeout.ms", kInt, "45000", "1..", kDynamic,
     "group.streams.session.timeout.ms", "After how long without a call a member is gone"},
};

}  // namespace

std::span<const ConfigKey> GroupKeys() { return kGroupKeys; }

}  // namespace gneiss::server
