// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/dispatch/handler_list.h"
#include "server/handlers/alter_configs.h"
#include "server/handlers/api_versions.h"
#include "server/handlers/create_partitions.h"
#include "server/handlers/create_topics.h"
#include "server/handlers/delete_groups.h"
#include "server/handlers/delete_records.h"
#include "server/handlers/delete_topics.h"
#include "server/handlers/describe_cluster.h"
#include "server/handlers/describe_configs.h"
#include "server/handlers/describe_groups.h"
#include "server/handlers/describe_log_dirs.h"
#include "server/handlers/describe_producers.h"
#include "server/handlers/describe_topic_partitions.h"
#include "server/handlers/fetch.h"
#include "server/handlers/find_coordinator.h"
#include "server/handlers/heartbeat.h"
#include "server/handlers/incremental_alter_configs.h"
#include "server/handlers/init_producer_id.h"
#include "server/handlers/join_group.h"
#include "server/handlers/leave_group.h"
#include "server/handlers/list_groups.h"
#include "server/handlers/list_offsets.h"
#include "server/handlers/metadata.h"
#include "server/handlers/offset_commit.h"
#include "server/handlers/offset_delete.h"
#include "server/handlers/offset_fetch.h"
#include "server/handlers/offset_for_leader_epoch.h"
#include "server/handlers/produce.h"
#include "server/handlers/sync_group.h"

namespace gneiss::server {

// What this broker speaks, by rising key. Dispatch, ApiVersions and docs/protocol-support.md all
// derive from this list; serving one more API is one more line here.
// clang-format off
using Handlers = HandlerList<
    ProduceHandler,
    FetchHandler,
    ListOffsetsHandler,
    MetadataHandler,
    OffsetCommitHandler,
    OffsetFetchHandler,
    FindCoordinatorHandler,
    JoinGroupHandler,
    HeartbeatHandler,
    LeaveGroupHandler,
    SyncGroupHandler,
    DescribeGroupsHandler,
    ListGroupsHandler,
    ApiVersionsHandler,
    CreateTopicsHandler,
    DeleteTopicsHandler,
    DeleteRecordsHandler,
    InitProducerIdHandler,
    OffsetForLeaderEpochHandler,
    DescribeConfigsHandler,
    AlterConfigsHandler,
    DescribeLogDirsHandler,
    CreatePartitionsHandler,
    DeleteGroupsHandler,
    IncrementalAlterConfigsHandler,
    OffsetDeleteHandler,
    DescribeClusterHandler,
    DescribeProducersHandler,
    DescribeTopicPartitionsHandler
>;
// clang-format on

}  // namespace gneiss::server
