// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "protocol/base/clock.h"
#include "protocol/base/result.h"
#include "protocol/base/shared_bytes.h"
#include "server/dispatch/api_table.h"
#include "server/dispatch/request_context.h"
#include "server/limits.h"
#include "server/metrics/loop_metrics.h"
#include "server/net/complaint_log.h"
#include "server/net/frame_reader.h"
#include "server/net/live_tasks.h"
#include "server/net/loop_event.h"
#include "server/net/memory_budget.h"
#include "server/net/response_queue.h"

namespace gneiss::server {

struct ConnectionLimits {
  std::size_t request_bytes_max = std::size_t{100} << 20;
  std::chrono::milliseconds idle_max{600'000};  // negative: never
  std::chrono::milliseconds response_pinned_max = limits::kResponsePinnedMax;
  std::chrono::milliseconds frame_read_max = limits::kFrameReadMax;
  std::chrono::milliseconds sweep_interval = limits::kSweepInterval;
};

// What all connections of a broker share. Outlives them.
struct ConnectionServices {
  Broker& broker;
  Clock& clock;
  std::span<const ServedApi> apis;
  std::shared_ptr<MemoryBudget> request_memory;
  std::shared_ptr<MemoryBudget> response_copy_memory;
  ComplaintLog& complaints;
  LiveTasks& tasks;
  ConnectionLimits limits;
};

// Connection serves one client's socket.
//
// ReadLoop takes frames in and starts each request when its turn has come: one at a time, except
// that a Produce may follow Produces whose order is fixed (RequestContext::Admit). While a request
// runs, one further frame is read ahead, which also notices a peer that goes away. WriteLoop sends
// the answers in the order of the requests. What is wrong with a request, as opposed to what it
// asks for, ends the connection after the answers before it, with one line in the log.
// Threads: its loop only. Kept alive by its coroutines and by whoever has to close it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `metrics` are those of its loop.
  Connection(asio::ip::tcp::socket socket, ConnectionInfo info, std::string peer,
             const ConnectionServices& services, LoopMetrics& metrics);
  ~Connection();

  // `on_closed` is called once, when the socket is closed. REQUIRES: called once.
  void Start(std::function<void(Connection&)> on_closed);
  // Closes the socket at once and wakes everything that waits for it. More than once is fine.
  void Close(CloseReason reason);
  // Since when it holds memory for a frame that is not complete yet, if it does.
  std::optional<TimePoint> holds_memory_since() const { return reader_.frame_began(); }
  // Takes it away from one that holds it for too long while others wait.
  void CloseForMemory();

 private:
  class Request;

  static asio::awaitable<void> ReadLoop(std::shared_ptr<Connection> self);
  static asio::awaitable<void> WriteLoop(std::shared_ptr<Connection> self);
  static asio::awaitable<void> ServeRequest(std::shared_ptr<Connection> self,
                                            std::unique_ptr<Request> request);

  // Finds out what a frame asks for; an error ends the connection.
  Result<std::unique_ptr<Request>> Identify(SharedBytes frame);
  bool MayStart(const Request& request) const;
  void Finish(Request& request, Status served, wire::Writer& out);
  void Answer(const Request& request, wire::Writer& out);
  void NoteWritten();
  // Ends the connection in place of an answer, once all earlier answers are sent. `text` is for the
  // log.
  void BreakOff(ResponseQueue::Slot slot, CloseReason reason, const std::string& text);
  void GuardPinnedOutput();
  void UnpinOutput();
  void ArmIdleTimer();
  void CloseIfIdle();

  const ConnectionServices& services_;
  LoopMetrics& metrics_;
  ConnectionInfo info_;
  const std::string peer_;  // address:port, for the log
  asio::ip::tcp::socket socket_;
  FrameReader reader_;
  ResponseQueue responses_;
  std::function<void(Connection&)> on_closed_;
  std::vector<Request*> in_flight_;  // started, not answered
  std::size_t unadmitted_ = 0;       // of those, the ones that no Produce may pass
  bool closed_ = false;
  CloseReason break_off_ = CloseReason::kBadRequest;  // once closing() is to come true
  LoopEvent turn_;    // ReadLoop waits: a request was answered or admitted, output was written
  LoopEvent output_;  // WriteLoop waits: there is something to write, or to close
  TimePoint last_write_;
  asio::steady_timer idle_timer_;
  asio::steady_timer pinned_timer_;
  bool pinned_timer_armed_ = false;
};

}  // namespace gneiss::server
