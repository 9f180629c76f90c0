// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "protocol/base/shared_bytes.h"

namespace gneiss::wire {

// Records is the content of a "records" field: whole record batches, as pieces that are sent one
// after the other. Decoding gives one piece, a slice of the request frame; a fetch adds one piece
// for each run of batches it pinned. Nothing is copied.
// Threads: like std::vector; the bytes themselves never change.
class Records {
 public:
  Records() = default;
  explicit Records(SharedBytes piece) { Append(std::move(piece)); }

  void Append(SharedBytes piece) {
    if (piece.empty()) return;
    size_ += piece.size();
    pieces_.push_back(std::move(piece));
  }

  const std::vector<SharedBytes>& pieces() const { return pieces_; }
  std::size_t size() const { return size_; }  // bytes, over all pieces
  bool empty() const { return size_ == 0; }

  // All bytes in one run: the piece itself if there is only one, else a copy.
  SharedBytes Contiguous() const;

  // Compares the bytes, however they are cut into pieces.
  bool operator==(const Records& other) const;

 private:
  std::vector<SharedBytes> pieces_;
  std::size_t size_ = 0;
};

}  // namespace gneiss::wire
