// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rocksdb/utilities/options_util.h>

#include <filesystem>
#include <fstream>

#include "engine/format.h"
#include "engine/housekeeping/log_filter.h"
#include "engine/plugin/registration.h"
#include "engine/plugin/tool_arguments.h"
#include "engine/plugin/tool_store.h"
#include "engine/testing/log_fixture.h"

namespace gneiss::engine {
namespace {

using Arguments = std::vector<std::string>;

class PluginTest : public testing::LogFixture {
 protected:
  std::filesystem::path StorePath() const { return dir_ / "store-00"; }

  // Loads the store's OPTIONS file as a program does that wants all of it.
  rocksdb::Status LoadOptions(const std::shared_ptr<rocksdb::ObjectRegistry>& registry) {
    rocksdb::ConfigOptions config;
    config.ignore_unsupported_options = false;
    config.registry = registry;
    families_.clear();
    rocksdb::DBOptions options;
    return rocksdb::LoadLatestOptions(config, StorePath().string(), &options, &families_);
  }

  std::vector<rocksdb::ColumnFamilyDescriptor> families_;
};

TEST_F(PluginTest, OptionsFilesLoadWholeWithThePluginOnly) {
  Append({"a"});
  Close();
  EXPECT_FALSE(LoadOptions(rocksdb::ObjectRegistry::NewInstance()).ok());

  const auto registry = rocksdb::ObjectRegistry::NewInstance();
  registry->AddLibrary("gneiss", RegisterWithRocksDb, "");
  const rocksdb::Status loaded = LoadOptions(registry);
  ASSERT_TRUE(loaded.ok()) << loaded.ToString();
  const auto orders =
      std::ranges::find(families_, "orders-0", &rocksdb::ColumnFamilyDescriptor::name);
  ASSERT_NE(orders, families_.end());
  ASSERT_NE(orders->options.compaction_filter_factory, nullptr);
  EXPECT_STREQ(orders->options.compaction_filter_factory->Name(), LogFilterFactory::kName);
  ASSERT_EQ(orders->options.table_properties_collector_factories.size(), 1u);
}

TEST_F(PluginTest, ToolsOpenAStoreWithItsOptions) {
  Append({"a"});
  Close();
  const ToolOptions tool = OptionsFor(StorePath());
  ASSERT_EQ(tool.families.size(), 3u);  // default, state, orders-0
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(
      rocksdb::DBOptions(tool.options), StorePath().string(), tool.families, &handles, &opened);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE(opened->Flush(rocksdb::FlushOptions(), handles).ok());
  for (rocksdb::ColumnFamilyHandle* handle : handles) opened->DestroyColumnFamilyHandle(handle);
  delete opened;
  Open();
  EXPECT_EQ(ReadAll(), testing::Values{"a"});
}

TEST_F(PluginTest, ADataDirectoryLeadsToTheStoreOfAFamily) {
  Append({"a"});
  EXPECT_EQ(FindStore(dir_.path(), "orders-0"), StorePath());
  EXPECT_EQ(FindStore(StorePath(), "orders-0"), StorePath());
  const auto unknown = FindStore(dir_.path(), "orders-9");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().detail.find("orders-9"), std::string::npos);
  const auto ambiguous = FindStore(dir_.path(), "");
  ASSERT_FALSE(ambiguous.has_value());
  EXPECT_NE(ambiguous.error().detail.find("metadata"), std::string::npos);
}

TEST_F(PluginTest, APartitionIsFoundByItsName) {
  Append({"a"});
  Close();
  const auto found = FindPartition(StorePath(), "orders-0");
  ASSERT_TRUE(found.has_value()) << found.error().detail;
  EXPECT_EQ(*found, (format::PartitionRef{topic_id_, PartitionId(0)}));
  EXPECT_FALSE(FindPartition(StorePath(), "orders-1").has_value());
}

TEST_F(PluginTest, WhatANewerBuildWroteIsReadOnly) {
  EXPECT_TRUE(CheckCommand(StorePath(), "compact").has_value());
  Close();
  std::ofstream(dir_ / format::kFormatFile, std::ios::trunc)
      << format::FormatFileText(format::kDirectoryFormat + 1);
  EXPECT_TRUE(CheckCommand(StorePath(), "scan").has_value());
  EXPECT_TRUE(CheckCommand(StorePath() / "", "list_column_families").has_value());
  for (const char* command : {"compact", "put", "checkpoint", "repair", "a_command_to_come"}) {
    const Status allowed = CheckCommand(StorePath(), command);
    ASSERT_FALSE(allowed.has_value()) << command;
    EXPECT_EQ(allowed.error().code, Errc::kUnsupportedVersion);
  }
  std::ofstream(dir_ / format::kFormatFile, std::ios::trunc)
      << format::FormatFileText(format::kDirectoryFormat);
}

TEST(ToolArgumentsTest, OffsetsBecomeKeys) {
  const ToolCall call = LdbCall({"--column_family=orders-0", "scan", "--from=17", "--decode"});
  EXPECT_EQ(call.arguments,
            (Arguments{"--column_family=orders-0", "scan", "--from=0x0000000000000011", "--hex"}));
  EXPECT_TRUE(call.decoded);
  EXPECT_EQ(call.detail, RecordDetail::kRecords);
}

TEST(ToolArgumentsTest, GetFindsTheBatchThatHoldsAnOffset) {
  const ToolCall call = LdbCall({"--column_family=orders-0", "get", "1"});
  EXPECT_EQ(call.arguments, (Arguments{"--column_family=orders-0", "scan",
                                       "--from=0x0000000000000001", "--max_keys=1", "--hex"}));
  EXPECT_TRUE(call.must_find);
}

TEST(ToolArgumentsTest, OtherKeysAreFoundByNameOrExactly) {
  EXPECT_EQ(LdbCall({"--column_family=state", "get", "orders-0"}).arguments,
            (Arguments{"--column_family=state", "scan", "--from=0x016F72646572732D30",
                       "--to=0x016F72646572732D3000", "--hex"}));
  EXPECT_EQ(
      LdbCall({"get", "5"}).arguments,  // a record of the metadata log
      (Arguments{"scan", "--from=0x020000000000000005", "--to=0x02000000000000000500", "--hex"}));
  EXPECT_EQ(
      LdbCall({"--column_family=orders-0", "idump", "--to=0x0B"}).arguments,
      (Arguments{"--column_family=orders-0", "idump", "--to=0x0B", "--hex", "--input_key_hex"}));
}

TEST(ToolArgumentsTest, APartitionIsAboutItsFacts) {
  const Arguments typed{"--partition=orders-0", "scan"};
  EXPECT_EQ(FamilyIn(typed), "orders-0");
  const ToolCall call = LdbCall(typed);
  EXPECT_EQ(call.arguments, (Arguments{"scan", "--column_family=state", "--hex"}));
  EXPECT_EQ(call.partition, "orders-0");
  EXPECT_EQ(BoundsOf("a\x01"), (Arguments{"--from=0x6101", "--to=0x6102"}));
}

TEST(ToolArgumentsTest, RawAndHexAreRocksDbs) {
  const ToolCall raw = LdbCall({"--column_family=orders-0", "--raw", "get", "1"});
  EXPECT_EQ(raw.arguments, (Arguments{"--column_family=orders-0", "get", "1"}));
  EXPECT_FALSE(raw.decoded);
  EXPECT_FALSE(LdbCall({"scan", "--value_hex"}).decoded);
  EXPECT_FALSE(LdbCall({"compact"}).decoded);
  EXPECT_EQ(SstDumpCall({"--command=scan", "--output_hex"}).arguments,
            (Arguments{"--command=scan", "--output_hex"}));
}

TEST(ToolArgumentsTest, SstDumpTakesOffsetsToo) {
  EXPECT_EQ(SstDumpCall({"--command=scan", "--from=16"}).arguments,
            (Arguments{"--command=scan", "--from=0x0000000000000010", "--input_key_hex",
                       "--output_hex"}));
}

}  // namespace
}  // namespace gneiss::engine
