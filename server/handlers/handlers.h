// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/dispatch/handler_list.h"
#include "server/handlers/add_raft_voter.h"
#include "server/handlers/alter_configs.h"
#include "server/handlers/alter_partition_reassignments.h"
#include "server/handlers/api_versions.h"
#include "server/handlers/consumer_group_describe.h"
#include "server/handlers/consumer_group_heartbeat.h"
#include "server/handlers/create_acls.h"
#include "server/handlers/create_delegation_token.h"
#include "server/handlers/create_partitions.h"
#include "server/handlers/create_topics.h"
#include "server/handlers/delete_acls.h"
#include "server/handlers/delete_groups.h"
#include "server/handlers/delete_records.h"
#include "server/handlers/delete_topics.h"
#include "server/handlers/describe_acls.h"
#include "server/handlers/describe_cluster.h"
#include "server/handlers/describe_configs.h"
#include "server/handlers/describe_delegation_token.h"
#include "server/handlers/describe_groups.h"
#include "server/handlers/describe_log_dirs.h"
#include "server/handlers/describe_producers.h"
#include "server/handlers/describe_quorum.h"
#include "server/handlers/describe_topic_partitions.h"
#include "server/handlers/elect_leaders.h"
#include "server/handlers/expire_delegation_token.h"
#include "server/handlers/fetch.h"
#include "server/handlers/find_coordinator.h"
#include "server/handlers/get_telemetry_subscriptions.h"
#include "server/handlers/heartbeat.h"
#include "server/handlers/incremental_alter_configs.h"
#include "server/handlers/init_producer_id.h"
#include "server/handlers/join_group.h"
#include "server/handlers/leave_group.h"
#include "server/handlers/list_config_resources.h"
#include "server/handlers/list_groups.h"
#include "server/handlers/list_offsets.h"
#include "server/handlers/list_partition_reassignments.h"
#include "server/handlers/metadata.h"
#include "server/handlers/offset_commit.h"
#include "server/handlers/offset_delete.h"
#include "server/handlers/offset_fetch.h"
#include "server/handlers/offset_for_leader_epoch.h"
#include "server/handlers/produce.h"
#include "server/handlers/push_telemetry.h"
#include "server/handlers/remove_raft_voter.h"
#include "server/handlers/renew_delegation_token.h"
#include "server/handlers/sync_group.h"
#include "server/handlers/unregister_broker.h"
#include "server/handlers/update_features.h"

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
    DescribeAclsHandler,
    CreateAclsHandler,
    DeleteAclsHandler,
    DescribeConfigsHandler,
    AlterConfigsHandler,
    DescribeLogDirsHandler,
    CreatePartitionsHandler,
    CreateDelegationTokenHandler,
    RenewDelegationTokenHandler,
    ExpireDelegationTokenHandler,
    DescribeDelegationTokenHandler,
    DeleteGroupsHandler,
    ElectLeadersHandler,
    IncrementalAlterConfigsHandler,
    AlterPartitionReassignmentsHandler,
    ListPartitionReassignmentsHandler,
    OffsetDeleteHandler,
    DescribeQuorumHandler,
    UpdateFeaturesHandler,
    DescribeClusterHandler,
    DescribeProducersHandler,
    UnregisterBrokerHandler,
    ConsumerGroupHeartbeatHandler,
    ConsumerGroupDescribeHandler,
    GetTelemetrySubscriptionsHandler,
    PushTelemetryHandler,
    ListConfigResourcesHandler,
    DescribeTopicPartitionsHandler,
    AddRaftVoterHandler,
    RemoveRaftVoterHandler
>;
// clang-format on

}  // namespace gneiss::server
