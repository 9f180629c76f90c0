// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/loop_alarm.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace gneiss::server {

namespace asio = boost::asio;

// Threads: its loop only.
class LoopAlarm::Timer : public std::enable_shared_from_this<Timer> {
 public:
  Timer(const asio::any_io_executor& loop, std::function<void()> ring)
      : timer_(loop), ring_(std::move(ring)) {}

  asio::any_io_executor loop() { return timer_.get_executor(); }

  void Set(TimePoint time) {
    timer_.expires_at(time);  // ends the wait that runs
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->ring_();
    });
  }
  void Cancel() { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
  const std::function<void()> ring_;
};

LoopAlarm::LoopAlarm(asio::any_io_executor loop, std::function<void()> ring)
    : timer_(std::make_shared<Timer>(loop, std::move(ring))) {}

LoopAlarm::~LoopAlarm() { Cancel(); }

void LoopAlarm::WakeAt(TimePoint time) {
  asio::post(timer_->loop(), [timer = timer_, time] { timer->Set(time); });
}

void LoopAlarm::Cancel() {
  asio::post(timer_->loop(), [timer = timer_] { timer->Cancel(); });
}

}  // namespace gneiss::server
