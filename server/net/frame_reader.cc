// SPDX-License-Identifier: Apache-2.0
#include "server/net/frame_reader.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "protocol/frame.h"
#include "server/net/foreign_protocol.h"

namespace gneiss::server {

using protocol::kFrameSizeBytes;

// The bytes of one large frame while it arrives and as long as a slice of it lives. malloc, because
// realloc moves large blocks by page tables instead of copying.
class FrameReader::FrameBuffer {
 public:
  FrameBuffer(std::size_t size, std::shared_ptr<MemoryBudget> budget)
      : size_(size), charge_(std::move(budget)) {}
  FrameBuffer(const FrameBuffer&) = delete;
  FrameBuffer& operator=(const FrameBuffer&) = delete;
  ~FrameBuffer() { std::free(data_); }

  bool complete() const { return filled_ == size_; }
  std::span<const std::byte> bytes() const { return {data_, filled_}; }
  // Room that is charged and allocated.
  std::span<std::byte> room() const {
    return {data_ + filled_, std::min(charge_.bytes(), size_) - filled_};
  }
  void Fill(std::size_t count) { filled_ += count; }

  // Doubles the room; false when the budget is used up.
  bool TryGrow() {
    const std::size_t charge =
        std::min(size_, std::max(limits::kFrameChargeStep, charge_.bytes() * 2));
    if (!charge_.TryGrowTo(charge)) return false;
    const std::size_t capacity = std::max(charge, std::min(size_, limits::kFrameWholeBytesMax));
    if (capacity > capacity_) {
      void* grown = std::realloc(data_, capacity);
      if (grown == nullptr) throw std::bad_alloc();
      data_ = static_cast<std::byte*>(grown);
      capacity_ = capacity;
    }
    return true;
  }

 private:
  const std::size_t size_;
  Reservation charge_;
  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t filled_ = 0;
};

FrameReader::FrameReader(asio::ip::tcp::socket& socket, std::size_t frame_bytes_max,
                         std::shared_ptr<MemoryBudget> budget)
    : socket_(socket),
      frame_bytes_max_(frame_bytes_max),
      budget_(std::move(budget)),
      last_read_(std::chrono::steady_clock::now()) {}

asio::awaitable<Result<SharedBytes>> FrameReader::Next() {
  while (read_ahead().size() < kFrameSizeBytes) GNEISS_CO_RETURN_IF_ERROR(co_await FillReadAhead());
  GNEISS_CO_ASSIGN_OR_RETURN(const std::size_t size,
                             CheckSize(read_ahead().first<kFrameSizeBytes>()));
  begin_ += kFrameSizeBytes;
  if (size > read_ahead_.size() - kFrameSizeBytes) co_return co_await ReadLarge(size);
  while (read_ahead().size() < size) GNEISS_CO_RETURN_IF_ERROR(co_await FillReadAhead());
  SharedBytes frame = SharedBytes::CopyOf(read_ahead().first(size));
  begin_ += size;
  co_return frame;
}

Result<std::size_t> FrameReader::CheckSize(std::span<const std::byte, 4> prefix) const {
  Result<std::size_t> size = protocol::ParseFrameSize(prefix, frame_bytes_max_);
  const std::string_view guess = size ? std::string_view() : GuessProtocol(prefix);
  if (guess.empty()) return size;
  return Fail(Errc::kMalformed, "the peer speaks " + std::string(guess) +
                                    ", but this port expects Kafka's protocol in plain text");
}

asio::awaitable<Status> FrameReader::FillReadAhead() {
  if (begin_ > 0) {
    std::memmove(read_ahead_.data(), read_ahead_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  GNEISS_CO_ASSIGN_OR_RETURN(const std::size_t count,
                             co_await ReadSome(std::span(read_ahead_).subspan(end_)));
  end_ += count;
  co_return Status();
}

asio::awaitable<Result<SharedBytes>> FrameReader::ReadLarge(std::size_t size) {
  auto frame = std::make_shared<FrameBuffer>(size, budget_);
  frame_began_ = std::chrono::steady_clock::now();
  while (!frame->complete()) {
    if (frame->room().empty()) GNEISS_CO_RETURN_IF_ERROR(co_await MakeRoom(*frame));
    const std::span<std::byte> room = frame->room();
    if (!read_ahead().empty()) {  // all of it belongs to this frame, which is larger
      const std::size_t count = std::min(room.size(), read_ahead().size());
      std::memcpy(room.data(), read_ahead().data(), count);
      begin_ += count;
      frame->Fill(count);
      continue;
    }
    GNEISS_CO_ASSIGN_OR_RETURN(const std::size_t count, co_await ReadSome(room));
    frame->Fill(count);
  }
  frame_began_.reset();
  const std::span<const std::byte> bytes = frame->bytes();
  co_return SharedBytes(std::move(frame), bytes);
}

// Waits by looking again: a used-up budget is an emergency, and a queue of waiters would have to be
// woken from whichever thread lets go of a frame.
asio::awaitable<Status> FrameReader::MakeRoom(FrameBuffer& frame) {
  if (frame.TryGrow()) co_return Status();
  budget_->BeginWait();
  const TimePoint give_up = std::chrono::steady_clock::now() + limits::kMemoryWaitMax;
  bool grown = false;
  while (!grown && socket_.is_open() && std::chrono::steady_clock::now() < give_up) {
    asio::steady_timer timer(socket_.get_executor(), limits::kMemoryPollInterval);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    grown = frame.TryGrow();
  }
  budget_->EndWait();
  if (grown) co_return Status();
  if (!socket_.is_open()) co_return Fail(Errc::kShuttingDown, "closed");
  co_return Fail(Errc::kResourceExhausted,
                 "no memory for its request in time (queued.max.request.bytes)");
}

asio::awaitable<Result<std::size_t>> FrameReader::ReadSome(std::span<std::byte> into) {
  const asio::mutable_buffer buffer(into.data(), into.size());
  const auto [error, count] =
      co_await socket_.async_read_some(buffer, asio::as_tuple(asio::use_awaitable));
  if (error) co_return Fail(Errc::kShuttingDown, error.message());
  last_read_ = std::chrono::steady_clock::now();
  co_return count;
}

}  // namespace gneiss::server
