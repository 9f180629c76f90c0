// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "protocol/base/result.h"
#include "server/config/broker_config.h"
#include "server/net/connection.h"
#include "server/net/connection_counts.h"
#include "server/net/connection_set.h"
#include "server/net/event_loop.h"

namespace gneiss::server {

// A loop, the connections that live on it, and what it counts.
struct LoopWithConnections {
  LoopWithConnections(std::string name, std::span<const ServedApi> apis)
      : metrics(apis), loop(std::move(name)) {}

  LoopMetrics metrics;
  EventLoop loop;
  ConnectionSet connections;
};

struct ListenerOptions {
  ListenerConfig listen;
  std::optional<Endpoint> advertised;  // none: a client is told its connection's local address
  int backlog = 0;
  std::optional<int> send_buffer_bytes;  // none: the kernel tunes it
  std::optional<int> receive_buffer_bytes;
};

// Listener accepts the connections of one configured listener and spreads them over the loops.
//
// A host name listens on each of its addresses, no host on every interface by IPv4 and IPv6.
// Threads: Open, Start and the destructor the owner's; the rest of it runs on the first loop.
class Listener {
 public:
  // Binds. An error is a sentence that names the address. The references and loops must outlive
  // the listener.
  static Result<std::unique_ptr<Listener>> Open(ListenerOptions options,
                                                std::vector<LoopWithConnections*> loops,
                                                ConnectionCounts& counts,
                                                const ConnectionServices& services);

  void Start();
  // Closes the sockets; no connection is accepted once this has run. REQUIRES: on the first loop.
  void Close();

  std::uint16_t port() const { return port_; }  // the real one, if 0 was configured
  std::string Uri() const;                      // "PLAINTEXT://127.0.0.1:9092"

 private:
  using Acceptor = asio::ip::tcp::acceptor;

  Listener(ListenerOptions options, std::vector<LoopWithConnections*> loops,
           ConnectionCounts& counts, const ConnectionServices& services);

  Status Bind();
  Status BindTo(asio::ip::tcp::endpoint endpoint);
  Result<std::vector<asio::ip::tcp::endpoint>> Resolve() const;
  static asio::awaitable<void> AcceptLoop(Listener* self, Acceptor& acceptor);
  void Admit(asio::ip::tcp::socket socket, LoopWithConnections& target);
  void SetOptions(asio::ip::tcp::socket& socket) const;
  ConnectionInfo Describe(const asio::ip::tcp::endpoint& peer,
                          const asio::ip::tcp::endpoint& local) const;

  const ListenerOptions options_;
  const std::vector<LoopWithConnections*> loops_;
  ConnectionCounts& counts_;
  const ConnectionServices& services_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::uint16_t port_ = 0;
  std::size_t next_loop_ = 0;
};

}  // namespace gneiss::server
