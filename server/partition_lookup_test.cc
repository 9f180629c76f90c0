// SPDX-License-Identifier: Apache-2.0
#include "server/partition_lookup.h"

#include <memory>
#include <string_view>

#include <gtest/gtest.h>

#include "server/metadata/metadata_fold.h"

namespace gneiss::server {
namespace {

constexpr BrokerId kSelf(1);

// Nothing is open; partition 1 could not be opened.
class TableWithoutLogs final : public PartitionTable {
 public:
  PartitionPtr Find(std::string_view, PartitionId) const override { return nullptr; }
  bool IsOffline(std::string_view, PartitionId partition) const override {
    return partition == PartitionId(1);
  }
  ServedTopics Topics(std::size_t) const override { return {}; }
};

// Three partitions, the last of which another broker leads.
MetadataImagePtr ImageOfOrders(const Uuid& topic_id) {
  MetadataFold fold;
  protocol::TopicRecord topic;
  topic.name = "orders";
  topic.topic_id = topic_id;
  EXPECT_TRUE(fold.Apply(Offset(0), topic).has_value());
  for (std::int32_t i = 0; i < 3; ++i) {
    protocol::PartitionRecord partition;
    partition.topic_id = topic_id;
    partition.partition_id = i;
    partition.leader = i == 2 ? kSelf.value() + 1 : kSelf.value();
    partition.replicas = partition.isr = {partition.leader};
    EXPECT_TRUE(fold.Apply(Offset(i + 1), partition).has_value());
  }
  return std::make_shared<const MetadataImage>(fold.image());
}

// A client that has just seen its topic in Metadata must not be told that the disk is broken.
TEST(PartitionLookupTest, APartitionThatIsNotOpenYetIsNotAnOfflineOne) {
  const Uuid id = Uuid::Random();
  const TableWithoutLogs table;
  const PartitionFinder finder(table, ImageOfOrders(id), kSelf);
  const auto error = [&](std::int32_t partition) {
    const ErrorCode by_name = finder.Find("orders", PartitionId(partition)).error;
    EXPECT_EQ(finder.Find(id, PartitionId(partition)).error, by_name);
    return by_name;
  };
  EXPECT_EQ(error(0), ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(error(1), ErrorCode::kKafkaStorageError);
  EXPECT_EQ(error(2), ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(error(3), ErrorCode::kUnknownTopicOrPartition);
}

}  // namespace
}  // namespace gneiss::server
