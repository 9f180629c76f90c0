// SPDX-License-Identifier: Apache-2.0
#include "protocol/records/record_layout.h"

#include <string>

namespace gneiss::records {

StreamSource::StreamSource(Codec codec, std::span<const std::byte> input, std::size_t bytes_max)
    : stream_(Decompressor::Create(codec, input)),
      bytes_max_(bytes_max),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(kBufferBytes)),
      at_(buffer_.get()),
      end_(buffer_.get()) {}

bool StreamSource::Refill() {
  if (error_.has_value()) return false;
  buffer_at_ += static_cast<std::size_t>(end_ - begin());
  at_ = end_ = begin();
  Result<std::size_t> read = stream_->Read(std::span(buffer_.get(), kBufferBytes));
  if (!read.has_value()) {
    error_ = std::move(read.error());
    return false;
  }
  if (buffer_at_ + *read > bytes_max_) {
    error_ = Error{Errc::kMessageTooLarge,
                   "records decompress to over " + std::to_string(bytes_max_) + " bytes"};
    return false;
  }
  end_ += *read;
  return *read > 0;
}

}  // namespace gneiss::records
