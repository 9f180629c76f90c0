// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/database.h"
#include "engine/format.h"
#include "engine/rocks_options.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// FamilyMaker creates and drops the column families of a store on a thread of its own, so that the
// committer never waits for a MANIFEST. What is asked for while it is busy is created in one call,
// with one fsync.
// Requests are served in order: a name that was dropped may be asked for again at once.
// Threads: any; callbacks run on its own thread.
class FamilyMaker {
 public:
  using Made = std::move_only_function<void(Result<std::shared_ptr<Family>>)>;

  // Runs on the maker's thread before families are created, with their partitions; when it fails
  // they are not. May block.
  using Announce = std::function<Status(std::span<const format::PartitionRef>)>;
  // Runs on the maker's thread when nobody can tell any more what the MANIFEST on disk says: the
  // store must take no more writes.
  using OnFailure = std::function<void(const rocksdb::Status&)>;

  FamilyMaker(std::shared_ptr<Database> database, rocksdb::ColumnFamilyOptions options,
              Announce announce, OnFailure on_failure = nullptr);
  ~FamilyMaker();  // as Stop
  FamilyMaker(const FamilyMaker&) = delete;
  FamilyMaker& operator=(const FamilyMaker&) = delete;

  // `made` runs once; after Stop it runs at once with kShuttingDown.
  void Create(std::string name, const format::PartitionRef& partition, Made made) EXCLUDES(mutex_);
  // Iterators on the family stay valid; its space is given back when the last one goes.
  void Drop(std::shared_ptr<Family> family, std::move_only_function<void(const Status&)> dropped)
      EXCLUDES(mutex_);

  // Serves what was asked for, then ends the thread.
  void Stop() EXCLUDES(mutex_);

 private:
  // Creates `name`, or drops `family` when there is one.
  struct Request {
    std::string name;
    format::PartitionRef partition;
    Made made;
    std::shared_ptr<Family> family;
    std::move_only_function<void(const Status&)> dropped;
  };

  void Add(Request request) EXCLUDES(mutex_);
  void Run();
  void Serve(std::vector<Request>& requests);
  Status AnnounceAll(std::span<const Request> requests) const;
  void CreateAll(std::span<Request> requests);
  void Refuse(std::span<Request> requests,
              const std::vector<rocksdb::ColumnFamilyHandle*>& handles,
              const rocksdb::Status& why);
  void DropOne(Request& request);

  const std::shared_ptr<Database> database_;
  const rocksdb::ColumnFamilyOptions options_;
  const Announce announce_;
  const OnFailure on_failure_;
  Mutex mutex_;
  CondVar work_;
  std::vector<Request> requests_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace gneiss::engine
