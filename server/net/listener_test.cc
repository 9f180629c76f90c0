// SPDX-License-Identifier: Apache-2.0
#include "server/net/listener.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "server/testing/captured_log.h"
#include "server/testing/scripted_server.h"

namespace gneiss::server::testing {
namespace {

using Address = std::pair<std::string, std::int32_t>;

// Where the broker tells a client that reached it at `host` to find it.
Address AdvertisedTo(const ScriptedServer& server, const std::string& host) {
  RawClient client(server.port(), host);
  client.SendRaw(ScriptedRequest(Scripted::kAdvertised, 1));
  wire::Reader in(client.ReceiveFrame());
  in.ReadInt32();  // correlation id
  std::string name = in.ReadString(wire::Form::kClassic);
  return {std::move(name), in.ReadInt32()};
}

TEST(ListenerTest, AClientIsToldTheAddressItConnectedTo) {
  ScriptedServer server({.host = ""});
  const std::int32_t port = server.port();
  EXPECT_EQ(AdvertisedTo(server, "127.0.0.1"), Address("127.0.0.1", port));
  EXPECT_EQ(AdvertisedTo(server, "127.0.0.5"), Address("127.0.0.5", port));
}

TEST(ListenerTest, NoHostListensOnIpv6Too) {
  ScriptedServer server({.host = ""});
  const Result<BlockingClient> probe =
      BlockingClient::Connect("::1", server.port(), std::chrono::seconds(10));
  if (!probe) GTEST_SKIP() << "this machine has no IPv6";
  EXPECT_EQ(AdvertisedTo(server, "::1"), Address("::1", server.port()));
}

TEST(ListenerTest, AHostNameListensOnItsAddresses) {
  ScriptedServer server({.host = "localhost"});
  EXPECT_EQ(AdvertisedTo(server, "127.0.0.1"), Address("127.0.0.1", server.port()));
}

TEST(ListenerTest, AnAdvertisedListenerIsToldToEveryone) {
  ScriptedServer server({.advertised = Endpoint{"broker.example", 9999}});
  EXPECT_EQ(AdvertisedTo(server, "127.0.0.1"), Address("broker.example", 9999));
}

TEST(ListenerTest, APortInUseIsOneSentence) {
  ScriptedServer server;
  try {
    ScriptedServer second({.port = server.port()});
    FAIL() << "two listeners on one port";
  } catch (const std::exception& e) {
    EXPECT_EQ(std::string(e.what()),
              "cannot listen on PLAINTEXT://127.0.0.1:" + std::to_string(server.port()) +
                  ": the port is in use; is another broker running?");
  }
}

TEST(ListenerTest, AnUnknownHostIsOneSentence) {
  try {
    ScriptedServer server({.host = "no-such-host.invalid"});
    FAIL() << "listens on nothing";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("no-such-host.invalid:0: the host is not known"),
              std::string::npos)
        << e.what();
  }
}

TEST(ListenerTest, AnAddressBeyondItsShareIsClosed) {
  CapturedLog log;
  ScriptedServer server(
      {.quotas = {.total = 100, .per_ip = 2, .per_ip_overrides = {{"127.0.0.9", 0}}}});
  RawClient first = server.Connect();
  RawClient second = server.Connect();
  first.SendRaw(ScriptedRequest(Scripted::kEcho, 1));
  second.SendRaw(ScriptedRequest(Scripted::kEcho, 2));
  EXPECT_EQ(TokenOf(first.ReceiveFrame()), 1);
  EXPECT_EQ(TokenOf(second.ReceiveFrame()), 2);
  RawClient third = server.Connect();
  EXPECT_TRUE(third.ClosedByPeer());
  EXPECT_EQ(log.Count("max.connections.per.ip"), 1);
}

TEST(ListenerTest, BeyondMaxConnectionsTheNextWaitsUntilOneCloses) {
  ScriptedServer server({.quotas = {.total = 1, .per_ip = 10, .per_ip_overrides = {}}});
  auto first = std::make_unique<RawClient>(server.Connect());
  first->SendRaw(ScriptedRequest(Scripted::kEcho, 1));
  EXPECT_EQ(TokenOf(first->ReceiveFrame()), 1);
  RawClient second = server.Connect();  // in the kernel's queue
  second.SendRaw(ScriptedRequest(Scripted::kEcho, 2));
  first.reset();
  EXPECT_EQ(TokenOf(second.ReceiveFrame()), 2);
}

}  // namespace
}  // namespace gneiss::server::testing
