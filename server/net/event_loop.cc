// SPDX-License-Identifier: Apache-2.0
#include "server/net/event_loop.h"

#include <utility>

#include <pthread.h>

namespace gneiss::server {

EventLoop::EventLoop(std::string name)
    : name_(std::move(name)), keep_running_(context_.get_executor()) {}

void EventLoop::Start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), name_.c_str());
    context_.run();
  });
}

void EventLoop::Stop() {
  if (!thread_.joinable()) return;
  keep_running_.reset();
  context_.stop();
  thread_.join();
}

}  // namespace gneiss::server
