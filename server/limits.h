// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// Every bound of the server that is not a setting of Kafka's, with its reason. Kafka's own bounds
// (socket.request.max.bytes, connections.max.idle.ms, ...) are in BrokerConfig.
namespace gneiss::server::limits {

// --- request frames ---

// What one read of an idle connection can take: most requests fit whole, size prefix included.
inline constexpr std::size_t kReadAheadBytes = 4096;

// A frame is charged to the memory budget as it arrives, from this step on, doubling: a thousand
// peers that announce 100 MB and send nothing cost 64 MB of budget, and no memory.
inline constexpr std::size_t kFrameChargeStep = std::size_t{64} << 10;

// Up to this size (a producer's usual largest batch) a frame's buffer is allocated whole, since
// untouched pages cost nothing; above it the buffer doubles with what has arrived.
inline constexpr std::size_t kFrameWholeBytesMax = std::size_t{1} << 20;

// Frames in memory, over all connections, unless queued.max.request.bytes says otherwise. Five of
// the largest requests, or the usual 1 MB batch of 500 producers at once.
inline constexpr std::size_t kRequestMemoryBytes = std::size_t{512} << 20;

// While somebody waits for memory, the frame that has been arriving for longest, and for this long,
// is given up with its connection: a few peers that stop in the middle of large frames must not
// starve the rest. How often that is looked at, on each loop.
inline constexpr std::chrono::seconds kFrameReadMax{10};
inline constexpr std::chrono::seconds kSweepInterval{2};

// How often a connection that waits for memory looks again, and how long it waits before it is
// cut: without an end, half-read frames could wait for each other for ever.
inline constexpr std::chrono::milliseconds kMemoryPollInterval{10};
inline constexpr std::chrono::seconds kMemoryWaitMax{30};

// --- requests in flight and responses ---

// Produces of one connection whose order is fixed but which are not committed yet. librdkafka and
// the Java producer keep at most 5 (idempotent) or a few dozen in flight.
inline constexpr std::size_t kProducesInFlightMax = 64;

// A connection starts no further request while this much of its answers is not written yet.
inline constexpr std::size_t kResponseFragmentsQueuedMax = 1024;
inline constexpr std::size_t kResponseBytesQueuedMax = std::size_t{1} << 20;

// A fetch response pins RocksDB iterators, and with them files that compaction wants to delete.
// A peer that has not taken a response for this long gets the rest from a copy instead, or is cut
// when the budget below is used up.
inline constexpr std::chrono::seconds kResponsePinnedMax{10};
inline constexpr std::size_t kResponseCopyBytes = std::size_t{256} << 20;

// Batches of one Produce that are checked upon the event loop. A hop to a storage thread and back
// costs 50 us of CPU on a virtual machine; checking 1 MB of 1 KB records takes 30 us, 64 KB of lz4
// or zstd (unpacked: 256 KB at most) 70 to 150. What unpacks to more is begun again on a thread.
inline constexpr std::size_t kValidatedBytesOnLoopMax = std::size_t{1} << 20;
inline constexpr std::size_t kCompressedBytesOnLoopMax = std::size_t{64} << 10;
inline constexpr std::size_t kUnpackedBytesOnLoopMax = std::size_t{256} << 10;

// A fetch reads at most this much upon its event loop, a matter of a millisecond when the batches
// are small; the rest waits for the next fetch or, if it was nothing yet, for a reader thread.
inline constexpr std::size_t kFetchBytesOnLoopMax = std::size_t{8} << 20;

// Partitions with records in one fetch response: each pins an iterator. The others get their turn
// with the next fetch, since sessions put partitions that were served last.
inline constexpr std::size_t kFetchViewsMax = 1000;

// Fragments for one sendmsg; the kernel's own bound is 1024.
inline constexpr std::size_t kFragmentsPerWrite = 256;

// --- threads, start and stop ---

inline constexpr int kEventLoopsMax = 4;   // default; more loops than cores only add switches
inline constexpr int kStorageThreads = 2;  // cold reads and checks of large batches
inline constexpr std::chrono::seconds kStopTimeout{20};  // then the stop is reported as unclean
inline constexpr std::chrono::milliseconds kAcceptRetryInterval{100};  // out of descriptors

// How often it is looked whether a burst of requests is over, and how few requests in that time are
// calm: a dozen waiting consumers poll this often.
inline constexpr std::chrono::seconds kIdleTrimInterval{5};
inline constexpr std::uint64_t kIdleTrimRequestsMax = 200;

// --- the HTTP port ---

// Scrapers and operators, not clients. Headers and bodies of what they send are short; a peer that
// takes longer than this to send a request or to take an answer is cut.
inline constexpr int kHttpConnectionsMax = 32;
inline constexpr std::uint32_t kHttpHeaderBytesMax = 16384;
inline constexpr std::uint32_t kHttpBodyBytesMax = 65536;
inline constexpr std::chrono::seconds kHttpTimeout{30};
// One for a snapshot, which may take minutes to another volume, and one for what must not wait for
// it.
inline constexpr std::size_t kHttpThreads = 2;

// Partitions that have metrics of their own, the first by name: a scrape of 10 000 would be 3 MB.
inline constexpr std::size_t kMetricPartitionsMax = 1000;
// Likewise topics, groups, and the partitions in which groups have a lag.
inline constexpr std::size_t kMetricTopicsMax = 1000;
inline constexpr std::size_t kMetricGroupsMax = 500;
inline constexpr std::size_t kMetricGroupPartitionsMax = 1000;
// For so long a scrape reads records to tell the age of what groups have not consumed; in cold
// files each takes milliseconds.
inline constexpr std::chrono::seconds kMetricLagReadMax{1};
// An event loop that does not answer a scrape in this time is shown as lagging by it.
inline constexpr std::chrono::seconds kLoopLagMax{1};

// --- metrics that clients push (KIP-714) ---

// Client instances whose grant is remembered, 300 bytes each; Kafka's bound too. A client that was
// forgotten asks again.
inline constexpr std::size_t kTelemetryInstancesMax = 16384;
// Numbers of clients on the metrics page: 300 bytes each. The Java producer has some 80 of its own.
inline constexpr std::size_t kTelemetrySeriesMax = 2000;
inline constexpr std::size_t kTelemetryPointsPerPushMax = 2000;
// What a push, of telemetry.max.bytes at most, may unpack to.
inline constexpr std::size_t kTelemetryUnpackedBytesMax = std::size_t{16} << 20;

// --- the log ---

// Lines about connections that were closed for cause, per interval; further ones are counted.
inline constexpr int kComplaintsPerInterval = 20;
inline constexpr std::chrono::seconds kComplaintInterval{10};

// --- groups ---

// Groups whose settings one DescribeConfigs tells. They need not exist, so a request could name
// millions; each makes 2 to 3 KB of answer.
inline constexpr std::size_t kGroupsDescribedMax = 10'000;

// The regular expression of a subscription: as long as the key of its record can be, and what its
// program and the work of matching may take. Expressions of clients are a hundred bytes; each is
// compiled when it is checked and when it is resolved, and not kept.
inline constexpr std::size_t kTopicPatternBytesMax = 32767;
inline constexpr std::int64_t kTopicPatternMemoryMax = std::int64_t{8} << 20;

}  // namespace gneiss::server::limits
