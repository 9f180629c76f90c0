// SPDX-License-Identifier: Apache-2.0
// What a whole broker keeps of topics that are no more: nothing in its stores, and in its metadata
// log only what a store that is away has yet to hear of.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "engine/testing/batches.h"
#include "protocol/messages/delete_topics.h"
#include "server/broker.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/metadata_records.h"
#include "server/metadata/metadata_source.h"
#include "server/partition_table.h"
#include "server/testing/in_process_broker.h"
#include "server/testing/topic_calls.h"

namespace gneiss::server {
namespace {

namespace fs = std::filesystem;

class DeletedTopicsTest : public ::testing::Test {
 protected:
  void Append(const std::string& topic, const std::string& value) {
    const PartitionPtr partition = broker_.broker().partitions().Find(topic, PartitionId(0));
    ASSERT_NE(partition, nullptr);
    ASSERT_TRUE(engine::testing::AppendAndWait(*partition->log, engine::testing::BatchOf({value})));
  }

  void Delete(const std::vector<std::string>& names) {
    protocol::DeleteTopicsRequest request;
    request.topic_names = names;
    request.timeout_ms = 10'000;
    const auto response =
        client_.Call<protocol::DeleteTopicsRequest, protocol::DeleteTopicsResponse>(request, 5);
    for (const auto& one : response.responses) ASSERT_EQ(one.error_code, 0);
  }

  void Start() {
    broker_.Start();
    client_ = broker_.Connect();
  }

  // With these names at hand the stores are offline, without them they are back.
  void RenameInStores(const std::string& from, const std::string& to) {
    for (const auto& entry : fs::directory_iterator(broker_.data_dir())) {
      if (!entry.path().filename().string().starts_with("store-")) continue;
      if (fs::exists(entry.path() / from)) fs::rename(entry.path() / from, entry.path() / to);
    }
  }

  engine::Engine& engine() { return broker_.broker().engine(); }

  // The metadata log as a start reads it.
  std::vector<MetadataRecord> Records() {
    std::vector<MetadataRecord> records;
    EXPECT_TRUE(engine().metadata_log().Replay([&](Offset, std::span<const std::byte> bytes) {
      records.push_back(DecodeMetadataRecord(bytes).value());
      return Status();
    }));
    return records;
  }
  std::size_t RemovalsOnRecord() {
    return static_cast<std::size_t>(std::ranges::count_if(Records(), [](const auto& record) {
      return std::holds_alternative<protocol::RemoveTopicRecord>(record);
    }));
  }

  // Every change is due for a snapshot; a stop writes the last.
  testing::InProcessBroker broker_{
      {.properties = {{"metadata.log.max.record.bytes.between.snapshots", "1"}}}};
  testing::RawClient client_ = broker_.Connect();
};

TEST_F(DeletedTopicsTest, WhatWasDeletedWhileItsStoreWasAwayIsGivenBackWhenItReturns) {
  const Uuid gone = testing::CreateTopic(client_, "gone");
  testing::CreateTopic(client_, "kept");
  Append("gone", "a");
  Append("kept", "b");
  broker_.Stop();

  RenameInStores("CURRENT", "AWAY");
  Start();
  Delete({"gone"});
  for (int i = 0; i < 3; ++i) testing::CreateTopic(client_, "later-" + std::to_string(i));
  broker_.Stop();
  Start();
  EXPECT_TRUE(engine().MayHold(gone));
  EXPECT_GT(engine().metadata_log().snapshot_end(), Offset(0));
  EXPECT_EQ(RemovalsOnRecord(), 1u) << "kept through snapshots";
  broker_.Stop();

  for (const auto& entry : fs::directory_iterator(broker_.data_dir())) {  // those made meanwhile
    const fs::path& store = entry.path();
    const bool is_new =
        store.filename().string().starts_with("store-") && !fs::exists(store / "AWAY");
    if (is_new) fs::rename(store / "CURRENT", store / "NEW");
  }
  RenameInStores("AWAY", "CURRENT");
  RenameInStores("NEW", "CURRENT");
  Start();
  broker_.Stop();  // done is what was begun
  Start();
  EXPECT_FALSE(engine().MayHold(gone));
  const PartitionPtr kept = broker_.broker().partitions().Find("kept", PartitionId(0));
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->log->offsets().high_watermark, Offset(1));
  testing::CreateTopic(client_, "last");
  broker_.Stop();
  Start();
  EXPECT_EQ(RemovalsOnRecord(), 0u) << "nobody needs it any more";
}

TEST_F(DeletedTopicsTest, AHistoryLeavesNoMoreRecordsThanThereIsToSay) {
  const std::size_t at_first = Records().size();
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("topic-" + std::to_string(i));
  for (int round = 0; round < 20; ++round) {
    protocol::CreateTopicsRequest request;
    for (const std::string& name : names) {
      request.topics.push_back(testing::NewTopic(name, 2, {{"retention.ms", "1000"}}));
    }
    client_.Call<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>(request, 7);
    Append(names.back(), "to be given back");
    Delete(names);
  }
  testing::CreateTopic(client_, "last");
  EXPECT_GT(broker_.broker().metadata().image()->offset(), Offset(20 * 100 * 5));
  // The last removal may have been on record still when the last snapshot was written.
  for (int i = 0; i < 2; ++i) {
    broker_.Stop();
    Start();
    testing::CreateTopic(client_, "then-" + std::to_string(i));
  }
  broker_.Stop();
  Start();
  EXPECT_EQ(broker_.broker().metadata().image()->topics().size(), 3u);
  EXPECT_EQ(Records().size(), at_first + 3 * 2) << "three topics of one partition";
}

}  // namespace
}  // namespace gneiss::server
