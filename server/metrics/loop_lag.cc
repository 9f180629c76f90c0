// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/loop_lag.h"

#include <cstddef>
#include <memory>
#include <optional>

#include <boost/asio/post.hpp>

#include "protocol/base/mutex.h"

namespace gneiss::server {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// What the posted tasks hold: they may come later than anybody waits.
struct Probe {
  explicit Probe(std::size_t loops) : lags(loops), missing(loops) {}

  Mutex mutex;
  CondVar done;
  std::vector<std::optional<nanoseconds>> lags GUARDED_BY(mutex);
  std::size_t missing GUARDED_BY(mutex);
};

}  // namespace

std::vector<nanoseconds> MeasureLoopLag(std::span<const boost::asio::any_io_executor> loops,
                                        nanoseconds at_most) {
  const auto probe = std::make_shared<Probe>(loops.size());
  const steady_clock::time_point began = steady_clock::now();
  for (std::size_t i = 0; i < loops.size(); ++i) {
    boost::asio::post(loops[i], [probe, began, i] {
      const MutexLock lock(probe->mutex);
      probe->lags[i] = steady_clock::now() - began;
      if (--probe->missing == 0) probe->done.NotifyAll();
    });
  }
  const MutexLock lock(probe->mutex);
  while (probe->missing > 0) {
    const nanoseconds left = began + at_most - steady_clock::now();
    if (left.count() <= 0 || !probe->done.WaitFor(probe->mutex, left)) break;
  }
  std::vector<nanoseconds> lags;
  for (const std::optional<nanoseconds>& lag : probe->lags) lags.push_back(lag.value_or(at_most));
  return lags;
}

}  // namespace gneiss::server
