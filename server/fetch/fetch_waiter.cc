// SPDX-License-Identifier: Apache-2.0
#include "server/fetch/fetch_waiter.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "protocol/base/mutex.h"
#include "server/dispatch/request_context.h"
#include "server/fetch/fetch_pass.h"
#include "server/metrics/loop_metrics.h"

namespace gneiss::server {

namespace asio = boost::asio;

// What the logs' callbacks hold: it may outlive the waiter by a posted call.
class FetchWaiter::Signal : public std::enable_shared_from_this<Signal> {
 public:
  explicit Signal(asio::any_io_executor loop) : loop_(std::move(loop)) {}

  // Any thread. One post wakes the loop for all calls that come before it runs.
  void Call(std::size_t index) EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      called_.push_back(index);
      if (std::exchange(posted_, true)) return;
    }
    asio::post(loop_, [self = shared_from_this()] { self->WakeUp(); });
  }

  // The rest: the loop only.
  std::vector<std::size_t> TakeCalled() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    posted_ = false;
    return std::exchange(called_, {});
  }
  void WakeUp() {
    if (timer_ != nullptr) timer_->cancel();
  }
  void SetTimer(asio::steady_timer* timer) { timer_ = timer; }

 private:
  const asio::any_io_executor loop_;
  asio::steady_timer* timer_ = nullptr;  // while somebody waits
  Mutex mutex_;
  std::vector<std::size_t> called_ GUARDED_BY(mutex_);
  bool posted_ GUARDED_BY(mutex_) = false;
};

FetchWaiter::FetchWaiter(RequestContext& ctx, Clock& clock)
    : ctx_(ctx), clock_(clock), signal_(std::make_shared<Signal>(ctx.executor())) {
  ctx_.metrics().parked_fetches.Add();
}

FetchWaiter::~FetchWaiter() {
  ctx_.metrics().parked_fetches.Subtract(1);
  for (const Watched& watched : watched_) {
    if (watched.id != 0) watched.log->Unwatch(watched.id);
  }
  signal_->SetTimer(nullptr);
}

void FetchWaiter::Watch(std::shared_ptr<engine::PartitionLog> log, Offset seen) {
  watched_.push_back({.log = std::move(log), .seen = seen});
  Register(watched_.size() - 1);
}

void FetchWaiter::Register(std::size_t index) {
  Watched& watched = watched_[index];
  auto wake = [signal = signal_, index] { signal->Call(index); };
  watched.id = watched.log->WatchHighWatermark(watched.seen, std::move(wake));
  if (watched.id == 0) signal_->Call(index);  // it has moved already
}

asio::awaitable<FetchWaiter::Wake> FetchWaiter::Wait(std::size_t bytes, TimePoint deadline) {
  asio::steady_timer timer(ctx_.executor());
  ctx_.OnClose([signal = signal_] { signal->WakeUp(); });
  std::optional<Wake> wake;
  while (!(wake = TakeCalls(bytes))) {
    const TimePoint now = clock_.Now();
    if (now >= deadline || ctx_.closed()) break;
    timer.expires_after(deadline - now);
    // Between TakeCalls and here the loop ran nothing else: no call is missed.
    signal_->SetTimer(&timer);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    signal_->SetTimer(nullptr);
  }
  ctx_.OnClose({});
  co_return wake.value_or(Wake::kTimeUp);
}

std::optional<FetchWaiter::Wake> FetchWaiter::TakeCalls(std::size_t bytes) {
  for (const std::size_t index : signal_->TakeCalled()) {
    watched_[index].id = 0;
    if (const std::optional<Wake> wake = CountGrowth(watched_[index], bytes)) return wake;
    Register(index);
  }
  return std::nullopt;
}

std::optional<FetchWaiter::Wake> FetchWaiter::CountGrowth(Watched& watched, std::size_t bytes) {
  const Offset high_watermark = watched.log->offsets().high_watermark;
  if (high_watermark <= watched.seen) return Wake::kLost;
  if (bytes <= 1) return Wake::kRead;  // the usual case: any record will do
  const engine::ReadLimits fresh{.bytes_max = bytes,
                                 .upper_bound = high_watermark,
                                 .at_least_one_batch = true,
                                 .tier = engine::ReadTier::kMemory};
  const Result<engine::ReadView> view = watched.log->Read(watched.seen, fresh);
  if (!view || view->batches.empty()) return Wake::kRead;
  watched.seen = OffsetBehind(view->batches.back());
  grown_bytes_ += view->bytes;
  if (grown_bytes_ >= bytes) return Wake::kRead;
  return std::nullopt;
}

}  // namespace gneiss::server
