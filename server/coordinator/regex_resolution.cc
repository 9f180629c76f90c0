// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/regex_resolution.h"

#include "server/coordinator/topic_pattern.h"

namespace gneiss::server {

ResolvedRegexes ResolveRegexes(const std::vector<std::string>& regexes, const GroupTopics& topics,
                               TimestampMs now) {
  ResolvedRegexes resolved;
  const std::vector<std::string> names = topics.Names();
  for (const std::string& regex : regexes) {
    ResolvedRegex& one = resolved[regex];
    one.metadata_offset = topics.version();
    one.resolved_at = now;
    const Result<TopicPattern> pattern = TopicPattern::Parse(regex);
    if (!pattern.has_value()) continue;
    for (const std::string& name : names) {
      if (pattern->Matches(name)) one.topics.push_back(name);
    }
  }
  return resolved;
}

}  // namespace gneiss::server
