// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"

namespace gneiss::engine {

// MetadataLog is the ordered log of Kafka's metadata records, in a small RocksDB of its own where
// every write is fsynced. The records are opaque here: framed by server/metadata.
// It begins at 0, or with a snapshot: records that stand for all that were appended before.
// Threads: Append from one thread at a time, WriteSnapshot from one (maybe another) at a time; the
// rest any.
class MetadataLog {
 public:
  virtual ~MetadataLog() = default;

  virtual Offset log_end() const = 0;

  // Appends all records in one fsynced write: after a crash there are all or none. Blocks.
  // Returns the offset of the first.
  virtual Result<Offset> Append(std::span<const std::string> records) = 0;

  // Up to where the snapshot reaches: records are replayed with lower offsets when they are of it,
  // all with that of the last record it stands for. 0 without one.
  virtual Offset snapshot_end() const = 0;

  // Puts the records of a snapshot in the place of all records below `end`, which are deleted: all
  // at once, after a crash either are there. `source` gives them to the sink one after the other
  // and returns the first error of it. They are written piece by piece, so that an Append waits for
  // one piece at most. Does nothing when a snapshot reaches as far. Blocks.
  // REQUIRES: end <= log_end().
  using SnapshotSink = std::function<Status(std::string_view record)>;
  using SnapshotSource = std::function<Status(const SnapshotSink&)>;
  virtual Status WriteSnapshot(Offset end, const SnapshotSource& source) = 0;

  // Calls `record` for each record in order: those of the snapshot, then those behind it. Stops at
  // the first error it returns. kCorrupt when records are missing.
  using RecordVisitor = std::function<Status(Offset, std::span<const std::byte>)>;
  virtual Status Replay(const RecordVisitor& record) = 0;

  // Small named facts that are not records: the cluster id, the node id, the directory ids
  // (what Kafka keeps in meta.properties). Writes are fsynced.
  virtual Result<std::string> GetProperty(const std::string& name) = 0;  // kNotFound when absent
  virtual Status SetProperty(const std::string& name, const std::string& value) = 0;
};

}  // namespace gneiss::engine
