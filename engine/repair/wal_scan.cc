// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/wal_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>

namespace rocksdb::crc32c {
std::uint32_t Extend(std::uint32_t crc, const char* data, std::size_t size);
}

namespace gneiss::engine {
namespace {

// db/log_format.h of RocksDB: checksum u32, length u16, type u8, all little-endian, then the data.
constexpr std::size_t kBlockBytes = 32768;
constexpr std::size_t kHeaderBytes = 7;
enum FragmentType : std::uint8_t { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// As stored: RocksDB masks checksums of data that may itself hold some.
std::uint32_t Masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8u; }

template <class T>
T LoadLittleEndian(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

class Scan {
 public:
  Scan(std::string_view file, const std::function<Status(std::string_view)>& record)
      : file_(file), record_(record) {}

  Result<std::vector<WalDamage>> Run() {
    while (at_ + kHeaderBytes <= file_.size()) {
      const std::size_t left = kBlockBytes - at_ % kBlockBytes;
      if (left < kHeaderBytes) {
        at_ += left;  // the trailer of a block
        continue;
      }
      GNEISS_RETURN_IF_ERROR(TakeFragment(left));
    }
    return damage_;
  }

 private:
  Status TakeFragment(std::size_t left) {
    const char* const header = file_.data() + at_;
    const auto length = LoadLittleEndian<std::uint16_t>(header + 4);
    const auto type = static_cast<std::uint8_t>(header[6]);
    if (type == kZero && length == 0) return SkipBlock(IsZero(left));  // allocated, never written
    const std::size_t size = kHeaderBytes + length;
    const bool last_block = file_.size() - at_ < left;
    if (size > left) return SkipBlock(false);
    if (size > file_.size() - at_) return SkipBlock(last_block);  // torn
    const std::uint32_t crc = rocksdb::crc32c::Extend(0, header + 6, 1 + length);
    if (type > kLast || Masked(crc) != LoadLittleEndian<std::uint32_t>(header)) {
      return SkipBlock(false);
    }
    at_ += size;
    return Join(type, std::string_view(header + kHeaderBytes, length));
  }

  Status Join(std::uint8_t type, std::string_view data) {
    const bool begins = type == kFull || type == kFirst;
    if (begins) {
      joined_.clear();
    } else if (!joining_) {
      return {};  // the rest of a record whose beginning was damaged
    }
    joined_ += data;
    joining_ = type == kFirst || type == kMiddle;
    return joining_ ? Status() : record_(joined_);
  }

  bool IsZero(std::size_t left) const {
    const std::string_view rest = file_.substr(at_, left);
    return std::ranges::all_of(rest, [](char byte) { return byte == 0; });
  }

  // Nothing in a block behind a wrong length can be told apart.
  Status SkipBlock(bool harmless) {
    const std::size_t end = std::min(file_.size(), (at_ / kBlockBytes + 1) * kBlockBytes);
    if (!harmless) damage_.push_back({.offset = at_, .bytes = end - at_});
    joining_ = false;
    at_ = end;
    return {};
  }

  const std::string_view file_;
  const std::function<Status(std::string_view)>& record_;
  std::size_t at_ = 0;
  bool joining_ = false;
  std::string joined_;
  std::vector<WalDamage> damage_;
};

}  // namespace

Result<std::vector<WalDamage>> ScanWal(const std::filesystem::path& file,
                                       const std::function<Status(std::string_view)>& record) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad() || !in.is_open()) return Fail(Errc::kStorage, "cannot read " + file.string());
  return Scan(bytes, record).Run();
}

}  // namespace gneiss::engine
