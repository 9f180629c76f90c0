// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <thread>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace gneiss::server {

namespace asio = boost::asio;

// EventLoop is one io_context and the one thread that runs it. What lives on a loop (connections,
// timers, parked requests) is touched by its thread only, and so needs no lock.
// Threads: Start, Stop and the destructor from the owner's; the rest any.
class EventLoop {
 public:
  explicit EventLoop(std::string name);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() { Stop(); }

  void Start();
  // Lets what is ready run, ends the thread. What is still waiting is destroyed with the loop.
  void Stop();

  asio::io_context& context() { return context_; }
  asio::any_io_executor executor() { return context_.get_executor(); }

 private:
  const std::string name_;  // of the thread, as debuggers and top show it; 15 bytes at most
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_;
  std::thread thread_;
};

}  // namespace gneiss::server
