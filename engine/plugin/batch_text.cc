// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/batch_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>

#include "protocol/base/shared_bytes.h"
#include "protocol/records/control_record.h"
#include "protocol/records/record_batch.h"
#include "protocol/records/record_iterator.h"

namespace gneiss::engine {
namespace {

using records::BatchHeader;
using records::RecordBatchView;
using records::RecordView;

constexpr TimestampMs kYear10000 = 253'402'300'800'000;
constexpr std::string_view kRecordIndent = "\n    ";

std::string TextOrNull(const std::optional<std::string_view>& bytes) {
  return bytes ? QuotedText(*bytes) : "null";
}

std::string_view ControlName(records::ControlType type) {
  switch (type) {
    case records::ControlType::kAbort:
      return "abort";
    case records::ControlType::kCommit:
      return "commit";
    case records::ControlType::kLeaderChange:
      return "leader-change";
    case records::ControlType::kSnapshotHeader:
      return "snapshot-header";
    case records::ControlType::kSnapshotFooter:
      return "snapshot-footer";
    case records::ControlType::kKRaftVersion:
      return "kraft-version";
    case records::ControlType::kKRaftVoters:
      return "kraft-voters";
  }
  return "unknown";
}

std::string ProducerText(const BatchHeader& header) {
  if (!header.has_producer_id()) return "";
  std::string text = " producer=" + std::to_string(header.producer_id.value()) +
                     " epoch=" + std::to_string(header.producer_epoch);
  if (header.base_sequence >= 0) {
    text += " sequence=" + std::to_string(header.base_sequence) + ".." +
            std::to_string(header.last_sequence());
  }
  return text;
}

std::string FlagsText(const RecordBatchView& batch) {
  const BatchHeader& header = batch.header();
  std::string text;
  if (header.is_transactional()) text += " transactional";
  if (header.has_delete_horizon()) text += " delete_horizon=" + TimeText(header.base_timestamp);
  if (!header.is_control()) return text;
  text += " control";
  auto records = records::RecordIterator::Open(batch);
  const auto record = records ? records->Next() : std::unexpected(records.error());
  if (!record || !*record) return text;
  const auto type = records::ParseControlType(**record);
  return type ? text + "=" + std::string(ControlName(*type)) : text;
}

std::string TimesText(const BatchHeader& header) {
  if (header.timestamp_type() == records::TimestampType::kLogAppendTime) {
    return " append_time=" + TimeText(header.max_timestamp);
  }
  return " max_time=" + TimeText(header.max_timestamp);
}

std::string RecordText(const RecordView& record, bool is_control) {
  std::string text(kRecordIndent);
  text += "offset=" + std::to_string(record.offset.value()) + " time=" + TimeText(record.timestamp);
  if (is_control) {
    if (const auto type = records::ParseControlType(record)) {
      text += " control=" + std::string(ControlName(*type));
    }
    if (const auto marker = records::TransactionMarker::Parse(record)) {
      return text + " coordinator_epoch=" + std::to_string(marker->coordinator_epoch);
    }
  }
  text += " key=" + TextOrNull(record.key) + " value=" + TextOrNull(record.value);
  if (record.headers.empty()) return text;
  text += " headers={";
  bool first = true;
  for (const records::HeaderView& header : record.headers) {
    if (!first) text += ", ";
    first = false;
    text += QuotedText(header.key) + ": " + TextOrNull(header.value);
  }
  return text + "}";
}

}  // namespace

std::string TimeText(TimestampMs timestamp) {
  if (timestamp == kNoTimestamp) return "none";
  if (timestamp < 0 || timestamp >= kYear10000) return std::to_string(timestamp);
  const std::time_t seconds = timestamp / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> date{};
  const std::size_t size = std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 8> rest{};
  std::snprintf(rest.data(), rest.size(), ".%03dZ", static_cast<int>(timestamp % 1000));
  return std::string(date.data(), size) + rest.data();
}

std::string QuotedText(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xf]};
    }
  }
  return text + '"';
}

std::string BatchText(Offset last_offset, std::span<const std::byte> bytes) {
  const auto batch = RecordBatchView::Parse(bytes);
  if (!batch) {
    return "NOT A BATCH: " + batch.error().detail + " bytes=" + std::to_string(bytes.size());
  }
  const BatchHeader& header = batch->header();
  std::string text = "offsets=" + std::to_string(header.base_offset.value()) + ".." +
                     std::to_string(header.last_offset().value()) +
                     " records=" + std::to_string(header.record_count) + TimesText(header) +
                     ProducerText(header) + FlagsText(*batch) +
                     " codec=" + std::string(records::ToString(header.codec())) +
                     " bytes=" + std::to_string(bytes.size()) +
                     " leader_epoch=" + std::to_string(header.leader_epoch.value()) +
                     (batch->VerifyCrc() ? " crc=ok" : " crc=WRONG");
  if (header.last_offset() != last_offset) text += " KEY AND BATCH DISAGREE";
  if (batch->bytes().size() != bytes.size()) text += " LENGTH IS WRONG";
  return text;
}

std::string RecordsText(std::span<const std::byte> bytes) {
  const auto batch = RecordBatchView::Parse(bytes);
  if (!batch) return "";
  std::string text;
  auto records = records::RecordIterator::Open(*batch);
  while (records) {
    const auto record = records->Next();
    if (!record) return text + std::string(kRecordIndent) + "DAMAGED: " + record.error().detail;
    if (!*record) return text;
    text += RecordText(**record, batch->header().is_control());
  }
  return text + std::string(kRecordIndent) + "DAMAGED: " + records.error().detail;
}

}  // namespace gneiss::engine
