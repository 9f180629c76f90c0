// SPDX-License-Identifier: Apache-2.0
#include "server/net/listener.h"

#include <algorithm>
#include <utility>

#include <glog/logging.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/limits.h"
#include "server/net/address_text.h"

namespace gneiss::server {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

asio::awaitable<void> Pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::Open(ListenerOptions options,
                                                 std::vector<LoopWithConnections*> loops,
                                                 ConnectionCounts& counts,
                                                 const ConnectionServices& services) {
  std::unique_ptr<Listener> listener(
      new Listener(std::move(options), std::move(loops), counts, services));
  GNEISS_RETURN_IF_ERROR(listener->Bind());
  return listener;
}

Listener::Listener(ListenerOptions options, std::vector<LoopWithConnections*> loops,
                   ConnectionCounts& counts, const ConnectionServices& services)
    : options_(std::move(options)),
      loops_(std::move(loops)),
      counts_(counts),
      services_(services),
      port_(options_.listen.port) {}

std::string Listener::Uri() const {
  const std::string host = options_.listen.host.empty() ? "0.0.0.0" : options_.listen.host;
  return options_.listen.name + "://" + HostAndPort(host, port_);
}

Status Listener::Bind() {
  GNEISS_ASSIGN_OR_RETURN(const std::vector<tcp::endpoint> endpoints, Resolve());
  for (const tcp::endpoint& endpoint : endpoints) {
    const Status bound = BindTo(endpoint);
    if (bound) continue;
    return Fail(bound.error().code, "cannot listen on " + Uri() + ": " + bound.error().detail);
  }
  return {};
}

Result<std::vector<tcp::endpoint>> Listener::Resolve() const {
  const ListenerConfig& listen = options_.listen;
  if (listen.host.empty()) {
    // A kernel without IPv6 has no such socket to give.
    error_code error;
    tcp::socket probe(loops_.front()->loop.context());
    probe.open(tcp::v6(), error);
    return std::vector{tcp::endpoint(error ? tcp::v4() : tcp::v6(), listen.port)};
  }
  tcp::resolver resolver(loops_.front()->loop.context());
  error_code error;
  const auto found =
      resolver.resolve(listen.host, std::to_string(listen.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) {
    return Fail(Errc::kInvalidArgument,
                "cannot listen on " + Uri() + ": the host is not known: " + error.message());
  }
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : found) {
    if (std::ranges::find(endpoints, entry.endpoint()) == endpoints.end()) {
      endpoints.push_back(entry.endpoint());
    }
  }
  return endpoints;
}

Status Listener::BindTo(tcp::endpoint endpoint) {
  endpoint.port(port_);  // a host with two addresses gets one port, also if the system picks it
  auto acceptor = std::make_unique<Acceptor>(loops_.front()->loop.context());
  error_code error;
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) {
    acceptor->set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
  }
  if (!error && options_.receive_buffer_bytes) {  // must be known before the handshake
    acceptor->set_option(tcp::acceptor::receive_buffer_size(*options_.receive_buffer_bytes), error);
  }
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(options_.backlog, error);
  if (error == asio::error::address_in_use) {
    return Fail(Errc::kAlreadyExists, "the port is in use; is another broker running?");
  }
  if (error) return Fail(Errc::kStorage, error.message());
  port_ = acceptor->local_endpoint().port();
  acceptors_.push_back(std::move(acceptor));
  return {};
}

void Listener::Start() {
  for (const std::unique_ptr<Acceptor>& acceptor : acceptors_) {
    Supervise(services_.tasks, acceptor->get_executor(), "listener", AcceptLoop(this, *acceptor));
  }
}

void Listener::Close() {
  error_code ignored;
  for (const std::unique_ptr<Acceptor>& acceptor : acceptors_) acceptor->close(ignored);
}

asio::awaitable<void> Listener::AcceptLoop(Listener* self, Acceptor& acceptor) {
  while (acceptor.is_open()) {
    if (!self->counts_.HasRoom()) {  // max.connections: the rest waits in the kernel's queue
      co_await Pause(limits::kAcceptRetryInterval);
      continue;
    }
    const auto delay = self->counts_.DelayOfNext(self->services_.clock.Now());
    if (delay.count() > 0) {
      co_await Pause(std::min(std::chrono::ceil<std::chrono::milliseconds>(delay),
                              limits::kAcceptRetryInterval));
      continue;
    }
    LoopWithConnections& target = *self->loops_[self->next_loop_++ % self->loops_.size()];
    auto [error, socket] =
        co_await acceptor.async_accept(target.loop.context(), asio::as_tuple(asio::use_awaitable));
    if (!error) {
      self->Admit(std::move(socket), target);
    } else if (error != asio::error::operation_aborted &&
               error != asio::error::connection_aborted) {
      LOG_EVERY_T(WARNING, 10) << "cannot accept a connection listener="
                               << self->options_.listen.name << ": " << error.message();
      co_await Pause(limits::kAcceptRetryInterval);
    }
  }
}

void Listener::Admit(tcp::socket socket, LoopWithConnections& target) {
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  const tcp::endpoint local = socket.local_endpoint(error);
  if (error) return;
  const asio::ip::address address = Unmapped(peer.address());
  std::string ip = address.to_string();
  if (!counts_.TryAdd(ip)) {
    services_.complaints.Closing(HostAndPort(ip, peer.port()), options_.listen.name,
                                 "its address has max.connections.per.ip connections already");
    loops_.front()->metrics.connections_refused.Add();  // this runs there
    return;
  }
  SetOptions(socket);
  std::string peer_text = HostAndPort(ip, peer.port());
  auto connection = std::make_shared<Connection>(std::move(socket), Describe(peer, local),
                                                 std::move(peer_text), services_, target.metrics);
  auto on_closed = [&counts = counts_, ip = std::move(ip)] { counts.Remove(ip); };
  asio::post(target.loop.context(), [&target, connection = std::move(connection),
                                     on_closed = std::move(on_closed)]() mutable {
    target.connections.Start(std::move(connection), std::move(on_closed));
  });
}

void Listener::SetOptions(tcp::socket& socket) const {
  error_code ignored;  // none of these is worth refusing a client for
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(tcp::socket::keep_alive(true), ignored);
  if (options_.send_buffer_bytes) {
    socket.set_option(tcp::socket::send_buffer_size(*options_.send_buffer_bytes), ignored);
  }
}

ConnectionInfo Listener::Describe(const tcp::endpoint& peer, const tcp::endpoint& local) const {
  ConnectionInfo info;
  info.listener = options_.listen.name;
  info.client_host = JavaAddress(Unmapped(peer.address()));
  info.client_port = peer.port();
  info.advertised =
      options_.advertised.value_or(Endpoint{Unmapped(local.address()).to_string(), local.port()});
  if (info.advertised.port == 0) info.advertised.port = port_;
  return info;
}

}  // namespace gneiss::server
