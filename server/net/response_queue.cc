// SPDX-License-Identifier: Apache-2.0
#include "server/net/response_queue.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

#include "server/limits.h"

namespace gneiss::server {
namespace {

// A copy of the output together with its charge.
struct ChargedCopy {
  Reservation charge;
  std::string bytes;
};

}  // namespace

ResponseQueue::Slot ResponseQueue::Reserve() {
  slots_.emplace_back();
  return first_slot_ + slots_.size() - 1;
}

void ResponseQueue::Complete(Slot slot, std::vector<SharedBytes> fragments,
                             const Receipt& receipt) {
  Pending& pending = At(slot);
  pending.ready = true;
  pending.receipt = receipt;
  pending.fragments = std::move(fragments);
  MoveReadyToOutput();
}

void ResponseQueue::CompleteWithClose(Slot slot) {
  At(slot).close = true;
  Complete(slot, {}, {});
}

void ResponseQueue::MoveReadyToOutput() {
  while (!slots_.empty() && slots_.front().ready && !closing_) {
    Pending& pending = slots_.front();
    closing_ = pending.close;
    for (SharedBytes& fragment : pending.fragments) {
      if (fragment.empty()) continue;
      output_bytes_ += fragment.size();
      output_is_copied_ = false;
      output_.push_back(std::move(fragment));
    }
    if (!pending.fragments.empty() && pending.receipt.api != nullptr) {
      leaving_.push_back({written_bytes_ + output_bytes_, pending.receipt});
    }
    slots_.pop_front();
    ++first_slot_;
  }
}

// sendmsg instead of Asio's writes: those take 64 fragments at a time, and while one waits for the
// socket, the fragments could not be exchanged for a copy.
Result<std::size_t> ResponseQueue::WriteSome(int fd) {
  std::array<iovec, limits::kFragmentsPerWrite> parts;
  std::size_t count = 0;
  std::size_t skip = first_written_;
  for (const SharedBytes& fragment : output_) {
    if (count == parts.size()) break;
    // The kernel only reads from it; iovec serves both directions.
    void* from = const_cast<std::byte*>(fragment.data() + skip);
    parts[count++] = iovec{from, fragment.size() - skip};
    skip = 0;
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  while (true) {
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      Consume(static_cast<std::size_t>(sent));
      return static_cast<std::size_t>(sent);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Fail(Errc::kWouldBlock, "");
    if (errno != EINTR) return Fail(Errc::kShuttingDown, std::strerror(errno));
  }
}

std::optional<ResponseQueue::Receipt> ResponseQueue::TakeWritten() {
  if (leaving_.empty() || leaving_.front().end > written_bytes_) return std::nullopt;
  const Receipt receipt = leaving_.front().receipt;
  leaving_.pop_front();
  return receipt;
}

void ResponseQueue::Consume(std::size_t bytes) {
  output_bytes_ -= bytes;
  written_bytes_ += bytes;
  while (bytes > 0) {
    const std::size_t left = output_.front().size() - first_written_;
    if (bytes < left) {
      first_written_ += bytes;
      return;
    }
    bytes -= left;
    first_written_ = 0;
    output_.pop_front();
  }
}

bool ResponseQueue::CopyOutput(const std::shared_ptr<MemoryBudget>& budget) {
  Reservation charge(budget);
  if (!charge.TryGrowTo(output_bytes_)) return false;
  std::string bytes;
  bytes.reserve(output_bytes_);
  for (const SharedBytes& fragment : output_) {
    bytes.append(fragment.text().substr(std::exchange(first_written_, 0)));
  }
  auto copy = std::make_shared<const ChargedCopy>(std::move(charge), std::move(bytes));
  output_.clear();
  output_.emplace_back(copy, AsBytes(copy->bytes));
  output_is_copied_ = true;
  return true;
}

}  // namespace gneiss::server
