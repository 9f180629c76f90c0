// SPDX-License-Identifier: Apache-2.0
#include "engine/batch_properties.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "engine/format.h"
#include "engine/rocks_status.h"
#include "engine/time_marks.h"
#include "protocol/records/record_batch.h"

namespace gneiss::engine {
namespace {

class Collector : public rocksdb::TablePropertiesCollector {
 public:
  const char* Name() const override { return kBatchPropertiesCollectorName; }

  // A key or value that is no batch leaves the file without properties: it is then never skipped.
  rocksdb::Status AddUserKey(const rocksdb::Slice& key, const rocksdb::Slice& value,
                             rocksdb::EntryType type, rocksdb::SequenceNumber,
                             std::uint64_t) override {
    if (type != rocksdb::kEntryPut) return rocksdb::Status::OK();
    const auto last_offset = format::DecodeBatchKey(ToText(key));
    const auto header = records::BatchHeader::Parse(ToBytes(value));
    if (!last_offset || !header) {
      damaged_ = true;
      return rocksdb::Status::OK();
    }
    if (batches_++ == 0) properties_.min_offset = header->base_offset;
    properties_.max_offset = *last_offset;
    properties_.max_timestamp = std::max(properties_.max_timestamp, header->max_timestamp);
    properties_.bytes += static_cast<std::int64_t>(value.size());
    marks_.Add(*last_offset, header->max_timestamp, value.size());
    return rocksdb::Status::OK();
  }

  rocksdb::Status Finish(rocksdb::UserCollectedProperties* properties) override {
    *properties = GetReadableProperties();
    return rocksdb::Status::OK();
  }

  rocksdb::UserCollectedProperties GetReadableProperties() const override {
    if (batches_ == 0 || damaged_) return {};
    return {{kMinOffsetProperty, std::to_string(properties_.min_offset.value())},
            {kMaxOffsetProperty, std::to_string(properties_.max_offset.value())},
            {kMaxTimestampProperty, std::to_string(properties_.max_timestamp)},
            {kBytesProperty, std::to_string(properties_.bytes)},
            {kTimeMarksProperty, format::EncodeTimeMarks(marks_.marks())}};
  }

 private:
  BatchProperties properties_;
  FileTimeMarks marks_;
  std::int64_t batches_ = 0;
  bool damaged_ = false;
};

class CollectorFactory : public rocksdb::TablePropertiesCollectorFactory {
 public:
  const char* Name() const override { return kBatchPropertiesCollectorName; }
  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context) override {
    return new Collector;  // RocksDB owns it
  }
};

std::optional<std::int64_t> ReadNumber(const rocksdb::UserCollectedProperties& properties,
                                       const char* name) {
  const auto at = properties.find(name);
  if (at == properties.end()) return std::nullopt;
  const std::string& text = at->second;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<BatchProperties> ReadBatchProperties(const rocksdb::TableProperties& table) {
  const rocksdb::UserCollectedProperties& all = table.user_collected_properties;
  const auto min_offset = ReadNumber(all, kMinOffsetProperty);
  const auto max_offset = ReadNumber(all, kMaxOffsetProperty);
  const auto max_timestamp = ReadNumber(all, kMaxTimestampProperty);
  const auto bytes = ReadNumber(all, kBytesProperty);
  if (!min_offset || !max_offset || !max_timestamp || !bytes) return std::nullopt;
  return BatchProperties{Offset(*min_offset), Offset(*max_offset), *max_timestamp, *bytes};
}

std::vector<format::TimeMark> ReadTimeMarks(const rocksdb::TableProperties& table) {
  const auto at = table.user_collected_properties.find(kTimeMarksProperty);
  if (at == table.user_collected_properties.end()) return {};
  auto marks = format::DecodeTimeMarks(at->second);
  return marks ? std::move(*marks) : std::vector<format::TimeMark>();
}

std::unique_ptr<rocksdb::TablePropertiesCollectorFactory> NewBatchPropertiesCollectorFactory() {
  return std::make_unique<CollectorFactory>();
}

}  // namespace gneiss::engine
