// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "server/coordinator/group_shard.h"

namespace gneiss::server {

// LoopAlarm is an alarm on an event loop: one timer, however many deadlines there are behind it.
// The last call counts, whichever thread it came from. Threads: any; `ring` runs on the loop.
class LoopAlarm final : public ShardAlarm {
 public:
  LoopAlarm(boost::asio::any_io_executor loop, std::function<void()> ring);
  ~LoopAlarm() override;

  void WakeAt(TimePoint time) override;
  void Cancel() override;

 private:
  class Timer;
  std::shared_ptr<Timer> timer_;  // shared with what is posted to the loop
};

}  // namespace gneiss::server
