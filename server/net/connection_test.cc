// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/base/big_endian.h"
#include "server/testing/captured_log.h"
#include "server/testing/scripted_server.h"

namespace gneiss::server::testing {
namespace {

using std::chrono::milliseconds;
using Tokens = std::vector<std::int32_t>;

std::int32_t NextToken(RawClient& client) { return TokenOf(client.ReceiveFrame()); }

TEST(ConnectionTest, AnswersComeInTheOrderOfTheRequests) {
  ScriptedServer server;
  RawClient client = server.Connect();
  std::string requests;
  for (std::int32_t token = 1; token <= 100; ++token) {
    requests += ScriptedRequest(Scripted::kEcho, token);
  }
  client.SendRaw(requests);
  for (std::int32_t token = 1; token <= 100; ++token) EXPECT_EQ(NextToken(client), token);
}

TEST(ConnectionTest, ARequestWaitsForTheOneBeforeIt) {
  ScriptedServer server;
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kGated, 1) + ScriptedRequest(Scripted::kEcho, 2));
  server.AwaitStarted(1);
  RawClient other = server.Connect();
  other.SendRaw(ScriptedRequest(Scripted::kEcho, 3));
  EXPECT_EQ(NextToken(other), 3);  // other connections do not wait
  server.Open(1);
  EXPECT_EQ(NextToken(client), 1);
  EXPECT_EQ(NextToken(client), 2);
  EXPECT_EQ(server.Started(), (Tokens{1, 3, 2}));
}

TEST(ConnectionTest, AdmittedProducesOverlapAndAreAnsweredInOrder) {
  ScriptedServer server;
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kGatedProduce, 1) +
                 ScriptedRequest(Scripted::kGatedProduce, 2) +
                 ScriptedRequest(Scripted::kGatedProduce, 3) + ScriptedRequest(Scripted::kEcho, 4));
  server.AwaitStarted(3);
  server.Open(3);
  server.Open(2);
  server.Open(1);
  for (const std::int32_t token : {1, 2, 3, 4}) EXPECT_EQ(NextToken(client), token);
  EXPECT_EQ(server.Started(), (Tokens{1, 2, 3, 4}));
}

TEST(ConnectionTest, AProduceDoesNotPassAnotherRequest) {
  ScriptedServer server;
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kGatedProduce, 1) +
                 ScriptedRequest(Scripted::kGated, 2) +
                 ScriptedRequest(Scripted::kGatedProduce, 3));
  server.AwaitStarted(1);
  server.Open(3);
  server.Open(1);
  server.AwaitStarted(2);
  server.Open(2);
  for (const std::int32_t token : {1, 2, 3}) EXPECT_EQ(NextToken(client), token);
  EXPECT_EQ(server.Started(), (Tokens{1, 2, 3}));
}

TEST(ConnectionTest, ASuppressedResponseLeavesNoGap) {
  ScriptedServer server;
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kSilent, 1) + ScriptedRequest(Scripted::kEcho, 2));
  EXPECT_EQ(NextToken(client), 2);
}

TEST(ConnectionTest, AFrameMayArriveByteByByte) {
  ScriptedServer server;
  RawClient client = server.Connect();
  for (const char byte : ScriptedRequest(Scripted::kEcho, 7, "slowly")) {
    client.SendRaw(std::string(1, byte));
  }
  EXPECT_EQ(NextToken(client), 7);
}

TEST(ConnectionTest, LargeFramesArriveWholeAndTheirMemoryIsGivenBack) {
  ScriptedServer server;
  RawClient client = server.Connect();
  // Around the sizes where the way of reading changes.
  for (const std::size_t size : {4000u, 4066u, 4070u, 5000u, 65'536u, 1'048'576u, 5'000'000u}) {
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31 + size);
    client.SendRaw(ScriptedRequest(Scripted::kEcho, 1, payload));
    const SharedBytes answer = client.ReceiveFrame();
    EXPECT_TRUE(answer.text().substr(8) == payload) << size;
  }
  client.SendRaw(ScriptedRequest(Scripted::kEcho, 2));
  EXPECT_EQ(NextToken(client), 2);  // by now the frame before is gone
  EXPECT_EQ(server.request_memory().used(), 0u);
}

// A peer that announces much and sends little is charged for what it sent.
TEST(ConnectionTest, AnAnnouncedSizeCostsNothing) {
  ScriptedServer server({.request_memory = std::size_t{1} << 20});
  std::vector<RawClient> liars;
  for (int i = 0; i < 10; ++i) {
    liars.push_back(server.Connect());
    std::string start = ScriptedRequest(Scripted::kEcho, 1);
    StoreBigEndian(start.data(), std::int32_t{100'000'000});
    liars.back().SendRaw(start);
  }
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kEcho, 2, std::string(100'000, 'y')));
  EXPECT_EQ(NextToken(client), 2);
}

TEST(ConnectionTest, ALargeFrameWaitsForMemoryAndSmallOnesDoNot) {
  ScriptedServer server({.request_memory = std::size_t{1} << 20});
  const std::string large = ScriptedRequest(Scripted::kGated, 1, std::string(900'000, 'a'));
  RawClient holder = server.Connect();
  holder.SendRaw(large);
  server.AwaitStarted(1);
  RawClient waiting = server.Connect();
  waiting.SendRaw(ScriptedRequest(Scripted::kEcho, 2, std::string(600'000, 'b')));
  RawClient small = server.Connect();
  small.SendRaw(ScriptedRequest(Scripted::kEcho, 3));
  EXPECT_EQ(NextToken(small), 3);
  server.Open(1);
  EXPECT_EQ(NextToken(holder), 1);
  EXPECT_EQ(NextToken(waiting), 2);
  EXPECT_EQ(server.Started(), (Tokens{1, 3, 2}));
}

// A few peers that stop in the middle of large frames must not starve the others.
TEST(ConnectionTest, AStalledFrameIsGivenUpWhenOthersWaitForItsMemory) {
  CapturedLog log;
  ScriptedServer server(
      {.limits = {.frame_read_max = milliseconds(30), .sweep_interval = milliseconds(100)},
       .request_memory = std::size_t{1} << 20});
  RawClient stalled = server.Connect();
  stalled.SendRaw(
      ScriptedRequest(Scripted::kEcho, 1, std::string(900'000, 'a')).substr(0, 800'000));
  while (server.request_memory().used() < 512 * 1024) std::this_thread::yield();
  RawClient waiting = server.Connect();
  waiting.SendRaw(ScriptedRequest(Scripted::kEcho, 2, std::string(900'000, 'b')));
  EXPECT_EQ(NextToken(waiting), 2);
  EXPECT_TRUE(stalled.ClosedByPeer());
  EXPECT_EQ(log.Count("while memory is short"), 1);
}

// A fetch response points into RocksDB: a peer that stops reading may not keep files alive.
TEST(ConnectionTest, APeerThatDoesNotReadGetsACopyAndStillEveryByte) {
  constexpr std::int32_t kBytes = 32 << 20;
  ScriptedServer server({.limits = {.response_pinned_max = milliseconds(20)}});
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kLarge, kBytes) + ScriptedRequest(Scripted::kEcho, 2));
  EXPECT_TRUE(server.AwaitUnpinned());
  const SharedBytes answer = client.ReceiveFrame();
  EXPECT_EQ(answer.size(), 4u + 4u + kBytes);
  EXPECT_EQ(answer.text().substr(8), std::string(kBytes, 'x'));
  EXPECT_EQ(NextToken(client), 2);
}

TEST(ConnectionTest, APeerThatDoesNotReadIsCutWhenNoCopyCanBeHad) {
  CapturedLog log;
  ScriptedServer server(
      {.limits = {.response_pinned_max = milliseconds(20)}, .copy_memory = 1 << 20});
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kLarge, 64 << 20));
  EXPECT_TRUE(server.AwaitUnpinned());
  EXPECT_TRUE(client.ClosedByPeer());
  EXPECT_EQ(log.Count("does not read its responses"), 1);
}

TEST(ConnectionTest, AnIdleConnectionIsClosed) {
  ScriptedServer server({.limits = {.idle_max = milliseconds(30)}});
  RawClient client = server.Connect();
  EXPECT_TRUE(client.ClosedByPeer());
}

TEST(ConnectionTest, ARequestThatTakesLongIsNotIdleness) {
  ScriptedServer server({.limits = {.idle_max = milliseconds(1)}});
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kGated, 1));
  server.AwaitStarted(1);
  RawClient other = server.Connect();
  EXPECT_TRUE(other.ClosedByPeer());  // so the time has passed, for the first one too
  server.Open(1);
  EXPECT_EQ(NextToken(client), 1);
}

TEST(ConnectionTest, AParkedRequestEndsWhenItsPeerGoesAway) {
  ScriptedServer server;
  {
    RawClient client = server.Connect();
    client.SendRaw(ScriptedRequest(Scripted::kGated, 1));
    server.AwaitStarted(1);
  }
  EXPECT_TRUE(server.Stop());
}

TEST(ConnectionTest, AStopEndsParkedRequestsAndHalfReadFrames) {
  ScriptedServer server;
  RawClient parked = server.Connect();
  parked.SendRaw(ScriptedRequest(Scripted::kGated, 1) + ScriptedRequest(Scripted::kEcho, 2));
  RawClient half = server.Connect();
  half.SendRaw(ScriptedRequest(Scripted::kEcho, 3).substr(0, 9));
  RawClient idle = server.Connect();
  server.AwaitStarted(1);
  EXPECT_TRUE(server.Stop());
  EXPECT_TRUE(parked.ClosedByPeer());
}

TEST(ConnectionTest, AHandlerThatThrowsEndsItsConnectionOnly) {
  CapturedLog log;
  ScriptedServer server;
  RawClient other = server.Connect();
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kThrow, 1));
  EXPECT_TRUE(client.ClosedByPeer());
  EXPECT_EQ(log.Count("a handler threw"), 1);
  other.SendRaw(ScriptedRequest(Scripted::kEcho, 2));
  EXPECT_EQ(NextToken(other), 2);
}

TEST(ConnectionTest, AnswersBeforeABrokenRequestAreStillSent) {
  CapturedLog log;
  ScriptedServer server;
  RawClient client = server.Connect();
  client.SendRaw(ScriptedRequest(Scripted::kEcho, 1) + ScriptedRequest(Scripted::kBreak, 2));
  EXPECT_EQ(NextToken(client), 1);
  EXPECT_TRUE(client.ClosedByPeer());
  EXPECT_EQ(log.Count("scripted break"), 1);
}

TEST(ConnectionTest, AnUnknownKeyOrVersionOrAShortBodyClosesWithOneLine) {
  CapturedLog log;
  ScriptedServer server;
  std::string unknown_version = ScriptedRequest(Scripted::kEcho, 1);
  unknown_version[7] = 9;
  std::string short_body = ScriptedRequest(Scripted::kEcho, 1);
  short_body.resize(short_body.size() - 1);
  StoreBigEndian(short_body.data(), static_cast<std::int32_t>(short_body.size() - 4));
  const std::vector<std::string> requests = {
      ScriptedRequest(static_cast<Scripted>(999), 1), unknown_version, short_body,
      std::string("\0\0\0\3abc", 7)};  // shorter than a header
  for (const std::string& request : requests) {
    RawClient client = server.Connect();
    client.SendRaw(request);
    EXPECT_TRUE(client.ClosedByPeer());
  }
  EXPECT_EQ(log.Count("API key 999"), 1);
  EXPECT_EQ(log.Count("of version 9, served are 0 to 3"), 1);
  EXPECT_EQ(log.Count("closing a connection"), 4);
}

TEST(ConnectionTest, AnotherProtocolIsNamedInTheLog) {
  CapturedLog log;
  ScriptedServer server;
  for (const std::string bytes :
       {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02", "\x7f\xff\xff\xff"}) {
    RawClient client = server.Connect();
    client.SendRaw(bytes);
    EXPECT_TRUE(client.ClosedByPeer());
  }
  EXPECT_EQ(log.Count("speaks HTTP"), 1);
  EXPECT_EQ(log.Count("speaks TLS"), 1);
  EXPECT_EQ(log.Count("a frame of 2147483647 bytes"), 1);
}

}  // namespace
}  // namespace gneiss::server::testing
