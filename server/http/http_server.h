// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "protocol/base/result.h"
#include "server/http/http_message.h"

namespace gneiss::server {

struct HttpServerOptions {
  struct Address {
    std::string host;  // empty: every interface
    std::uint16_t port = 0;
  };
  std::optional<Address> address;  // none: no TCP
  // Answers one request; may block. Runs on threads of the server's own, several at a time.
  std::function<HttpResponse(const HttpRequest&)> pages;
};

// HttpServer serves what people and their tools ask of a broker: over TCP, when that is wanted, and
// on a Unix socket in the data directory. Whoever can open the socket is the operator; over TCP
// that is a peer on this machine, unless a browser sent it on some page's behalf.
//
// It has threads of its own, one for the connections and some for the answers, so that it neither
// disturbs the event loops nor is kept from answering by them. What a peer may send, and how
// long it may take, is bounded (limits.h).
// Threads: the owner's.
class HttpServer {
 public:
  // Serves over TCP when it returns. Errors are sentences for an operator.
  static Result<std::unique_ptr<HttpServer>> Start(HttpServerOptions options);
  // From now on on the Unix socket in `directory`, too; where the file system has none it goes on
  // without. REQUIRES: the directory is claimed by this process; called once.
  void OpenControlSocket(const std::filesystem::path& directory);
  ~HttpServer();  // waits for answers in the making, cuts the rest

  std::uint16_t port() const;  // of TCP; 0 when off

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gneiss::server
