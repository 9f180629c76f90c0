// SPDX-License-Identifier: Apache-2.0

// Subscriptions by regular expression: when they are resolved, and what follows from it.

#include <algorithm>
#include <chrono>

#include "server/coordinator/consumer_group_state.h"
#include "server/coordinator/topic_pattern.h"

namespace gneiss::server {
namespace {

// All expressions of a group are resolved together: not more often than this, and at least so
// often.
constexpr std::chrono::seconds kResolutionIntervalMin{10};
constexpr std::chrono::minutes kResolutionIntervalMax{10};

}  // namespace

std::optional<ConsumerGroupState::Refusal> ConsumerGroupState::CheckRegex(
    const ConsumerHeartbeatRequest& request) const {
  const std::string regex = request.topic_regex.value_or("");
  if (regex.empty() || regexes_.contains(regex)) return std::nullopt;
  const Result<TopicPattern> pattern = TopicPattern::Parse(regex);
  if (pattern.has_value()) return std::nullopt;
  return Refusal{ErrorCode::kInvalidRegularExpression,
                 "SubscribedTopicRegex `" + regex +
                     "` is not a valid regular expression: " + pattern.error().detail + "."};
}

std::set<std::string> ConsumerGroupState::SubscribedRegexes() const {
  std::set<std::string> regexes;
  for (const auto& [id, member] : members_.all()) {
    if (!member.about.topic_regex.empty()) regexes.insert(member.about.topic_regex);
  }
  return regexes;
}

void ConsumerGroupState::DropUnusedRegexes() {
  if (regexes_.empty()) return;
  const std::set<std::string> used = SubscribedRegexes();
  std::erase_if(regexes_, [&](const auto& regex) {
    if (used.contains(regex.first)) return false;
    changes_.insert({Key::Kind::kRegex, regex.first});
    return true;
  });
}

void ConsumerGroupState::MaybeResolve(const ConsumerGroupContext& context) {
  if (resolving_) return;
  const std::set<std::string> regexes = SubscribedRegexes();
  if (regexes.empty()) return;
  std::optional<TimestampMs> last;
  std::int64_t version = context.topics.version();
  for (const auto& [regex, resolved] : regexes_) {
    last = std::max(last.value_or(resolved.resolved_at), resolved.resolved_at);
    version = std::min(version, resolved.metadata_offset);
  }
  const std::chrono::milliseconds age(last ? context.now.wall_ms - *last : 0);
  if (last && age.count() >= 0 && age <= kResolutionIntervalMin) return;
  const bool must_resolve = regexes.size() != regexes_.size() ||
                            version < context.topics.version() || age > kResolutionIntervalMax;
  if (!must_resolve) return;
  resolving_ = true;
  resolve_.assign(regexes.begin(), regexes.end());
}

ConsumerGroupActions ConsumerGroupState::Resolved(ResolvedRegexes regexes,
                                                  const ConsumerGroupContext& context) {
  resolving_ = false;
  const std::set<std::string> used = SubscribedRegexes();
  bool has_changed = false;
  for (auto& [regex, resolved] : regexes) {
    if (!used.contains(regex)) continue;
    ResolvedRegex& known = regexes_[regex];
    has_changed |= known.topics != resolved.topics;
    known = std::move(resolved);
    changes_.insert({Key::Kind::kRegex, regex});
  }
  if (has_changed) BumpEpoch(context);
  return TakeActions();
}

}  // namespace gneiss::server
