// SPDX-License-Identifier: Apache-2.0
#include "engine/disk_guard.h"

#include <fcntl.h>
#include <glog/logging.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "engine/format.h"

namespace gneiss::engine {
namespace {

constexpr std::size_t kBytesBetweenLooks = std::size_t{32} << 20;
constexpr std::uint64_t kFreeShareOfVolume = 8, kReserveShareOfVolume = 32;

// There is room again only when there is clearly more than the limit.
std::uint64_t EnoughBytes(std::uint64_t free_bytes_min) {
  return free_bytes_min + free_bytes_min / 4;
}

}  // namespace

DiskGuard::DiskGuard(DiskGuardOptions options)
    : options_(std::move(options)), reserve_(options_.directory / format::kReserveFile) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(options_.directory, error);
  if (!error) {
    options_.free_bytes_min =
        std::min(options_.free_bytes_min, std::uint64_t{space.capacity} / kFreeShareOfVolume);
    options_.reserve_bytes =
        std::min(options_.reserve_bytes, std::uint64_t{space.capacity} / kReserveShareOfVolume);
  }
  // One that a kill has left half made is made again.
  has_reserve_ = std::filesystem::file_size(reserve_, error) == options_.reserve_bytes && !error;
  Look(false);
  look_now_ = true;  // for the reserve: the start does not wait for it
  thread_ = std::thread([this] { Run(); });
}

DiskGuard::~DiskGuard() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyOne();
  }
  thread_.join();
}

void DiskGuard::Wrote(std::size_t bytes) {
  if (written_.fetch_add(bytes, std::memory_order_relaxed) + bytes < kBytesBetweenLooks) return;
  written_ = 0;
  MutexLock lock(mutex_);
  look_now_ = true;
  wake_.NotifyOne();
}

void DiskGuard::FoundFull() {
  MutexLock lock(mutex_);
  look_now_ = true;
  found_full_ = true;
  wake_.NotifyOne();
}

void DiskGuard::Run() {
  while (true) {
    bool found_full = false;
    {
      MutexLock lock(mutex_);
      if (!look_now_ && !stopping_) wake_.WaitFor(mutex_, options_.interval);
      if (stopping_) return;
      look_now_ = false;
      found_full = std::exchange(found_full_, false);
    }
    Look(found_full);
    if (!has_reserve_ && room_for_reserve_) MakeReserve();
  }
}

void DiskGuard::Look(bool found_full) {
  std::uint64_t free_bytes = 0;
  const rocksdb::IOStatus asked = options_.file_system->GetFreeSpace(
      options_.directory, rocksdb::IOOptions(), &free_bytes, nullptr);
  if (!asked.ok()) {
    LOG_EVERY_T(WARNING, 60) << "free space is not known dir=" << options_.directory.string()
                             << " error=" << asked.ToString();
    return;
  }
  const std::uint64_t enough = EnoughBytes(options_.free_bytes_min);
  if (found_full || free_bytes < options_.free_bytes_min) {
    SetLow(true, free_bytes);
  } else if (free_bytes >= enough) {
    SetLow(false, free_bytes);
  }
  if (has_reserve_ && (found_full || free_bytes < options_.reserve_bytes)) {
    GiveUpReserve(free_bytes);
  }
  room_for_reserve_ = !found_full && free_bytes >= enough + options_.reserve_bytes;
}

void DiskGuard::SetLow(bool low, std::uint64_t free_bytes) {
  if (low_.exchange(low) == low) return;
  if (low) {
    LOG(ERROR) << "disk is low on space, appends are refused dir=" << options_.directory.string()
               << " free_bytes=" << free_bytes << " free_bytes_min=" << options_.free_bytes_min;
  } else {
    LOG(INFO) << "disk has room again, appends go on dir=" << options_.directory.string()
              << " free_bytes=" << free_bytes;
  }
}

void DiskGuard::GiveUpReserve(std::uint64_t free_bytes) {
  const rocksdb::IOStatus removed =
      options_.file_system->DeleteFile(reserve_, rocksdb::IOOptions(), nullptr);
  has_reserve_ = !removed.ok();
  LOG(ERROR) << "disk is full, the reserve is given up so that data can be removed dir="
             << options_.directory.string() << " free_bytes=" << free_bytes
             << " reserve_bytes=" << options_.reserve_bytes
             << (removed.ok() ? "" : " error=" + removed.ToString());
}

// Allocated, not written: it costs no I/O.
void DiskGuard::MakeReserve() {
  const int file = ::open(reserve_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return;
  has_reserve_ = ::posix_fallocate(file, 0, static_cast<off_t>(options_.reserve_bytes)) == 0;
  ::close(file);
  if (has_reserve_) return;
  LOG_EVERY_T(WARNING, 600) << "no reserve can be kept dir=" << options_.directory.string();
  std::error_code ignored;
  std::filesystem::remove(reserve_, ignored);
}

}  // namespace gneiss::engine
