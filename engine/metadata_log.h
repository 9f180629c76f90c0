// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"

namespace gneiss::engine {

// MetadataLog is the ordered log of Kafka's metadata records, in a small RocksDB of its own where
// every write is fsynced. The records are opaque here: framed by server/metadata.
// Key = offset, 8 bytes big-endian; value = one framed record (engine/format.h).
// Threads: Append from one thread at a time; the rest any.
class MetadataLog {
 public:
  virtual ~MetadataLog() = default;

  virtual Offset log_end() const = 0;

  // Appends all records in one fsynced write: after a crash there are all or none. Blocks.
  // Returns the offset of the first.
  virtual Result<Offset> Append(std::span<const std::string> records) = 0;

  // Calls `record` for each record in order, from the first. Stops at the first error it returns.
  virtual Status Replay(
      const std::function<Status(Offset, std::span<const std::byte>)>& record) = 0;

  // Small named facts that are not records: the cluster id, the node id, the directory ids
  // (what Kafka keeps in meta.properties). Writes are fsynced.
  virtual Result<std::string> GetProperty(const std::string& name) = 0;  // kNotFound when absent
  virtual Status SetProperty(const std::string& name, const std::string& value) = 0;
};

}  // namespace gneiss::engine
