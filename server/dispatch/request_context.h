// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "protocol/api_keys.h"
#include "protocol/base/clock.h"
#include "protocol/base/shared_bytes.h"

namespace gneiss::server {

class Broker;
class LoopMetrics;

using protocol::ApiKey;

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

// What does not change while a connection lives.
struct ConnectionInfo {
  std::string listener;              // name of the listener that accepted it
  std::string client_host;           // the peer's address, as groups record it
  std::uint16_t client_port = 0;     // and its port
  Endpoint advertised;               // where this client is told to find this broker
  std::string client_software_name;  // from ApiVersions v3+
  std::string client_software_version;
};

// RequestContext is one request on its way through its handler. It lives until the response has
// been queued. Threads: its connection's loop only.
class RequestContext {
 public:
  virtual ~RequestContext() = default;

  virtual ApiKey api_key() const = 0;
  virtual std::int16_t version() const = 0;
  virtual const std::string& client_id() const = 0;  // "" when null
  virtual const ConnectionInfo& connection() const = 0;
  virtual ConnectionInfo& mutable_connection() = 0;  // ApiVersions notes the client's software
  virtual TimePoint received_at() const = 0;
  virtual boost::asio::any_io_executor executor() const = 0;  // the connection's loop
  virtual Broker& broker() const = 0;
  virtual LoopMetrics& metrics() const = 0;  // the loop's
  // The response carries this error, which is counted for the API.
  virtual void CountError(std::int16_t code) = 0;

  // The order of this request's effects is fixed: a following Produce of the same connection may
  // be taken up before this one is answered. Called by Produce after its batches are enqueued.
  virtual void Admit() = 0;

  // This request gets no response (Produce with acks=0).
  virtual void SuppressResponse() = 0;
  // Closes the connection once the handler returns; its response is not sent. One log line.
  virtual void CloseConnection(std::string reason) = 0;

  // True once the peer is gone or the broker stops: a parked fetch may stop.
  virtual bool closed() const = 0;
  // `wake` runs once, on the loop, when closed() becomes true (at once if it is already); an empty
  // function takes it back. At most one at a time. It is dropped, unrun, when the handler returns.
  // A handler that parks must set it: a clean stop waits for every request.
  virtual void OnClose(std::move_only_function<void()> wake) = 0;
};

}  // namespace gneiss::server
