// SPDX-License-Identifier: Apache-2.0
#include "server/config/broker_config_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace gneiss::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Refusal(const ConfigMap& properties) {
  const Result<ParsedBrokerConfig> parsed = ParseBrokerConfig(properties);
  return parsed.has_value() ? "accepted" : parsed.error().detail;
}

class PropertiesFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "gneiss-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  ConfigMap Read(const std::string& text) {
    const auto path = dir_ / "server.properties";
    std::ofstream(path) << text;
    return *ReadPropertiesFile(path);
  }
  std::filesystem::path dir_;
};

TEST_F(PropertiesFileTest, JavasPropertiesSyntaxIsRead) {
  EXPECT_EQ(
      Read("# comment\n! another\n\na=1\nb : 2\n  c   3\nd=\ne=x\\\n   y\nf=a\\=b\\u0041\\t\r\n"
           "g\\:h=i\na=4\n"),
      (ConfigMap{{"a", "4"},
                 {"b", "2"},
                 {"c", "3"},
                 {"d", ""},
                 {"e", "xy"},
                 {"f", "a=bA\t"},
                 {"g:h", "i"}}));
}

TEST_F(PropertiesFileTest, AMissingFileIsOneSentenceWithItsName) {
  const Result<ConfigMap> missing = ReadPropertiesFile(dir_ / "none");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().detail, HasSubstr((dir_ / "none").string()));
  EXPECT_FALSE(ReadPropertiesFile(dir_).has_value());
}

TEST(BrokerConfigParserTest, NothingGivenIsALocalBrokerOnPort9092) {
  const ParsedBrokerConfig parsed = *ParseBrokerConfig({});
  ASSERT_EQ(parsed.config.listeners.size(), 1u);
  EXPECT_EQ(parsed.config.listeners[0].host, "127.0.0.1");
  EXPECT_EQ(parsed.config.listeners[0].port, 9092);
  EXPECT_EQ(parsed.config.node_id, BrokerId(1));
  EXPECT_EQ(parsed.config.static_values.at("listeners"), "PLAINTEXT://127.0.0.1:9092");
}

// The file that Kafka ships for a combined node.
TEST(BrokerConfigParserTest, AStockCombinedNodesFileWorks) {
  const ParsedBrokerConfig parsed = *ParseBrokerConfig(
      {{"process.roles", "broker,controller"},
       {"node.id", "7"},
       {"controller.quorum.bootstrap.servers", "localhost:9093"},
       {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
       {"inter.broker.listener.name", "PLAINTEXT"},
       {"advertised.listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093"},
       {"controller.listener.names", "CONTROLLER"},
       {"listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL"},
       {"log.dirs", "/tmp/a, /tmp/b"},
       {"log.retention.hours", "168"},
       {"group.initial.rebalance.delay.ms", "0"}});
  EXPECT_EQ(parsed.config.listeners.size(), 1u);
  EXPECT_EQ(parsed.config.listeners[0].host, "");
  ASSERT_EQ(parsed.config.advertised_listeners.size(), 1u);
  EXPECT_EQ(parsed.config.advertised_listeners[0].host, "localhost");
  EXPECT_THAT(parsed.config.log_dirs, ElementsAre("/tmp/a", "/tmp/b"));
  EXPECT_EQ(parsed.config.group_initial_rebalance_delay.count(), 0);
  EXPECT_THAT(parsed.warnings, ElementsAre(HasSubstr("CONTROLLER")));
}

TEST(BrokerConfigParserTest, AnUnknownKeyIsWarnedAboutWithTheNearestKnownOne) {
  EXPECT_THAT(ParseBrokerConfig({{"num.partition", "3"}})->warnings,
              ElementsAre(HasSubstr("did you mean num.partitions?")));
  EXPECT_THAT(ParseBrokerConfig({{"super.users", "User:a"}})->warnings, IsEmpty());
}

TEST(BrokerConfigParserTest, AWrongValueIsASentenceWithKeyAndValue) {
  EXPECT_THAT(Refusal({{"num.partitions", "many"}}), HasSubstr("num.partitions=many"));
  EXPECT_THAT(Refusal({{"num.partitions", "0"}}), HasSubstr("1.."));
  EXPECT_THAT(Refusal({{"listeners", "127.0.0.1:9092"}}), HasSubstr("NAME://host:port"));
  EXPECT_THAT(Refusal({{"listeners", "PLAINTEXT://:70000"}}), HasSubstr("65535"));
  EXPECT_THAT(Refusal({{"listeners", "PLAINTEXT://::1:9092"}}), HasSubstr("brackets"));
  EXPECT_THAT(Refusal({{"listeners", "PLAINTEXT://:1,PLAINTEXT://:2"}}), HasSubstr("twice"));
  EXPECT_THAT(Refusal({{"listeners", ""}}), HasSubstr("listeners="));
  EXPECT_THAT(Refusal({{"advertised.listeners", "EXTERNAL://a:1"}}), HasSubstr("EXTERNAL"));
  EXPECT_THAT(Refusal({{"advertised.listeners", "PLAINTEXT://0.0.0.0:1"}}), HasSubstr("reach"));
  EXPECT_THAT(Refusal({{"max.connections.per.ip.overrides", "a"}}), HasSubstr("address:count"));
  EXPECT_THAT(Refusal({{"log.dirs", ""}}), HasSubstr("log.dirs"));
}

TEST(BrokerConfigParserTest, WhatIsNotServedYetStopsTheStart) {
  EXPECT_THAT(Refusal({{"listeners", "SSL://:9093"}}), HasSubstr("SSL is not served yet"));
  EXPECT_THAT(Refusal({{"zookeeper.connect", "z:2181"}}), HasSubstr("ZooKeeper"));
  EXPECT_THAT(Refusal({{"process.roles", "broker"}}), HasSubstr("process.roles"));
  EXPECT_THAT(Refusal({{"controller.quorum.bootstrap.servers", "c:9093"}}), HasSubstr("quorum"));
  EXPECT_THAT(Refusal({{"authorizer.class.name", "a.b.C"}}), HasSubstr("authorization"));
}

TEST(BrokerConfigParserTest, IPv6ListenersStandInBrackets) {
  const ParsedBrokerConfig parsed = *ParseBrokerConfig({{"listeners", "PLAINTEXT://[::1]:9092"}});
  EXPECT_EQ(parsed.config.listeners[0].host, "::1");
  EXPECT_EQ(parsed.config.static_values.at("listeners"), "PLAINTEXT://[::1]:9092");
}

}  // namespace
}  // namespace gneiss::server
