// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/manifest_scan.h"

#include <array>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <vector>

#include "engine/repair/wal_scan.h"

namespace gneiss::engine {
namespace {

// db/version_edit.h of RocksDB. A MANIFEST has the frame of a WAL.
enum Tag : std::uint32_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFileNumber = 3,
  kLastSequence = 4,
  kDeletedFile = 6,
  kPrevLogNumber = 9,
  kMinLogNumberToKeep = 10,
  kNewFile4 = 103,
  kColumnFamily = 200,
  kColumnFamilyAdd = 201,
  kColumnFamilyDrop = 202,
  kMaxColumnFamily = 203,
  kInAtomicGroup = 300,
};
constexpr std::uint32_t kSafeToIgnore = 1u << 13;  // such fields tell their length
constexpr std::uint32_t kNewFileEnd = 1;
constexpr std::uint64_t kNoFamily = std::numeric_limits<std::uint64_t>::max();

class Fields {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }
  std::optional<std::uint64_t> Number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(left_.front());
      left_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }
  std::optional<std::string_view> Text() {
    const auto length = Number();
    if (!length || *length > left_.size()) return std::nullopt;
    const std::string_view text = left_.substr(0, *length);
    left_.remove_prefix(*length);
    return text;
  }

 private:
  std::string_view left_;
};

// What one record says: it is of one family.
struct Edit {
  std::uint64_t family = 0;
  std::optional<std::string> added;  // the family's name
  bool dropped = false;
  std::vector<std::uint64_t> files;
  std::vector<std::uint64_t> deleted_files;  // some of which come back: they were moved
};

// False: not of a kind that is known.
bool TakeNewFile(Fields& fields, Edit& edit) {
  const auto level = fields.Number(), number = fields.Number(), size = fields.Number();
  const auto smallest = fields.Text(), largest = fields.Text();
  const auto oldest = fields.Number(), newest = fields.Number();
  if (!level || !number || !size || !smallest || !largest || !oldest || !newest) return false;
  for (auto tag = fields.Number(); tag != kNewFileEnd; tag = fields.Number()) {
    if (!tag || !fields.Text()) return false;
  }
  edit.files.push_back(*number);
  return true;
}

bool TakeField(std::uint64_t tag, Fields& fields, Edit& edit) {
  switch (tag) {
    case kLogNumber:
    case kNextFileNumber:
    case kLastSequence:
    case kPrevLogNumber:
    case kMinLogNumberToKeep:
    case kMaxColumnFamily:
    case kInAtomicGroup:
      return fields.Number().has_value();
    case kDeletedFile: {
      const auto level = fields.Number(), number = fields.Number();
      if (level && number) edit.deleted_files.push_back(*number);
      return level && number;
    }
    case kNewFile4:
      return TakeNewFile(fields, edit);
    case kColumnFamily: {
      const auto family = fields.Number();
      if (family) edit.family = *family;
      return family.has_value();
    }
    case kColumnFamilyAdd: {
      const auto name = fields.Text();
      if (name) edit.added = *name;
      return name.has_value();
    }
    case kColumnFamilyDrop:
      edit.dropped = true;
      return true;
    default:
      return (tag == kComparator || (tag & kSafeToIgnore) != 0) && fields.Text();
  }
}

std::optional<Edit> ReadEdit(std::string_view record) {
  Fields fields(record);
  Edit edit;
  while (!fields.at_end()) {
    const auto tag = fields.Number();
    if (!tag || !TakeField(*tag, fields, edit)) return std::nullopt;
  }
  return edit;
}

std::string TableName(std::uint64_t number) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "%06llu.sst", static_cast<unsigned long long>(number));
  return name.data();
}

}  // namespace

std::map<std::string, std::string> ScanManifests(const std::filesystem::path& store) {
  std::map<std::uint64_t, std::string> names = {{kNoFamily, ""}};
  std::map<std::uint64_t, std::uint64_t> families;  // of files
  const std::function<Status(std::string_view)> take = [&](std::string_view record) -> Status {
    const std::optional<Edit> edit = ReadEdit(record);
    if (!edit) return {};
    if (edit->added) names[edit->family] = *edit->added;
    if (edit->dropped) names[edit->family].clear();
    for (const std::uint64_t file : edit->deleted_files) families.insert_or_assign(file, kNoFamily);
    for (const std::uint64_t file : edit->files) families[file] = edit->family;
    return {};
  };
  std::error_code error;
  std::set<std::filesystem::path> manifests;  // oldest first
  for (const auto& entry : std::filesystem::directory_iterator(store, error)) {
    if (entry.path().filename().string().starts_with("MANIFEST-")) manifests.insert(entry.path());
  }
  for (const std::filesystem::path& manifest : manifests) {
    if (!ScanWal(manifest, take)) continue;  // then its files are not known
  }
  std::map<std::string, std::string> owners;
  for (const auto& [file, family] : families) {
    if (const auto name = names.find(family); name != names.end()) {
      owners.emplace(TableName(file), name->second);
    }
  }
  return owners;
}

}  // namespace gneiss::engine
