// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/metadata_image.h"

namespace gneiss::server {
namespace {

// Walks two ordered maps side by side and calls `visit(key, left, right)` for every key; the side
// that lacks it is null.
template <class Map, class Visit>
void Merge(const Map& left, const Map& right, Visit visit) {
  auto l = left.begin();
  auto r = right.begin();
  while (l != left.end() || r != right.end()) {
    if (r == right.end() || (l != left.end() && l->first < r->first)) {
      visit(l->first, &l->second, nullptr);
      ++l;
    } else if (l == left.end() || r->first < l->first) {
      visit(r->first, nullptr, &r->second);
      ++r;
    } else {
      visit(l->first, &l->second, &r->second);
      ++l;
      ++r;
    }
  }
}

}  // namespace

std::shared_ptr<const TopicImage> MetadataImage::FindTopic(std::string_view name) const {
  const auto found = topics_->find(name);
  return found == topics_->end() ? nullptr : found->second;
}

std::shared_ptr<const TopicImage> MetadataImage::FindTopic(const Uuid& id) const {
  const auto found = topics_by_id_->find(id);
  return found == topics_by_id_->end() ? nullptr : found->second;
}

const ConfigMap& MetadataImage::Configs(ConfigResourceType type, const std::string& name) const {
  static const ConfigMap kNone;
  const auto found = configs_->find(ConfigResource(type, name));
  return found == configs_->end() ? kNone : found->second;
}

std::vector<TopicChange> ChangedTopics(const MetadataImage& before, const MetadataImage& after) {
  std::vector<TopicChange> deleted;
  if (&before.topics() == &after.topics()) return deleted;
  std::vector<TopicChange> kept;
  using TopicPtr = std::shared_ptr<const TopicImage>;
  Merge(before.topics(), after.topics(),
        [&](const std::string&, const TopicPtr* old_topic, const TopicPtr* new_topic) {
          const bool same_topic = old_topic && new_topic && (*old_topic)->id == (*new_topic)->id;
          if (same_topic) {
            if (*old_topic != *new_topic) kept.push_back({*old_topic, *new_topic});
            return;
          }
          if (old_topic != nullptr) deleted.push_back({*old_topic, nullptr});
          if (new_topic != nullptr) kept.push_back({nullptr, *new_topic});
        });
  deleted.insert(deleted.end(), kept.begin(), kept.end());
  return deleted;
}

std::vector<ConfigResource> ChangedConfigs(const MetadataImage& before,
                                           const MetadataImage& after) {
  std::vector<ConfigResource> changed;
  if (&before.all_configs() == &after.all_configs()) return changed;
  Merge(before.all_configs(), after.all_configs(),
        [&](const ConfigResource& resource, const ConfigMap* old_configs,
            const ConfigMap* new_configs) {
          const bool same = old_configs && new_configs && *old_configs == *new_configs;
          if (!same) changed.push_back(resource);
        });
  return changed;
}

bool IsInternalTopic(std::string_view name) {
  return name == "__consumer_offsets" || name == "__transaction_state" ||
         name == "__share_group_state";
}

}  // namespace gneiss::server
