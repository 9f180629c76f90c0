// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/dispatch/handler_list.h"
#include "server/handlers/api_versions.h"
#include "server/handlers/create_partitions.h"
#include "server/handlers/create_topics.h"
#include "server/handlers/delete_topics.h"
#include "server/handlers/describe_cluster.h"
#include "server/handlers/describe_log_dirs.h"
#include "server/handlers/describe_topic_partitions.h"
#include "server/handlers/metadata.h"

namespace gneiss::server {

// What this broker speaks, by rising key. Dispatch, ApiVersions and docs/protocol-support.md all
// derive from this list; serving one more API is one more line here.
using Handlers = HandlerList<
    MetadataHandler,
    ApiVersionsHandler,
    CreateTopicsHandler,
    DeleteTopicsHandler,
    DescribeLogDirsHandler,
    CreatePartitionsHandler,
    DescribeClusterHandler,
    DescribeTopicPartitionsHandler
    >;

}  // namespace gneiss::server
