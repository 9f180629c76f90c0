// SPDX-License-Identifier: Apache-2.0
#include "server/fetch/fetch_session.h"

#include <functional>
#include <utility>

#include <glog/logging.h>

namespace gneiss::server {

std::size_t FetchSession::KeyHash::operator()(const Key& key) const noexcept {
  const std::size_t topic =
      key.name.empty() ? std::hash<Uuid>()(key.id) : std::hash<std::string_view>()(key.name);
  return topic * 31 + std::hash<PartitionId>()(key.partition);
}

void FetchSession::Update(std::span<const FetchTarget> wanted,
                          std::span<const ForgottenTarget> forgotten) {
  for (const FetchTarget& target : wanted) {
    const auto found = by_key_.find(KeyOf(*target.topic, target.partition));
    if (found != by_key_.end()) {
      // The entry keeps its own topic: the key points into it.
      FetchTopicPtr topic = found->second->target.topic;
      found->second->target = target;
      found->second->target.topic = std::move(topic);
      continue;
    }
    entries_.push_back(Entry{.target = target});
    by_key_.emplace(KeyOf(*target.topic, target.partition), std::prev(entries_.end()));
  }
  for (const ForgottenTarget& target : forgotten) {
    const auto found = by_key_.find(KeyOf(*target.topic, target.partition));
    if (found == by_key_.end()) continue;
    const Entries::iterator entry = found->second;
    by_key_.erase(found);
    entries_.erase(entry);
  }
}

std::vector<FetchTarget> FetchSession::Targets() const {
  std::vector<FetchTarget> targets;
  targets.reserve(entries_.size());
  for (const Entry& entry : entries_) targets.push_back(entry.target);
  return targets;
}

std::vector<bool> FetchSession::NoteAnswers(std::span<const FetchedPartition> answers) {
  DCHECK_EQ(answers.size(), entries_.size());
  std::vector<bool> must_send;
  must_send.reserve(answers.size());
  Entries served;
  auto entry = entries_.begin();
  for (const FetchedPartition& answer : answers) {
    const auto at = entry++;
    must_send.push_back(Note(*at, answer));
    if (answer.view.bytes > 0) served.splice(served.end(), entries_, at);
  }
  entries_.splice(entries_.end(), served);  // splicing keeps the iterators of by_key_ valid
  return must_send;
}

bool FetchSession::Note(Entry& entry, const FetchedPartition& answer) {
  bool must_send = answer.view.bytes > 0 || answer.diverging_epoch.has_value();
  if (answer.error != ErrorCode::kNone) {
    // Errors are repeated every time, and once the error is gone the partition is sent again.
    entry.told_high_watermark = kNoOffset;
    entry.told_log_start = kNoOffset;
    return true;
  }
  if (entry.told_high_watermark != answer.high_watermark) {
    entry.told_high_watermark = answer.high_watermark;
    must_send = true;
  }
  if (entry.told_log_start != answer.log_start_offset) {
    entry.told_log_start = answer.log_start_offset;
    must_send = true;
  }
  return must_send;
}

}  // namespace gneiss::server
