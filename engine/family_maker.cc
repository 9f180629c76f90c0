// SPDX-License-Identifier: Apache-2.0
#include "engine/family_maker.h"

#include <glog/logging.h>

#include <algorithm>
#include <span>
#include <utility>

#include "engine/fault_point.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {

FamilyMaker::FamilyMaker(std::shared_ptr<Database> database, rocksdb::ColumnFamilyOptions options,
                         Announce announce, OnFailure on_failure)
    : database_(std::move(database)),
      options_(std::move(options)),
      announce_(std::move(announce)),
      on_failure_(std::move(on_failure)),
      thread_([this] { Run(); }) {}

FamilyMaker::~FamilyMaker() { Stop(); }

void FamilyMaker::Create(std::string name, const format::PartitionRef& partition, Made made) {
  Add(Request{.name = std::move(name),
              .partition = partition,
              .made = std::move(made),
              .family = {},
              .dropped = {}});
}

void FamilyMaker::Drop(std::shared_ptr<Family> family,
                       std::move_only_function<void(const Status&)> dropped) {
  Add(Request{.name = {},
              .partition = {},
              .made = {},
              .family = std::move(family),
              .dropped = std::move(dropped)});
}

void FamilyMaker::Add(Request request) {
  {
    MutexLock lock(mutex_);
    if (!stopping_) {
      requests_.push_back(std::move(request));
      work_.NotifyOne();
      return;
    }
  }
  const auto refusal = Fail(Errc::kShuttingDown, "the store is closing");
  if (request.family != nullptr) {
    request.dropped(refusal);
  } else {
    request.made(refusal);
  }
}

void FamilyMaker::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void FamilyMaker::Run() {
  while (true) {
    std::vector<Request> requests;
    {
      MutexLock lock(mutex_);
      while (requests_.empty() && !stopping_) work_.Wait(mutex_);
      if (requests_.empty()) return;
      requests.swap(requests_);
    }
    Serve(requests);
  }
}

void FamilyMaker::Serve(std::vector<Request>& requests) {
  auto at = requests.begin();
  while (at != requests.end()) {
    if (at->family != nullptr) {
      DropOne(*at++);
      continue;
    }
    const auto end = std::find_if(at, requests.end(),
                                  [](const Request& request) { return request.family != nullptr; });
    const std::span burst(at, end);
    if (const Status announced = AnnounceAll(burst); announced) {
      CreateAll(burst);
    } else {
      for (Request& request : burst) request.made(std::unexpected(announced.error()));
    }
    at = end;
  }
}

Status FamilyMaker::AnnounceAll(std::span<const Request> requests) const {
  if (!announce_) return {};
  std::vector<format::PartitionRef> partitions;
  for (const Request& request : requests) partitions.push_back(request.partition);
  return announce_(partitions);
}

void FamilyMaker::CreateAll(std::span<Request> requests) {
  std::vector<std::string> names;
  for (const Request& request : requests) names.push_back(request.name);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  GNEISS_FAULT_POINT("family.before_create");
  rocksdb::Status status = database_->db().DisableFileDeletions();
  if (status.ok()) {
    database_->file_system().DeferManifestSyncs();
    status = database_->db().CreateColumnFamilies(options_, names, &handles);
    const rocksdb::Status synced = database_->file_system().SyncManifest();
    // Then files that an older MANIFEST names may still be needed: none is deleted any more.
    if (!synced.ok()) return Refuse(requests, handles, synced);
    const rocksdb::Status enabled = database_->db().EnableFileDeletions(/*force=*/false);
    LOG_IF(WARNING, !enabled.ok()) << "files are kept error=" << enabled.ToString();
  }
  GNEISS_FAULT_POINT("family.before_first_batch");
  // When one fails those before it exist; the one that failed tells why, the rest is asked anew.
  for (std::size_t i = 0; i < handles.size(); ++i) {
    requests[i].made(std::make_shared<Family>(database_, handles[i]));
  }
  if (handles.size() == requests.size()) return;
  Request& failed = requests[handles.size()];
  failed.made(std::unexpected(FromRocks(status, "create column family " + failed.name).error()));
  if (handles.size() + 1 < requests.size()) CreateAll(requests.subspan(handles.size() + 1));
}

// The families are there, but may not be after a power cut.
void FamilyMaker::Refuse(std::span<Request> requests,
                         const std::vector<rocksdb::ColumnFamilyHandle*>& handles,
                         const rocksdb::Status& why) {
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    database_->db().DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
  if (on_failure_) on_failure_(why);
  for (Request& request : requests) {
    request.made(std::unexpected(FromRocks(why, "fsync the MANIFEST").error()));
  }
}

void FamilyMaker::DropOne(Request& request) {
  GNEISS_FAULT_POINT("family.before_drop");
  Status dropped = FromRocks(database_->db().DropColumnFamily(request.family->handle()),
                             "drop column family " + request.family->name());
  GNEISS_FAULT_POINT("family.before_unbind");
  request.dropped(dropped);
}

}  // namespace gneiss::engine
