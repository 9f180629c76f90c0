// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/listener.h"
#include "server/net/loop_event.h"
#include "server/testing/raw_client.h"

namespace gneiss::server::testing {

// The requests that a ScriptedServer answers: an int32 token, then anything. All in version 0-3 of
// the key they borrow.
enum class Scripted : std::int16_t {
  kGatedProduce = 0,  // admits at once, answers its token when the gate of the token opens
  kGated = 1,         // the same without admitting; ends early when the connection closes
  kEcho = 3,          // answers token and rest
  kThrow = 8,
  kSilent = 9,       // no answer
  kBreak = 10,       // closes the connection
  kLarge = 11,       // answers `token` pinned bytes
  kAdvertised = 12,  // answers where its client is told to find the broker
};

struct ScriptedOptions {
  ConnectionLimits limits{};
  ConnectionQuotas quotas{.total = 1'000'000, .per_ip = 1'000'000, .per_ip_overrides = {}};
  std::size_t request_memory = std::size_t{64} << 20;
  std::size_t copy_memory = std::size_t{64} << 20;
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::optional<Endpoint> advertised = std::nullopt;
};

// ScriptedServer is the network half of a broker: a listener and one loop, with handlers that a
// test holds up and lets go. Threads: the test's.
class ScriptedServer {
 public:
  explicit ScriptedServer(ScriptedOptions options = {});
  ~ScriptedServer();

  std::uint16_t port() const { return listener_->port(); }
  RawClient Connect() const { return RawClient(port()); }

  // Returns once the handler of `token` runs.
  void AwaitStarted(std::int32_t token);
  void Open(std::int32_t token);
  // The tokens in the order in which their handlers began.
  std::vector<std::int32_t> Started();
  // Returns once the bytes of a kLarge were sent or copied; false after ten seconds.
  bool AwaitUnpinned();
  // Closes everything; false if a coroutine is left after ten seconds.
  bool Stop();
  MemoryBudget& request_memory() { return *services_.request_memory; }

 private:
  struct Script;

  std::unique_ptr<Script> script_;
  std::unique_ptr<Broker> broker_;
  ComplaintLog complaints_;
  LiveTasks tasks_;
  LoopWithConnections loop_;
  ConnectionCounts counts_;
  ConnectionServices services_;
  std::unique_ptr<Listener> listener_;
  bool stopped_ = false;
};

// A whole request frame: size, header of version 1, token, rest.
std::string ScriptedRequest(Scripted api, std::int32_t token, std::string_view rest = "");
// The token at the front of an answer.
std::int32_t TokenOf(const SharedBytes& frame);

}  // namespace gneiss::server::testing
