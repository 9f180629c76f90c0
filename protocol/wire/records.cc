// SPDX-License-Identifier: Apache-2.0
#include "protocol/wire/records.h"

#include <string>

namespace gneiss::wire {

SharedBytes Records::Contiguous() const {
  if (pieces_.empty()) return {};
  if (pieces_.size() == 1) return pieces_.front();
  std::string joined;
  joined.reserve(size_);
  for (const SharedBytes& piece : pieces_) joined.append(piece.text());
  return SharedBytes::Own(std::move(joined));
}

bool Records::operator==(const Records& other) const {
  return size_ == other.size_ && Contiguous() == other.Contiguous();
}

}  // namespace gneiss::wire
