// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/clone/clone_point.h"
#include "engine/partition_log.h"
#include "engine/store.h"
#include "protocol/base/result.h"

namespace gneiss::engine {

// Makes a partition out of another one of the same store by hard links: its batches up to
// `clone.at` with their offsets, and what is known about them (log start, leader epochs, producers,
// aborted transactions). Takes as long as its files are many, whatever their size; only the file
// that `clone.at` goes through is written anew. `source` is the source's log. Durable when it
// returns, and pending (engine/clone/pending_clones.h) until the engine opens the partition.
// Blocks. What a failure leaves is for Store::Erase. Errors: kOutOfRange when the point lies below
// the log start, kInvalidArgument when the source cannot be cut there.
Status ClonePartition(Store& store, const PartitionLog& source, const PartitionToClone& clone);

}  // namespace gneiss::engine
