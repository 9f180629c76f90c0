// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace gneiss {

// What went wrong, as the layers below the wire see it. dispatch/error_mapping.cc turns each into
// Kafka's code in one switch without a default, so a new one cannot be forgotten there.
enum class Errc {
  kMalformed,           // bytes that do not decode
  kUnsupportedVersion,  // a version of an API, a record or a file that this build does not know
  kInvalidArgument,     // the call itself is wrong
  kNotFound,
  kAlreadyExists,
  kOutOfRange,          // an offset outside the log
  kWouldBlock,          // the answer needs a disk read that the caller did not allow
  kCorrupt,             // a checksum or an invariant of the format is broken
  kInvalidRecord,       // a record or batch breaks a rule of the log
  kInvalidTimestamp,    // a record's timestamp lies outside the allowed window
  kMessageTooLarge,     // a batch above max.message.bytes
  kRecordListTooLarge,  // a batch above segment.bytes
  kUnsupportedCompression,
  kOutOfOrderSequence,  // idempotent producer: a gap
  kFencedProducer,      // idempotent producer: an older epoch
  kFencedLeaderEpoch,
  kUnknownLeaderEpoch,
  kStorage,   // the store refuses work: a write or fsync failed
  kDiskFull,  // retriable: there will be room again
  kResourceExhausted,
  kShuttingDown,
  kTimedOut,
  kInternal,
};

std::string_view ToString(Errc code);

struct Error {
  Errc code = Errc::kInternal;
  std::string detail;  // for the log, never for the wire
};

// Result carries a value or an Error. It cannot be dropped silently (nodiscard).
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  using value_type = T;
};

using Status = Result<void>;

inline std::unexpected<Error> Fail(Errc code, std::string detail) {
  return std::unexpected<Error>(Error{code, std::move(detail)});
}

}  // namespace gneiss

#define GNEISS_CONCAT_INNER(a, b) a##b
#define GNEISS_CONCAT(a, b) GNEISS_CONCAT_INNER(a, b)

// Leaves the function with the error of `expr` (a Status or a Result), if it has one.
#define GNEISS_RETURN_IF_ERROR(expr)                                             \
  do {                                                                           \
    if (auto gneiss_status = (expr); !gneiss_status.has_value()) {               \
      return std::unexpected<::gneiss::Error>(std::move(gneiss_status.error())); \
    }                                                                            \
  } while (false)

#define GNEISS_ASSIGN_OR_RETURN_INNER(result, lhs, expr)                \
  auto result = (expr);                                                 \
  if (!result.has_value()) {                                            \
    return std::unexpected<::gneiss::Error>(std::move(result.error())); \
  }                                                                     \
  lhs = std::move(*result)

// GNEISS_ASSIGN_OR_RETURN(const Header header, Header::Parse(bytes));
#define GNEISS_ASSIGN_OR_RETURN(lhs, expr) \
  GNEISS_ASSIGN_OR_RETURN_INNER(GNEISS_CONCAT(gneiss_result_, __LINE__), lhs, expr)

// The same for coroutines.
#define GNEISS_CO_RETURN_IF_ERROR(expr)                                             \
  do {                                                                              \
    if (auto gneiss_status = (expr); !gneiss_status.has_value()) {                  \
      co_return std::unexpected<::gneiss::Error>(std::move(gneiss_status.error())); \
    }                                                                               \
  } while (false)

#define GNEISS_CO_ASSIGN_OR_RETURN_INNER(result, lhs, expr)                \
  auto result = (expr);                                                    \
  if (!result.has_value()) {                                               \
    co_return std::unexpected<::gneiss::Error>(std::move(result.error())); \
  }                                                                        \
  lhs = std::move(*result)

#define GNEISS_CO_ASSIGN_OR_RETURN(lhs, expr) \
  GNEISS_CO_ASSIGN_OR_RETURN_INNER(GNEISS_CONCAT(gneiss_result_, __LINE__), lhs, expr)
