// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "protocol/base/clock.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "server/limits.h"
#include "server/net/memory_budget.h"

namespace gneiss::server {

namespace asio = boost::asio;

// FrameReader cuts a connection's bytes into request frames.
//
// A frame that fits the read-ahead buffer costs one read, one allocation and no budget. A larger
// one is read straight into its own buffer, charged to the budget as it arrives: what a peer
// announces costs nothing until it sends it.
// Threads: its connection's loop only.
class FrameReader {
 public:
  // `frame_bytes_max` is socket.request.max.bytes. The socket must outlive the reader.
  FrameReader(asio::ip::tcp::socket& socket, std::size_t frame_bytes_max,
              std::shared_ptr<MemoryBudget> budget);

  // The next frame, without its size prefix. Errors: kShuttingDown when the peer or the broker has
  // closed the socket, kMalformed for a size that no request has, kResourceExhausted when the
  // budget had no room for too long.
  asio::awaitable<Result<SharedBytes>> Next();

  // When the peer last sent anything.
  TimePoint last_read() const { return last_read_; }
  // When the large frame began that is not complete yet, if there is one.
  std::optional<TimePoint> frame_began() const { return frame_began_; }

 private:
  class FrameBuffer;

  std::span<const std::byte> read_ahead() const {
    return std::span(read_ahead_).subspan(begin_, end_ - begin_);
  }
  Result<std::size_t> CheckSize(std::span<const std::byte, 4> prefix) const;
  asio::awaitable<Status> FillReadAhead();
  asio::awaitable<Result<SharedBytes>> ReadLarge(std::size_t size);
  asio::awaitable<Status> MakeRoom(FrameBuffer& frame);
  asio::awaitable<Result<std::size_t>> ReadSome(std::span<std::byte> into);

  asio::ip::tcp::socket& socket_;
  const std::size_t frame_bytes_max_;
  const std::shared_ptr<MemoryBudget> budget_;
  TimePoint last_read_;
  std::optional<TimePoint> frame_began_;
  std::array<std::byte, limits::kReadAheadBytes> read_ahead_;  // [begin_, end_) is unread
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace gneiss::server
