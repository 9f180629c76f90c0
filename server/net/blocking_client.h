// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "protocol/frame.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace gneiss::server {

// BlockingClient speaks Kafka's protocol over one plain socket, one call at a time, without an
// event loop: for `gneiss health` and, as RawClient, for tests.
// Errors: kTimedOut when the deadline passes, kShuttingDown when the peer has closed.
// Threads: one at a time.
class BlockingClient {
 public:
  static Result<BlockingClient> Connect(const std::string& host, std::uint16_t port,
                                        std::chrono::milliseconds timeout);
  BlockingClient(BlockingClient&& other) noexcept;
  BlockingClient& operator=(BlockingClient&& other) noexcept;
  ~BlockingClient();

  // How long each following call waits for progress.
  void set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout; }
  void set_client_id(std::string client_id) { client_id_ = std::move(client_id); }

  // One request and its answer.
  template <class Request, class Response>
  Result<Response> Call(const Request& request, std::int16_t version) {
    GNEISS_RETURN_IF_ERROR(Send(request, version));
    return Receive<Response>(version);
  }

  // The halves of Call, for pipelining: answers come in the order of the requests.
  template <class Request>
  Status Send(const Request& request, std::int16_t version) {
    wire::Writer out;
    BeginRequest(out, Request::kApiKey, version, version >= Request::kFirstFlexible);
    GNEISS_RETURN_IF_ERROR(request.Encode(out, version));
    return SendRequest(out);
  }
  template <class Response>
  Result<Response> Receive(std::int16_t version) {
    const protocol::ResponseHeaderVersion header = protocol::ResponseHeaderVersionOf(
        Response::kApiKey, wire::FormOf(version, Response::kFirstFlexible));
    GNEISS_ASSIGN_OR_RETURN(SharedBytes frame, ReceiveFrame());
    wire::Reader in(std::move(frame));
    last_correlation_id_ = in.ReadInt32();
    if (header == protocol::ResponseHeaderVersion::kV1) in.SkipTags();
    GNEISS_ASSIGN_OR_RETURN(Response response, Response::Decode(in, version));
    if (in.remaining() != 0) return Fail(Errc::kMalformed, "bytes are left after the response");
    return response;
  }

  Status SendRaw(std::span<const std::byte> bytes);
  Result<SharedBytes> ReceiveFrame();  // without its size prefix
  // Ok once the peer has closed; anything else it sends meanwhile is dropped.
  Status WaitUntilClosed();

  std::int32_t last_correlation_id() const { return last_correlation_id_; }
  int fd() const { return fd_; }

 private:
  BlockingClient(int fd, std::chrono::milliseconds timeout) : fd_(fd), timeout_(timeout) {}

  void BeginRequest(wire::Writer& out, std::int16_t api_key, std::int16_t version, bool flexible);
  Status SendRequest(wire::Writer& out);                       // fills in the size prefix
  Result<std::size_t> ReceiveSome(std::span<std::byte> into);  // at least one byte
  Status ReceiveExactly(std::span<std::byte> into);

  int fd_ = -1;
  std::chrono::milliseconds timeout_;
  std::string client_id_ = "gneiss";
  std::int32_t next_correlation_id_ = 1;
  std::int32_t last_correlation_id_ = 0;
};

}  // namespace gneiss::server
