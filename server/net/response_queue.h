// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "server/net/memory_budget.h"

namespace gneiss::server {

struct ServedApi;

// ResponseQueue keeps a connection's answers in the order of its requests, whichever is ready
// first, and writes them to the socket without copying.
//
// A slot is reserved when its request is taken up and completed when it is answered. Fragments are
// let go of one by one as the socket takes them: they may pin what they point into.
// Threads: its connection's loop only.
class ResponseQueue {
 public:
  using Slot = std::uint64_t;
  // Whose answer it is, for those who measure.
  struct Receipt {
    const ServedApi* api = nullptr;
    TimePoint received_at;
  };

  Slot Reserve();
  // `fragments` make one response frame; none for a request that gets no answer.
  void Complete(Slot slot, std::vector<SharedBytes> fragments, const Receipt& receipt);
  // The connection ends in place of this answer: closing() becomes true once all before it is sent.
  void CompleteWithClose(Slot slot);

  // Bytes are ready to be written.
  bool has_output() const { return !output_.empty(); }
  // Everything before a CompleteWithClose has been written.
  bool closing() const { return closing_ && output_.empty(); }
  std::size_t output_fragments() const { return output_.size(); }
  std::size_t output_bytes() const { return output_bytes_; }

  // Writes to the non-blocking socket `fd` what it takes now. kWouldBlock when it takes nothing,
  // kShuttingDown when it is broken. Returns the bytes written.
  Result<std::size_t> WriteSome(int fd);
  // The next answer that the socket has wholly taken, each once. To be called after WriteSome until
  // there is none.
  std::optional<Receipt> TakeWritten();

  // Replaces what waits to be written by a copy of it, charged to `budget`, and so unpins it.
  // False if the budget has no room.
  bool CopyOutput(const std::shared_ptr<MemoryBudget>& budget);
  // Whether fragments were added since the last copy.
  bool output_is_copied() const { return output_is_copied_; }

 private:
  struct Pending {
    bool ready = false;
    bool close = false;
    std::vector<SharedBytes> fragments;
    Receipt receipt;
  };
  // An answer in the output, and where it ends, counted from the first byte ever written.
  struct Leaving {
    std::uint64_t end = 0;
    Receipt receipt;
  };

  Pending& At(Slot slot) { return slots_[static_cast<std::size_t>(slot - first_slot_)]; }
  void MoveReadyToOutput();
  void Consume(std::size_t bytes);

  std::deque<Pending> slots_;
  Slot first_slot_ = 0;  // of slots_.front()
  std::deque<SharedBytes> output_;
  std::size_t first_written_ = 0;  // bytes of output_.front() that the socket has
  std::size_t output_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;  // ever
  std::deque<Leaving> leaving_;
  bool output_is_copied_ = false;
  bool closing_ = false;
};

}  // namespace gneiss::server
