// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "server/net/blocking_client.h"

namespace gneiss::server::testing {

// RawClient is a test's connection: typed calls at any version, and bytes as they are. Everything
// that goes wrong on the way throws, which fails the test with the reason.
//   RawClient client(broker.port());
//   auto response = client.Call<MetadataRequest, MetadataResponse>(request, 12);
// Threads: one at a time.
class RawClient {
 public:
  static constexpr std::chrono::seconds kTimeout{20};

  explicit RawClient(std::uint16_t port, const std::string& host = "127.0.0.1")
      : client_(Unwrap(BlockingClient::Connect(host, port, kTimeout))) {
    client_.set_client_id("raw-client");
  }

  void set_timeout(std::chrono::milliseconds timeout) { client_.set_timeout(timeout); }
  void set_client_id(std::string client_id) { client_.set_client_id(std::move(client_id)); }

  template <class Request, class Response>
  Response Call(const Request& request, std::int16_t version) {
    return Unwrap(client_.Call<Request, Response>(request, version));
  }
  template <class Request>
  void Send(const Request& request, std::int16_t version) {
    Unwrap(client_.Send(request, version));
  }
  template <class Response>
  Response Receive(std::int16_t version) {
    return Unwrap(client_.Receive<Response>(version));
  }

  void SendRaw(std::string_view bytes) { Unwrap(client_.SendRaw(AsBytes(bytes))); }
  SharedBytes ReceiveFrame() { return Unwrap(client_.ReceiveFrame()); }
  // Whether the broker closes the connection within the timeout, sending nothing more of use.
  bool ClosedByPeer() { return client_.WaitUntilClosed().has_value(); }

  std::int32_t last_correlation_id() const { return client_.last_correlation_id(); }
  BlockingClient& base() { return client_; }

 private:
  template <class T>
  static T Unwrap(Result<T> result) {
    if (!result) throw std::runtime_error("RawClient: " + result.error().detail);
    return std::move(*result);
  }
  static void Unwrap(Status status) {
    if (!status) throw std::runtime_error("RawClient: " + status.error().detail);
  }

  BlockingClient client_;
};

}  // namespace gneiss::server::testing
