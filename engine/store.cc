// SPDX-License-Identifier: Apache-2.0
#include "engine/store.h"

#include <glog/logging.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "engine/fault_point.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

// Closing with a longer WAL than this flushes it, since reading it back takes 2 to 7 ms per MB.
// With many families it may be longer: a flush writes and fsyncs a file for each.
constexpr std::uint64_t kWalBytesKept = std::uint64_t{4} << 20;
constexpr std::uint64_t kWalBytesKeptPerFamily = std::uint64_t{20} << 10;
// What an idle store may keep in memtables: less is not worth a file per partition.
constexpr std::uint64_t kIdleMemtableBytesMax = std::uint64_t{16} << 20;

bool IsEmpty(const Family& family) {
  const std::unique_ptr<rocksdb::Iterator> it(
      family.db().NewIterator(rocksdb::ReadOptions(), family.handle()));
  it->SeekToFirst();
  return !it->Valid() && it->status().ok();
}

// The OPTIONS files of the last clean shutdown do not know families to come, and tools that believe
// them would not find those beside a running broker.
void RemoveOptionsFiles(const std::filesystem::path& path) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().filename().string().starts_with("OPTIONS-")) files.push_back(entry.path());
  }
  for (const std::filesystem::path& file : files) std::filesystem::remove(file, error);
}

}  // namespace

Result<std::shared_ptr<Store>> Store::Open(StoreOptions options) {
  if (options.file_system == nullptr) options.file_system = rocksdb::FileSystem::Default();
  std::error_code ignored;  // then the next clone tells
  std::filesystem::remove_all(options.path / kCloneDirectory, ignored);
  std::filesystem::remove_all(options.path / kCloneTemporary, ignored);
  std::shared_ptr<Store> store(new Store(std::move(options)));
  const StoreOptions& opened = store->options_;
  rocksdb::DBOptions db_options = StoreDbOptions(opened.budget);
  db_options.listeners.push_back(store->counters_);
  GNEISS_ASSIGN_OR_RETURN(
      store->database_,
      Database::Open(opened.path, std::move(db_options), store->FamilyOptions(),
                     {{rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()},
                      {format::kStateFamily, StateFamilyOptions()}},
                     opened.file_system));
  RemoveOptionsFiles(opened.path);
  GNEISS_RETURN_IF_ERROR(store->Adopt(Database::TakeFamilies(store->database_)));
  Store* const self = store.get();
  store->maker_ = std::make_unique<FamilyMaker>(
      store->database_, store->FamilyOptions(), opened.on_create,
      [self](const rocksdb::Status& status) { self->committer_->ReportFailure(status); });
  store->committer_ = std::make_unique<Committer>(
      store->state_, CommitterOptions{.clock = opened.clock,
                                      .disk = opened.disk,
                                      .on_resume = [self] { self->ReadBackAll(); },
                                      .on_writable = [self] { self->ErasePostponed(); },
                                      .on_idle = [self] { self->FlushWhenIdle(); }});
  return store;
}

rocksdb::ColumnFamilyOptions Store::FamilyOptions() const {
  rocksdb::ColumnFamilyOptions options = PartitionFamilyOptions(options_.budget);
  options.compaction_filter_factory = filters_;
  return options;
}

// Finds out whose families these are.
Status Store::Adopt(std::vector<std::shared_ptr<Family>> families) {
  std::map<std::string, std::shared_ptr<Family>> by_name;
  for (std::shared_ptr<Family>& family : families) {
    if (family->name() == format::kStateFamily) {
      state_ = std::move(family);
    } else if (family->name() != rocksdb::kDefaultColumnFamilyName) {
      by_name.emplace(family->name(), std::move(family));
    }
  }
  GNEISS_RETURN_IF_ERROR(clones_.Load(*state_));
  MutexLock lock(mutex_);
  return BindFamilies(by_name);
}

Status Store::BindFamilies(const std::map<std::string, std::shared_ptr<Family>>& by_name) {
  for (const auto& [name, family] : by_name) {
    names_.insert(name);
    std::string value;
    const rocksdb::Status status =
        db().Get(rocksdb::ReadOptions(), state_->handle(), format::BindingKey(name), &value);
    if (status.ok()) {
      GNEISS_ASSIGN_OR_RETURN(const format::Binding binding, format::DecodeBinding(value));
      if (binding.family_id == family->id()) {
        families_.emplace(binding.partition, family);
        filters_->SetRules(family->id(), family->rules());
        continue;
      }
    } else if (!status.IsNotFound()) {
      return FromRocks(status, "read the binding of " + name);
    }
    // The binding comes with the first batch, so an unbound family was made and never used; that of
    // a clone comes when its family is filled.
    if (IsEmpty(*family) || clones_.HasFamily(name)) {
      GNEISS_FAULT_POINT("family.before_drop_unused");
      GNEISS_RETURN_IF_ERROR(
          FromRocks(db().DropColumnFamily(family->handle()), "drop unused " + name));
      names_.erase(name);
    } else {
      LOG(ERROR) << "family without an owner stays offline store=" << options_.path.string()
                 << " family=" << name;
    }
  }
  return {};
}

std::vector<format::PartitionRef> Store::Partitions() const {
  std::vector<format::PartitionRef> partitions;
  MutexLock lock(mutex_);
  partitions.reserve(families_.size());
  for (const auto& [ref, family] : families_) partitions.push_back(ref);
  return partitions;
}

// What can be set per family only stays as it was: RocksDB writes and fsyncs its MANIFEST for each.
void Store::SetBudget(const StoreBudget& budget) {
  const rocksdb::Status status =
      db().SetDBOptions({{"max_total_wal_size", std::to_string(WalBytesMax(budget))},
                         {"max_open_files", std::to_string(budget.open_files_max)}});
  LOG_IF(ERROR, !status.ok()) << "store keeps its old budget path=" << options_.path.string()
                              << " error=" << status.ToString();
}

std::shared_ptr<Family> Store::FindFamily(const format::PartitionRef& ref) const {
  MutexLock lock(mutex_);
  const auto at = families_.find(ref);
  return at == families_.end() ? nullptr : at->second;
}

std::vector<std::shared_ptr<Family>> Store::PartitionFamilies() const {
  std::vector<std::shared_ptr<Family>> families;
  MutexLock lock(mutex_);
  for (const auto& [ref, family] : families_) families.push_back(family);
  return families;
}

std::string Store::TakeName(const TopicPartition& tp, const Uuid& topic_id) {
  std::string name = format::FamilyName(tp);
  MutexLock lock(mutex_);
  if (names_.contains(name)) name = format::FamilyName(tp, topic_id);
  names_.insert(name);
  return name;
}

void Store::MakeFamily(const TopicPartition& tp, const Uuid& topic_id, FamilyMaker::Made made) {
  const format::PartitionRef ref{topic_id, tp.partition};
  const std::string name = TakeName(tp, topic_id);
  maker_->Create(
      name, ref,
      [this, ref, name, made = std::move(made)](Result<std::shared_ptr<Family>> family) mutable {
        {
          MutexLock lock(mutex_);
          if (family) {
            families_[ref] = *family;
            filters_->SetRules((*family)->id(), (*family)->rules());
          } else {
            names_.erase(name);
          }
        }
        made(std::move(family));
      });
}

Result<std::shared_ptr<Family>> Store::ImportFamily(
    const TopicPartition& tp, const Uuid& topic_id,
    const rocksdb::ExportImportFilesMetaData& files) {
  const format::PartitionRef ref{topic_id, tp.partition};
  const std::string name = TakeName(tp, topic_id);
  Status ready = clones_.Begin(ref, name, *committer_);
  GNEISS_FAULT_POINT("clone.pending");
  if (ready && options_.on_create) ready = options_.on_create({&ref, 1});
  GNEISS_FAULT_POINT("clone.placed");
  Result<std::shared_ptr<Family>> family =
      ready ? CreateFrom(files, name) : std::unexpected(std::move(ready.error()));
  if (!family) {
    Erase(ref);
    MutexLock lock(mutex_);
    names_.erase(name);
    return family;
  }
  MutexLock lock(mutex_);
  families_[ref] = *family;
  filters_->SetRules((*family)->id(), (*family)->rules());
  return family;
}

Result<std::shared_ptr<Family>> Store::CreateFrom(const rocksdb::ExportImportFilesMetaData& files,
                                                  const std::string& name) {
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  rocksdb::ImportColumnFamilyOptions options;
  options.move_files = true;  // by hard links; nothing is read or copied
  const rocksdb::Status status =
      files.files.empty()  // which RocksDB does not take for a family
          ? db().CreateColumnFamily(FamilyOptions(), name, &handle)
          : db().CreateColumnFamilyWithImport(FamilyOptions(), name, options, files, &handle);
  GNEISS_RETURN_IF_ERROR(FromRocks(status, "import column family " + name));
  GNEISS_FAULT_POINT("clone.imported");
  return std::make_shared<Family>(database_, handle);
}

format::StateFact Store::BindingFact(const Family& family, const format::PartitionRef& ref) {
  return {format::BindingKey(family.name()),
          format::EncodeBinding({.partition = ref, .family_id = family.id()})};
}

void Store::Erase(const format::PartitionRef& ref) {
  std::shared_ptr<Family> family;
  {
    MutexLock lock(mutex_);
    const auto at = families_.find(ref);
    if (at != families_.end()) {
      family = std::move(at->second);
      families_.erase(at);
    }
  }
  if (family == nullptr) {
    clones_.End(ref, *committer_);
    if (options_.on_erased) options_.on_erased(ref);
    return;
  }
  EraseFamily(ref, std::move(family));
}

// Behind everything that is queued: a write to a family that is gone would fail its whole group.
// The facts go first. Until the family is gone as well its binding tells whose it was.
void Store::EraseFamily(const format::PartitionRef& ref, std::shared_ptr<Family> family) {
  Result<Admission> admission = committer_->Admit(0);
  if (!admission) return EraseWhenWritable(ref, std::move(family));
  Commit commit;
  commit.admission = *admission;
  commit.erase_prefix = format::PartitionPrefix(ref);
  commit.done = [this, ref, family](const Status& status) {
    status ? DropFamily(ref, family) : EraseWhenWritable(ref, family);
  };
  committer_->Enqueue(std::move(commit));
}

// Topics are deleted to make room on a full disk. A store that never takes writes again erases at
// the next start.
void Store::EraseWhenWritable(const format::PartitionRef& ref, std::shared_ptr<Family> family) {
  MutexLock lock(mutex_);
  postponed_.emplace_back(ref, std::move(family));
}

void Store::ErasePostponed() {
  std::vector<std::pair<format::PartitionRef, std::shared_ptr<Family>>> postponed;
  {
    MutexLock lock(mutex_);
    postponed.swap(postponed_);
  }
  for (auto& [ref, family] : postponed) EraseFamily(ref, std::move(family));
}

void Store::DropFamily(const format::PartitionRef& ref, std::shared_ptr<Family> family) {
  const std::string name = family->name();
  filters_->SetRules(family->id(), nullptr);
  maker_->Drop(std::move(family), [this, ref, name](const Status& dropped) {
    if (dropped) {
      EraseBinding(name);
      clones_.End(ref, *committer_);  // not before: it tells the next start to drop the family
      GNEISS_FAULT_POINT("family.before_forget");
      if (options_.on_erased) options_.on_erased(ref);
      MutexLock lock(mutex_);
      names_.erase(name);
    } else {
      LOG(WARNING) << "family stays until the next start family=" << name
                   << " error=" << dropped.error().detail;
    }
  });
}

void Store::EraseBinding(const std::string& family_name) {
  Result<Admission> admission = committer_->Admit(0);
  if (!admission) return;  // a binding of no family does no harm
  Commit commit;
  commit.admission = *admission;
  commit.facts.push_back({format::BindingKey(family_name), std::nullopt});
  commit.done = [](const Status&) {};
  committer_->Enqueue(std::move(commit));
}

void Store::Register(std::weak_ptr<Recoverable> state) {
  MutexLock lock(mutex_);
  // Only when the list would have to grow: with thousands of partitions a sweep takes time.
  if (recoverables_.size() == recoverables_.capacity()) {
    std::erase_if(recoverables_, [](const auto& known) { return known.expired(); });
  }
  recoverables_.push_back(std::move(state));
}

void Store::ReadBackAll() {
  std::vector<std::weak_ptr<Recoverable>> all;
  {
    MutexLock lock(mutex_);
    all = recoverables_;
  }
  for (const std::weak_ptr<Recoverable>& weak : all) {
    if (const std::shared_ptr<Recoverable> state = weak.lock()) state->ReadBack();
  }
}

// The committer first: it waits for batches that wait for a family, which the maker has to make.
void Store::Stop() {
  if (committer_ != nullptr) committer_->Stop();
  if (maker_ != nullptr) maker_->Stop();
}

// A store that nobody writes to any more gives its memory back, and is quick to open again even
// after a crash. The flushes run in the background.
void Store::FlushWhenIdle() {
  std::uint64_t bytes = 0;
  db().GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
  if (bytes < kIdleMemtableBytesMax) return;
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;  // else it waits until none is to be feared
  if (Status flushed = Flush(options); !flushed) {
    LOG(WARNING) << "flush of an idle store failed error=" << flushed.error().detail;
  }
}

// All families that have something in memory.
Status Store::Flush(const rocksdb::FlushOptions& options) {
  std::vector<std::shared_ptr<Family>> families = PartitionFamilies();
  families.push_back(state_);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  for (const auto& family : families) handles.push_back(family->handle());
  return FromRocks(db().Flush(options, handles), "flush " + options_.path.string());
}

void Store::Release() {
  committer_.reset();
  maker_.reset();
  {
    MutexLock lock(mutex_);
    families_.clear();
    postponed_.clear();
  }
  state_.reset();
  database_.reset();
}

Status Store::Sync() {
  GNEISS_RETURN_IF_ERROR(committer_->health());
  GNEISS_RETURN_IF_ERROR(FlushForRestart());
  WriteOptionsFile();
  return {};
}

Status Store::FlushForRestart() {
  rocksdb::VectorLogPtr logs;
  GNEISS_RETURN_IF_ERROR(FromRocks(db().GetSortedWalFiles(logs), "list the WAL"));
  std::uint64_t wal_bytes = 0;
  for (const auto& log : logs) wal_bytes += log->SizeFileBytes();
  GNEISS_RETURN_IF_ERROR(FromRocks(db().SyncWAL(), "sync the WAL"));
  const std::uint64_t kept = kWalBytesKept + kWalBytesKeptPerFamily * Partitions().size();
  if (wal_bytes > kept) return Flush(rocksdb::FlushOptions());
  // The checkpoints are flushed in any case: in the WAL they would be lost together with what they
  // are there to prove.
  return FromRocks(db().Flush(rocksdb::FlushOptions(), state_->handle()), "flush the checkpoints");
}

// For stock tools, which take a family's options from there. RocksDB writes the file when an option
// is set, so one is set to what it is.
void Store::WriteOptionsFile() {
  const std::size_t unchanged = db().GetOptions(state_->handle()).write_buffer_size;
  database_->file_system().AllowOptionsFiles(true);
  const rocksdb::Status status =
      db().SetOptions(state_->handle(), {{"write_buffer_size", std::to_string(unchanged)}});
  database_->file_system().AllowOptionsFiles(false);
  if (!status.ok()) {
    LOG(WARNING) << "no OPTIONS file store=" << options_.path.string()
                 << " error=" << status.ToString();
  }
}

}  // namespace gneiss::engine
