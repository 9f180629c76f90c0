// SPDX-License-Identifier: Apache-2.0
#include "server/net/blocking_client.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gneiss::server {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

Deadline After(std::chrono::milliseconds timeout) {
  return std::chrono::steady_clock::now() + timeout;
}

std::unexpected<Error> Failed(const std::string& what) {
  return Fail(Errc::kStorage, what + ": " + std::strerror(errno));
}

// Waits until the socket is ready for `events`.
Status Await(int fd, short events, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() < 0) return Fail(Errc::kTimedOut, "no answer in time");
    pollfd poll_fd{fd, events, 0};
    const int ready = ::poll(&poll_fd, 1, static_cast<int>(left.count()) + 1);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Failed("poll");
  }
}

Result<int> ConnectTo(const addrinfo& address, Deadline deadline) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Failed("socket");
  Status connected;
  if (::connect(fd, address.ai_addr, address.ai_addrlen) != 0) {
    connected = errno == EINPROGRESS ? Await(fd, POLLOUT, deadline) : Status(Failed("connect"));
    int error = 0;
    socklen_t size = sizeof error;
    if (connected && ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0) {
      errno = error;
      connected = Failed("connect");
    }
  }
  if (!connected) {
    ::close(fd);
    return std::unexpected(connected.error());
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace

Result<BlockingClient> BlockingClient::Connect(const std::string& host, std::uint16_t port,
                                               std::chrono::milliseconds timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) return Fail(Errc::kNotFound, host + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Result<int> fd = Fail(Errc::kNotFound, host + " has no address");
  for (const addrinfo* address = found; address != nullptr && !fd; address = address->ai_next) {
    fd = ConnectTo(*address, After(timeout));
  }
  if (!fd) return std::unexpected(fd.error());
  return BlockingClient(*fd, timeout);
}

BlockingClient::BlockingClient(BlockingClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      timeout_(other.timeout_),
      client_id_(std::move(other.client_id_)),
      next_correlation_id_(other.next_correlation_id_),
      last_correlation_id_(other.last_correlation_id_) {}

BlockingClient& BlockingClient::operator=(BlockingClient&& other) noexcept {
  std::swap(fd_, other.fd_);
  timeout_ = other.timeout_;
  std::swap(client_id_, other.client_id_);
  next_correlation_id_ = other.next_correlation_id_;
  last_correlation_id_ = other.last_correlation_id_;
  return *this;
}

BlockingClient::~BlockingClient() {
  if (fd_ >= 0) ::close(fd_);
}

void BlockingClient::BeginRequest(wire::Writer& out, std::int16_t api_key, std::int16_t version,
                                  bool flexible) {
  out.WriteInt32(0);  // the size, filled in by SendRequest
  out.WriteInt16(api_key);
  out.WriteInt16(version);
  out.WriteInt32(next_correlation_id_++);
  out.WriteString(wire::Form::kClassic, client_id_);
  if (flexible) out.WriteUnsignedVarint(0);
}

Status BlockingClient::SendRequest(wire::Writer& out) {
  GNEISS_RETURN_IF_ERROR(out.status());
  std::string bytes = out.TakeString();
  StoreBigEndian(bytes.data(), static_cast<std::int32_t>(bytes.size() - sizeof(std::int32_t)));
  return SendRaw(AsBytes(bytes));
}

Status BlockingClient::SendRaw(std::span<const std::byte> bytes) {
  const Deadline deadline = After(timeout_);
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      GNEISS_RETURN_IF_ERROR(Await(fd_, POLLOUT, deadline));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return Fail(Errc::kShuttingDown, "the peer closed the connection");
    } else if (errno != EINTR) {
      return Failed("send");
    }
  }
  return {};
}

Result<std::size_t> BlockingClient::ReceiveSome(std::span<std::byte> into) {
  const Deadline deadline = After(timeout_);
  while (true) {
    const ssize_t received = ::recv(fd_, into.data(), into.size(), 0);
    if (received > 0) return static_cast<std::size_t>(received);
    if (received == 0 || errno == ECONNRESET) {
      return Fail(Errc::kShuttingDown, "the peer closed the connection");
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      GNEISS_RETURN_IF_ERROR(Await(fd_, POLLIN, deadline));
    } else if (errno != EINTR) {
      return Failed("recv");
    }
  }
}

Status BlockingClient::ReceiveExactly(std::span<std::byte> into) {
  while (!into.empty()) {
    GNEISS_ASSIGN_OR_RETURN(const std::size_t received, ReceiveSome(into));
    into = into.subspan(received);
  }
  return {};
}

Result<SharedBytes> BlockingClient::ReceiveFrame() {
  std::byte prefix[sizeof(std::int32_t)];
  GNEISS_RETURN_IF_ERROR(ReceiveExactly(prefix));
  const auto size = LoadBigEndian<std::int32_t>(prefix);
  if (size < static_cast<std::int32_t>(sizeof(std::int32_t))) {
    return Fail(Errc::kMalformed, "a response of " + std::to_string(size) + " bytes");
  }
  std::string frame(static_cast<std::size_t>(size), '\0');
  GNEISS_RETURN_IF_ERROR(ReceiveExactly(std::as_writable_bytes(std::span(frame))));
  return SharedBytes::Own(std::move(frame));
}

Status BlockingClient::WaitUntilClosed() {
  std::vector<std::byte> dropped(std::size_t{64} << 10);
  while (true) {
    const Result<std::size_t> received = ReceiveSome(dropped);
    if (received) continue;
    if (received.error().code == Errc::kShuttingDown) return {};
    return std::unexpected(received.error());
  }
}

}  // namespace gneiss::server
