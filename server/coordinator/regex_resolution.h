// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/coordinator/consumer_group_records.h"
#include "server/coordinator/group_topics.h"

namespace gneiss::server {

using ResolvedRegexes = std::map<std::string, ResolvedRegex>;

// The topics, internal ones too, that each regular expression stands for at `now`. Takes time with
// the number of topics: not under a mutex. One that is no regular expression stands for nothing.
// Threads: any.
ResolvedRegexes ResolveRegexes(const std::vector<std::string>& regexes, const GroupTopics& topics,
                               TimestampMs now);

}  // namespace gneiss::server
