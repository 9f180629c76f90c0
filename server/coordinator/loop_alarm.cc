// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/loop_alarm.h"

#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "protocol/base/mutex.h"

namespace gneiss::server {

namespace asio = boost::asio;

// What is wanted is kept here and not in what is posted: posts of different threads overtake each
// other, and the timer must end up with the last wish.
// Threads: Want any; the timer its loop only.
class LoopAlarm::Timer : public std::enable_shared_from_this<Timer> {
 public:
  Timer(const asio::any_io_executor& loop, std::function<void()> ring)
      : timer_(loop), ring_(std::move(ring)) {}

  void Want(std::optional<TimePoint> time) EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      wanted_ = time;
    }
    asio::post(timer_.get_executor(), [self = shared_from_this()] { self->Apply(); });
  }

 private:
  void Apply() {
    timer_.cancel();
    const std::optional<TimePoint> time = wanted();
    if (!time) return;
    timer_.expires_at(*time);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->ring_();
    });
  }
  std::optional<TimePoint> wanted() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return wanted_;
  }

  asio::steady_timer timer_;
  const std::function<void()> ring_;
  mutable Mutex mutex_;
  std::optional<TimePoint> wanted_ GUARDED_BY(mutex_);
};

LoopAlarm::LoopAlarm(asio::any_io_executor loop, std::function<void()> ring)
    : timer_(std::make_shared<Timer>(loop, std::move(ring))) {}

LoopAlarm::~LoopAlarm() { Cancel(); }

void LoopAlarm::WakeAt(TimePoint time) { timer_->Want(time); }

void LoopAlarm::Cancel() { timer_->Want(std::nullopt); }

}  // namespace gneiss::server
