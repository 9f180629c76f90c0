// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/records/codec.h"
#include "protocol/records/varint.h"

namespace gneiss::records {

// A record batch of format 2 ("magic 2"), the unit that is produced, stored and fetched:
//
//   0 base offset i64 | 8 length i32 | 12 leader epoch i32 | 16 magic i8 | 17 crc u32
//   21 attributes i16 | 23 last offset delta i32 | 27 base timestamp i64 | 35 max timestamp i64
//   43 producer id i64 | 51 producer epoch i16 | 53 base sequence i32 | 57 record count i32
//   61 records, compressed as one block if the attributes name a codec
//
// `length` counts what follows it. The CRC-32C covers everything from the attributes on, so that a
// broker may stamp base offset and leader epoch for nothing.
inline constexpr std::size_t kHeaderBytes = 61;
inline constexpr std::size_t kBatchOverheadBytes = 12;  // base offset and length
inline constexpr std::int32_t kMinBatchLength = 49;     // header and no records
inline constexpr std::int8_t kMagic = 2;
inline constexpr std::size_t kMagicPosition = 16;
inline constexpr std::size_t kCrcPosition = 17;
inline constexpr std::size_t kCrcStart = 21;  // the first byte under the CRC

inline constexpr std::int32_t kNoSequence = -1;
inline constexpr std::int16_t kNoProducerEpoch = -1;

// Whose clock the timestamps are. ON DISK: never renumber (attributes bit 3).
enum class TimestampType : std::uint8_t { kCreateTime = 0, kLogAppendTime = 1 };

// Bits of BatchHeader::attributes. ON DISK: never renumber. Bits 7-15 are kept as they come.
inline constexpr std::int16_t kCodecMask = 0x07;
inline constexpr std::int16_t kLogAppendTimeBit = 0x08;
inline constexpr std::int16_t kTransactionalBit = 0x10;
inline constexpr std::int16_t kControlBit = 0x20;
inline constexpr std::int16_t kDeleteHorizonBit = 0x40;

// Producer sequences count 0 ... 2^31-1 and start again at 0.
constexpr std::int32_t AdvanceSequence(std::int32_t sequence, std::int32_t by) {
  return static_cast<std::int32_t>(
      (static_cast<std::uint32_t>(sequence) + static_cast<std::uint32_t>(by)) & 0x7fff'ffffU);
}

// The 61 bytes in front of a batch's records, decoded.
struct BatchHeader {
  Offset base_offset{};
  std::int32_t batch_length = kMinBatchLength;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  std::uint32_t crc = 0;
  std::int16_t attributes = 0;
  std::int32_t last_offset_delta = 0;
  TimestampMs base_timestamp = kNoTimestamp;
  TimestampMs max_timestamp = kNoTimestamp;
  ProducerId producer_id = kNoProducerId;
  std::int16_t producer_epoch = kNoProducerEpoch;
  std::int32_t base_sequence = kNoSequence;
  std::int32_t record_count = 0;

  // Decodes the first 61 of `bytes`; the records may be missing. Checks what every use relies on:
  // kMalformed if bytes are missing, kUnsupportedVersion for another magic, kCorrupt for a length
  // below 49, kUnsupportedCompression for a codec that does not exist. Counts are taken as they
  // come.
  static Result<BatchHeader> Parse(std::span<const std::byte> bytes);

  Codec codec() const { return static_cast<Codec>(attributes & kCodecMask); }
  TimestampType timestamp_type() const {
    return (attributes & kLogAppendTimeBit) != 0 ? TimestampType::kLogAppendTime
                                                 : TimestampType::kCreateTime;
  }
  bool is_transactional() const { return (attributes & kTransactionalBit) != 0; }
  bool is_control() const { return (attributes & kControlBit) != 0; }
  // Set by compaction; base_timestamp is then the time at which tombstones and markers may go.
  bool has_delete_horizon() const { return (attributes & kDeleteHorizonBit) != 0; }
  bool has_producer_id() const { return producer_id.value() >= 0; }

  Offset last_offset() const { return base_offset + last_offset_delta; }
  Offset next_offset() const { return last_offset() + 1; }
  // The timestamp of a record with this delta: under LogAppendTime, the same for all.
  TimestampMs TimeOf(std::int64_t timestamp_delta) const {
    return timestamp_type() == TimestampType::kLogAppendTime
               ? max_timestamp
               : AddWrapping(base_timestamp, timestamp_delta);
  }
  // kNoSequence without a sequence; else that of the last record, counted past 2^31-1 from 0 on.
  std::int32_t last_sequence() const {
    return base_sequence < 0 ? kNoSequence : AdvanceSequence(base_sequence, last_offset_delta);
  }
  std::size_t size_in_bytes() const {
    return kBatchOverheadBytes + static_cast<std::size_t>(batch_length);
  }

  bool operator==(const BatchHeader&) const = default;
};

// StampedHeader is a private copy of a batch's 61 header bytes, to be changed before it is stored
// in front of the records, which stay where they are.
class StampedHeader {
 public:
  StampedHeader() = default;
  // REQUIRES: batch.size() >= kHeaderBytes.
  explicit StampedHeader(std::span<const std::byte> batch);
  // Encodes `header`, including its crc.
  explicit StampedHeader(const BatchHeader& header);

  std::span<const std::byte> bytes() const { return bytes_; }

  // Outside the CRC: free of charge.
  void SetBaseOffset(Offset offset);
  void SetLeaderEpoch(LeaderEpoch epoch);

  // Under the CRC, which is computed anew over the header and `records` (the bytes behind it).
  void SetMaxTimestampAndType(TimestampMs max_timestamp, TimestampType type,
                              std::span<const std::byte> records);

  // Computes, writes and returns the CRC of this header followed by `records`.
  std::uint32_t Seal(std::span<const std::byte> records);

 private:
  std::array<std::byte, kHeaderBytes> bytes_{};
};

// RecordBatchView is one whole batch in memory that somebody else keeps alive.
class RecordBatchView {
 public:
  // `bytes` begins with a batch and may go on behind it. kMalformed if it is cut short, else the
  // errors of BatchHeader::Parse.
  static Result<RecordBatchView> Parse(std::span<const std::byte> bytes);

  const BatchHeader& header() const { return header_; }
  std::span<const std::byte> bytes() const { return bytes_; }  // exactly the batch
  std::span<const std::byte> records() const { return bytes_.subspan(kHeaderBytes); }

  // kCorrupt if the CRC does not match the bytes.
  Status VerifyCrc() const;

 private:
  RecordBatchView(const BatchHeader& header, std::span<const std::byte> bytes)
      : header_(header), bytes_(bytes) {}

  BatchHeader header_;
  std::span<const std::byte> bytes_;
};

// BatchScanner walks batches that lie one behind the other: a fetch response, a stored run.
//
//   BatchScanner scanner(bytes);
//   while (true) {
//     GNEISS_ASSIGN_OR_RETURN(const auto batch, scanner.Next());
//     if (!batch) break;
//   }
class BatchScanner {
 public:
  explicit BatchScanner(std::span<const std::byte> bytes) : rest_(bytes) {}

  // The next batch, or nothing when no whole batch is left. A fetch may end within a batch, so a
  // torn tail is no error; what is no batch at all is one (those of RecordBatchView::Parse).
  Result<std::optional<RecordBatchView>> Next();

  // The bytes behind the last batch returned: after the end, the torn tail.
  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace gneiss::records
