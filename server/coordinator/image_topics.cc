// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/image_topics.h"

#include <utility>

namespace gneiss::server {
namespace {

class ImageTopics final : public GroupTopics {
 public:
  explicit ImageTopics(MetadataImagePtr image) : image_(std::move(image)) {}

  std::optional<GroupTopic> Find(std::string_view name) const override {
    return ToGroupTopic(image_->FindTopic(name));
  }
  std::optional<GroupTopic> Find(const Uuid& id) const override {
    return ToGroupTopic(image_->FindTopic(id));
  }
  std::vector<std::string> Names() const override {
    std::vector<std::string> names;
    names.reserve(image_->topics().size());
    for (const auto& [name, topic] : image_->topics()) names.push_back(name);
    return names;
  }
  std::int64_t version() const override { return image_->offset().value(); }

 private:
  static std::optional<GroupTopic> ToGroupTopic(const std::shared_ptr<const TopicImage>& topic) {
    if (topic == nullptr) return std::nullopt;
    return GroupTopic{.id = topic->id,
                      .name = topic->name,
                      .partition_count = static_cast<std::int32_t>(topic->partitions.size())};
  }

  const MetadataImagePtr image_;
};

}  // namespace

std::shared_ptr<const GroupTopics> MakeGroupTopics(MetadataImagePtr image) {
  return std::make_shared<const ImageTopics>(std::move(image));
}

}  // namespace gneiss::server
