// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gneiss {

inline std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}
inline std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// SharedBytes is an immutable run of bytes that keeps its owner alive: a request frame, an iterator
// whose block it points into, a string. Slices share the owner; nothing is copied.
// Threads: any (the contents never change).
class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(std::shared_ptr<const void> owner, std::span<const std::byte> view)
      : owner_(std::move(owner)), view_(view) {}

  static SharedBytes CopyOf(std::span<const std::byte> bytes) {
    std::shared_ptr<std::byte[]> copy = std::make_shared_for_overwrite<std::byte[]>(bytes.size());
    if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
    const std::span<const std::byte> view(copy.get(), bytes.size());
    return SharedBytes(std::move(copy), view);
  }
  static SharedBytes CopyOf(std::string_view text) { return CopyOf(AsBytes(text)); }
  static SharedBytes Own(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    const std::span<const std::byte> view = AsBytes(*owner);
    return SharedBytes(std::move(owner), view);
  }

  std::span<const std::byte> view() const { return view_; }
  std::string_view text() const { return AsText(view_); }
  const std::byte* data() const { return view_.data(); }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  // REQUIRES: offset + length <= size().
  SharedBytes Slice(std::size_t offset, std::size_t length) const {
    return SharedBytes(owner_, view_.subspan(offset, length));
  }

  bool operator==(const SharedBytes& other) const { return std::ranges::equal(view_, other.view_); }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> view_;
};

}  // namespace gneiss
