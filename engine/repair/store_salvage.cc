// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/store_salvage.h"

#include <glog/logging.h>
#include <rocksdb/metadata.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "engine/batch_cursor.h"
#include "engine/format.h"
#include "engine/repair/manifest_scan.h"
#include "engine/rocks_logger.h"
#include "engine/rocks_options.h"
#include "engine/rocks_status.h"

namespace gneiss::engine {
namespace {

constexpr std::uint32_t kStateFamilyId = 1;  // the first that a store makes

bool IsTable(const std::filesystem::path& file) { return file.extension() == ".sst"; }
bool IsWal(const std::filesystem::path& file) { return file.extension() == ".log"; }

std::vector<std::filesystem::path> FilesOf(const std::filesystem::path& directory,
                                           bool (*wanted)(const std::filesystem::path&)) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (wanted(entry.path())) files.push_back(entry.path());
  }
  std::ranges::sort(files);  // numbers have leading zeros: oldest first
  return files;
}

rocksdb::DBOptions QuietOptions() {
  rocksdb::DBOptions options = StoreDbOptions(StoreBudget());
  options.info_log = std::make_shared<RocksLogger>("repair");
  return options;
}

}  // namespace

// Applies one record of the WAL to the new store.
class StoreSalvage::Replay : public rocksdb::WriteBatch::Handler {
 public:
  Replay(StoreSalvage& salvage, std::uint64_t sequence) : salvage_(salvage), sequence_(sequence) {}

  rocksdb::Status PutCF(std::uint32_t id, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    return Add(id, [&](auto* family) { return batch_.Put(family, key, value); });
  }
  rocksdb::Status DeleteCF(std::uint32_t id, const rocksdb::Slice& key) override {
    return Add(id, [&](auto* family) { return batch_.Delete(family, key); });
  }
  rocksdb::Status DeleteRangeCF(std::uint32_t id, const rocksdb::Slice& begin,
                                const rocksdb::Slice& end) override {
    return Add(id, [&](auto* family) { return batch_.DeleteRange(family, begin, end); });
  }
  void LogData(const rocksdb::Slice&) override {}

  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  template <class Operation>
  rocksdb::Status Add(std::uint32_t id, Operation operation) {
    const std::uint64_t sequence = sequence_++;
    // What the files hold is newer than what a part of the WAL says. Batches have one version only.
    if (id == kStateFamilyId && sequence <= salvage_.state_flushed_) return rocksdb::Status::OK();
    if (salvage_.dropped_.contains(id)) return rocksdb::Status::OK();
    const auto family = salvage_.FamilyOf(id);
    if (!family) return rocksdb::Status::Aborted(family.error().detail);
    return operation((*family)->handle());
  }

  StoreSalvage& salvage_;
  std::uint64_t sequence_;
  rocksdb::WriteBatch batch_;
};

namespace {

// Collects the bindings that a record of the WAL writes and erases.
class BindingReader : public rocksdb::WriteBatch::Handler {
 public:
  explicit BindingReader(const std::function<void(std::string_view, std::string_view)>& binding)
      : binding_(binding) {}

  rocksdb::Status PutCF(std::uint32_t id, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    if (id == kStateFamilyId) binding_(ToText(key), ToText(value));
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(std::uint32_t id, const rocksdb::Slice& key) override {
    if (id == kStateFamilyId) binding_(ToText(key), {});
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteRangeCF(std::uint32_t, const rocksdb::Slice&,
                                const rocksdb::Slice&) override {
    return rocksdb::Status::OK();
  }
  void LogData(const rocksdb::Slice&) override {}

 private:
  const std::function<void(std::string_view, std::string_view)>& binding_;
};

bool IsBindingKey(std::string_view key) {
  return !key.empty() && key[0] == static_cast<char>(format::KeySpace::kBinding);
}

}  // namespace

StoreSalvage::StoreSalvage(std::filesystem::path source, std::filesystem::path target)
    : source_(std::move(source)),
      target_(std::move(target)),
      table_options_(rocksdb::DBOptions(), PartitionFamilyOptions(StoreBudget())) {}

Result<bool> StoreSalvage::Check() {
  owners_ = ScanManifests(source_);
  for (const std::filesystem::path& file : FilesOf(source_, IsTable)) {
    TableScan scan = CheckTable(file, table_options_);
    if (scan.damage.empty() && scan.imported) {
      imported_.emplace(file, std::move(scan));
    } else if (scan.damage.empty()) {
      if (scan.family == format::kStateFamily) newest_state_ = file;
      whole_.push_back(file);
    } else {
      damaged_.emplace(file, std::move(scan));
    }
  }
  for (const std::filesystem::path& file : FilesOf(source_, IsWal)) {
    GNEISS_ASSIGN_OR_RETURN(std::vector<WalDamage> damage,
                            ScanWal(file, [](std::string_view) { return Status(); }));
    if (!damage.empty()) wal_damage_.emplace(file.filename(), std::move(damage));
  }
  if (!damaged_.empty() || !wal_damage_.empty()) return true;
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::vector<std::string> names;
  rocksdb::Status opened = rocksdb::DB::ListColumnFamilies(QuietOptions(), source_, &names);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) descriptors.emplace_back(name, table_options_);
  if (opened.ok()) {
    opened = rocksdb::DB::OpenForReadOnly(QuietOptions(), source_, descriptors, &handles, &db);
  }
  const std::unique_ptr<rocksdb::DB> closes(db);
  for (rocksdb::ColumnFamilyHandle* handle : handles) delete handle;
  return !opened.ok();
}

Status StoreSalvage::Build(RepairReport& report) {
  for (auto& [file, scan] : imported_) GNEISS_RETURN_IF_ERROR(NoteOwner(file, scan));
  for (auto& [file, scan] : damaged_) {
    GNEISS_RETURN_IF_ERROR(NoteOwner(file, scan));
    if (scan.family == format::kStateFamily) state_damaged_ = true;
    if (scan.family.empty()) state_damaged_ = unknown_damage_ = true;
    if (scan.batches) {
      suspects_[scan.family].files.emplace_back(scan.batches->min_offset, scan.batches->max_offset);
    }
    report.files.push_back({file.filename(), scan.family, scan.damage});
  }
  for (const auto& [name, stretches] : wal_damage_) {
    for (const WalDamage& damage : stretches) {
      report.files.push_back({name, "",
                              std::to_string(damage.bytes) + " bytes at " +
                                  std::to_string(damage.offset) + " are not readable"});
    }
  }
  GNEISS_RETURN_IF_ERROR(LinkTables());
  GNEISS_RETURN_IF_ERROR(OpenTarget());
  GNEISS_RETURN_IF_ERROR(SalvageTables());
  GNEISS_RETURN_IF_ERROR(ReadBindings());
  GNEISS_RETURN_IF_ERROR(ReplayWals());
  // Of some nothing may be left at all: their checkpoints still tell what is lost.
  for (const auto& [name, old_id] : bound_ids_) {
    if (const auto family = FamilyNamed(name); !family) return std::unexpected(family.error());
  }
  GNEISS_RETURN_IF_ERROR(WriteBindings());
  for (const auto& [name, family] : families_) {
    if (name == format::kStateFamily || name == rocksdb::kDefaultColumnFamilyName) continue;
    if (!bound_ids_.contains(name)) report.unowned.push_back(name);
    GNEISS_RETURN_IF_ERROR(ReportFamily(*family, report));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  for (const auto& [name, family] : families_) handles.push_back(family->handle());
  const rocksdb::Status flushed = database_->db().Flush(rocksdb::FlushOptions(), handles);
  families_.clear();
  database_.reset();
  return FromRocks(flushed, "flush the repaired store");
}

// A file tells for which family it was written. That is not the one that it belongs to when a clone
// has imported it.
Status StoreSalvage::NoteOwner(const std::filesystem::path& file, TableScan& scan) const {
  const auto owner = owners_.find(file.filename());
  if (owner != owners_.end() && (scan.imported || !owner->second.empty())) {
    scan.family = owner->second;
  } else if (scan.imported) {
    return Fail(Errc::kCorrupt,
                file.string() +
                    " was made by a clone, and the MANIFEST, which alone tells of which partition, "
                    "cannot be read: restore this store from a snapshot.");
  }
  return {};
}

// RocksDB finds out from the files themselves what they are, without a MANIFEST.
Status StoreSalvage::LinkTables() {
  std::error_code error;
  for (const std::filesystem::path& file : whole_) {
    std::filesystem::create_hard_link(file, target_ / file.filename(), error);
    if (error) return Fail(Errc::kStorage, "link " + file.string() + ": " + error.message());
  }
  if (whole_.empty()) return {};
  rocksdb::DBOptions options = QuietOptions();
  return FromRocks(
      rocksdb::RepairDB(target_, options,
                        {{rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()}},
                        PartitionFamilyOptions(StoreBudget())),
      "collect the files of " + source_.string());
}

Status StoreSalvage::OpenTarget() {
  GNEISS_ASSIGN_OR_RETURN(
      database_,
      Database::Open(target_, StoreDbOptions(StoreBudget()), PartitionFamilyOptions(StoreBudget()),
                     {{rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()},
                      {format::kStateFamily, StateFamilyOptions()}},
                     rocksdb::FileSystem::Default()));
  for (auto& family : Database::TakeFamilies(database_)) {
    rocksdb::ColumnFamilyMetaData files;
    database_->db().GetColumnFamilyMetaData(family->handle(), &files);
    Offset end{0};
    for (const auto& level : files.levels) {
      for (const auto& file : level.files) {
        if (family->name() == format::kStateFamily) {
          state_flushed_ = std::max(state_flushed_, file.largest_seqno);
        } else if (const auto last = format::DecodeBatchKey(file.largestkey)) {
          end = std::max(end, *last + 1);
        }
      }
    }
    suspects_[family->name()].wal_from = end;
    families_.emplace(family->name(), std::move(family));
  }
  for (const auto& [file, scan] : imported_) {
    Offset& end = suspects_[scan.family].wal_from;
    if (scan.batches) end = std::max(end, scan.batches->max_offset + 1);
  }
  // With a part of it lost the files are no proof any more that the WAL's state is older.
  if (state_damaged_) state_flushed_ = 0;
  return {};
}

Status StoreSalvage::SalvageTables() {
  for (const auto& [file, scan] : imported_) {
    GNEISS_RETURN_IF_ERROR(SalvageInto(scan.family, file, /*overwrite=*/false));
  }
  // The newest first: of a fact that several have it is the last word.
  for (auto damaged = damaged_.rbegin(); damaged != damaged_.rend(); ++damaged) {
    const auto& [file, scan] = *damaged;
    GNEISS_RETURN_IF_ERROR(SalvageInto(scan.family, file, /*overwrite=*/false));
  }
  // And of one that a whole but older file has.
  for (const auto& [file, scan] : damaged_) {
    if (scan.family != format::kStateFamily || file < newest_state_) continue;
    GNEISS_RETURN_IF_ERROR(SalvageInto(scan.family, file, /*overwrite=*/true));
  }
  return {};
}

// What is of no family is left out.
Status StoreSalvage::SalvageInto(const std::string& family, const std::filesystem::path& file,
                                 bool overwrite) {
  if (family.empty()) return {};
  Status put;
  SalvageTable(file, table_options_, [&](std::string_view key, std::string_view value) {
    if (put) put = Put(family, key, value, overwrite);
  });
  return put;
}

Status StoreSalvage::Put(const std::string& name, std::string_view key, std::string_view value,
                         bool overwrite) {
  GNEISS_ASSIGN_OR_RETURN(const std::shared_ptr<Family> family, FamilyNamed(name));
  rocksdb::DB& db = database_->db();
  std::string known;
  if (!overwrite && db.Get(rocksdb::ReadOptions(), family->handle(), key, &known).ok()) return {};
  return FromRocks(db.Put(rocksdb::WriteOptions(), family->handle(), key, value),
                   "write to " + name);
}

// Which family an id of the WAL means. Bindings tell; what a family's first batch brings along is
// in the same record of the WAL.
Status StoreSalvage::ReadBindings() {
  GNEISS_ASSIGN_OR_RETURN(const auto state, FamilyNamed(format::kStateFamily));
  const std::unique_ptr<rocksdb::Iterator> it(
      database_->db().NewIterator(rocksdb::ReadOptions(), state->handle()));
  const std::string first = format::BindingKey("");
  for (it->Seek(first); it->Valid() && IsBindingKey(ToText(it->key())); it->Next()) {
    NoteBinding(ToText(it->key()), ToText(it->value()));
  }
  GNEISS_RETURN_IF_ERROR(FromRocks(it->status(), "read the bindings"));
  const std::function<void(std::string_view, std::string_view)> note =
      [this](std::string_view key, std::string_view value) {
        if (IsBindingKey(key)) NoteBinding(key, value);
      };
  for (const std::filesystem::path& file : WalFiles()) {
    const auto scanned = ScanWal(file, [&](std::string_view record) -> Status {
      BindingReader reader(note);
      return FromRocks(rocksdb::WriteBatch(std::string(record)).Iterate(&reader), "read the WAL");
    });
    if (!scanned) return std::unexpected(scanned.error());
  }
  return {};
}

// An empty value: the binding is erased.
void StoreSalvage::NoteBinding(std::string_view key, std::string_view value) {
  const std::string name(key.substr(1));
  if (const auto before = bound_ids_.find(name); before != bound_ids_.end()) {
    dropped_.insert(before->second);
    bound_ids_.erase(before);
  }
  const auto binding = format::DecodeBinding(value);
  if (value.empty() || !binding) return;
  bound_ids_[name] = binding->family_id;
  names_[binding->family_id] = name;
  dropped_.erase(binding->family_id);
}

Status StoreSalvage::ReplayWals() {
  for (const std::filesystem::path& file : WalFiles()) {
    const auto scanned = ScanWal(file, [&](std::string_view record) -> Status {
      rocksdb::WriteBatch old{std::string(record)};
      std::uint64_t sequence = 0;  // the first 8 bytes, little-endian
      std::copy_n(old.Data().data(), sizeof sequence, reinterpret_cast<char*>(&sequence));
      Replay replay(*this, sequence);
      GNEISS_RETURN_IF_ERROR(FromRocks(old.Iterate(&replay), "replay " + file.string()));
      return FromRocks(database_->db().Write(rocksdb::WriteOptions(), &replay.batch()),
                       "write the repaired store");
    });
    if (!scanned) return std::unexpected(scanned.error());
  }
  return {};
}

std::vector<std::filesystem::path> StoreSalvage::WalFiles() const {
  return FilesOf(source_, IsWal);
}

Result<std::shared_ptr<Family>> StoreSalvage::FamilyOf(std::uint32_t old_id) {
  if (old_id == kStateFamilyId) return FamilyNamed(format::kStateFamily);
  if (old_id == 0) return FamilyNamed(rocksdb::kDefaultColumnFamilyName);
  const auto name = names_.find(old_id);
  // Its binding is lost: what it holds is kept for somebody who knows.
  if (name == names_.end()) return FamilyNamed("unknown-" + std::to_string(old_id));
  return FamilyNamed(name->second);
}

Result<std::shared_ptr<Family>> StoreSalvage::FamilyNamed(const std::string& name) {
  if (const auto known = families_.find(name); known != families_.end()) return known->second;
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  GNEISS_RETURN_IF_ERROR(FromRocks(
      database_->db().CreateColumnFamily(PartitionFamilyOptions(StoreBudget()), name, &handle),
      "make family " + name));
  return families_.emplace(name, std::make_shared<Family>(database_, handle)).first->second;
}

// The families of the new store have ids of their own.
Status StoreSalvage::WriteBindings() {
  GNEISS_ASSIGN_OR_RETURN(const auto state, FamilyNamed(format::kStateFamily));
  for (const auto& [name, old_id] : bound_ids_) {
    const auto family = families_.find(name);
    if (family == families_.end() || family->second->id() == old_id) continue;
    std::string value;
    const std::string key = format::BindingKey(name);
    const rocksdb::Status known =
        database_->db().Get(rocksdb::ReadOptions(), state->handle(), key, &value);
    if (known.IsNotFound()) continue;  // erased, in a part of the WAL that cannot be read
    GNEISS_RETURN_IF_ERROR(FromRocks(known, "read the binding of " + name));
    GNEISS_ASSIGN_OR_RETURN(format::Binding binding, format::DecodeBinding(value));
    binding.family_id = family->second->id();
    GNEISS_RETURN_IF_ERROR(FromRocks(database_->db().Put(rocksdb::WriteOptions(), state->handle(),
                                                         key, format::EncodeBinding(binding)),
                                     "bind " + name));
  }
  return {};
}

// Gaps are what retention and log compaction leave as well: only where there was damage they are
// losses.
Status StoreSalvage::ReportFamily(const Family& family, RepairReport& report) const {
  const auto known = families_.find(family.name());
  const auto cursor = BatchCursor::Open(known->second, ReadTier::kAll, Pinning::kPass);
  std::optional<Offset> end;
  for (Status at = cursor->Seek(Offset(0)); cursor->valid() || !at; at = cursor->Next()) {
    GNEISS_RETURN_IF_ERROR(at);
    ++report.batches_kept;
    const Offset begin = cursor->base_offset();
    if (begin > end.value_or(Offset(0)) &&
        IsSuspect(family.name(), end.value_or(Offset(0)), begin)) {
      report.lost.push_back({family.name(), end.value_or(Offset(0)), begin});
    }
    end = cursor->last_offset() + 1;
  }
  return ReportTail(family, end.value_or(Offset(0)), report);
}

// The log ended before it has ended at a clean shutdown, or before a damaged file does.
Status StoreSalvage::ReportTail(const Family& family, Offset end, RepairReport& report) const {
  Offset expected = end;
  std::string value;
  const auto& state = families_.at(format::kStateFamily);
  if (database_->db()
          .Get(rocksdb::ReadOptions(), state->handle(), format::BindingKey(family.name()), &value)
          .ok()) {
    GNEISS_ASSIGN_OR_RETURN(const auto binding, format::DecodeBinding(value));
    const std::string key = format::CheckpointKey(binding.partition);
    if (database_->db().Get(rocksdb::ReadOptions(), state->handle(), key, &value).ok()) {
      GNEISS_ASSIGN_OR_RETURN(const auto checkpoint, format::DecodeCheckpoint(value));
      expected = std::max(expected, checkpoint.log_end);
    }
  }
  if (const auto suspect = suspects_.find(family.name()); suspect != suspects_.end()) {
    for (const auto& [from, to] : suspect->second.files) expected = std::max(expected, to + 1);
  }
  if (expected > end) report.lost.push_back({family.name(), end, expected});
  return {};
}

bool StoreSalvage::IsSuspect(const std::string& family, Offset from, Offset to) const {
  if (unknown_damage_) return true;
  const auto suspect = suspects_.find(family);
  const Offset wal_from = suspect == suspects_.end() ? Offset(0) : suspect->second.wal_from;
  if (!wal_damage_.empty() && to > wal_from) return true;
  if (suspect == suspects_.end()) return false;
  return std::ranges::any_of(suspect->second.files, [&](const auto& file) {
    return file.first < to && file.second >= from;
  });
}

}  // namespace gneiss::engine
