// SPDX-License-Identifier: Apache-2.0
#include "server/net/connection.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <glog/logging.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "protocol/frame.h"

namespace gneiss::server {

// One request from its frame to its answer.
class Connection::Request final : public RequestContext {
 public:
  Request(Connection& connection, const ServedApi& api, std::size_t frame_bytes,
          protocol::FrameHeader header, wire::Reader body)
      : connection_(connection),
        api_(api),
        metrics_(connection.metrics_.of(api)),
        frame_bytes_(frame_bytes),
        header_(std::move(header)),
        client_id_(header_.client_id.value_or("")),
        received_at_(connection.services_.clock.Now()),
        body_(std::move(body)) {}

  ApiKey api_key() const override { return api_.key; }
  std::int16_t version() const override { return header_.api_version; }
  const std::string& client_id() const override { return client_id_; }
  const ConnectionInfo& connection() const override { return connection_.info_; }
  ConnectionInfo& mutable_connection() override { return connection_.info_; }
  TimePoint received_at() const override { return received_at_; }
  asio::any_io_executor executor() const override { return connection_.socket_.get_executor(); }
  Broker& broker() const override { return connection_.services_.broker; }
  LoopMetrics& metrics() const override { return connection_.metrics_; }
  void CountError(std::int16_t code) override { metrics_.CountError(code); }
  bool closed() const override { return connection_.closed_; }
  void SuppressResponse() override { suppressed_ = true; }
  void CloseConnection(std::string reason) override { close_reason_ = std::move(reason); }

  void Admit() override {
    if (std::exchange(admitted_, true)) return;
    --connection_.unadmitted_;
    connection_.turn_.Notify();
  }

  void OnClose(std::move_only_function<void()> wake) override {
    on_close_ = std::move(wake);
    if (closed()) Wake();
  }
  void Wake() {
    if (auto wake = std::exchange(on_close_, nullptr)) wake();
  }

  const ServedApi& api() const { return api_; }
  bool admitted() const { return admitted_; }
  bool suppressed() const { return suppressed_; }
  const std::optional<std::string>& close_reason() const { return close_reason_; }
  ResponseQueue::Slot slot() const { return slot_; }
  void set_slot(ResponseQueue::Slot slot) { slot_ = slot; }

  // It is its turn now.
  void NoteStart() {
    started_at_ = connection_.services_.clock.Now();
    metrics_.requests.Add();
    metrics_.request_bytes.Add(protocol::kFrameSizeBytes + frame_bytes_);
    metrics_.queue_ns.Add(static_cast<std::uint64_t>((started_at_ - received_at_).count()));
  }
  void NoteAnswer() {
    metrics_.answered.Add();
    metrics_.handling.Observe(connection_.services_.clock.Now() - started_at_);
  }

  asio::awaitable<Status> Serve(wire::Writer& out) {
    const bool served = api_.served.Contains(version());
    const wire::Form form =
        served ? wire::FormOf(version(), api_.first_flexible) : wire::Form::kClassic;
    protocol::BeginResponse(out, header_.correlation_id,
                            protocol::ResponseHeaderVersionOf(header_.api_key, form));
    if (!served) {
      api_.refuse_version(out);
      co_return out.status();
    }
    if (form == wire::Form::kCompact) {
      GNEISS_CO_RETURN_IF_ERROR(protocol::SkipHeaderTags(body_));
    }
    co_return co_await api_.serve(*this, std::move(body_), out);
  }

 private:
  Connection& connection_;
  const ServedApi& api_;
  ApiMetrics& metrics_;
  const std::size_t frame_bytes_;
  const protocol::FrameHeader header_;
  const std::string client_id_;
  const TimePoint received_at_;
  TimePoint started_at_;
  wire::Reader body_;
  ResponseQueue::Slot slot_ = 0;
  bool admitted_ = false;
  bool suppressed_ = false;
  std::optional<std::string> close_reason_;
  std::move_only_function<void()> on_close_;
};

Connection::Connection(asio::ip::tcp::socket socket, ConnectionInfo info, std::string peer,
                       const ConnectionServices& services, LoopMetrics& metrics)
    : services_(services),
      metrics_(metrics),
      info_(std::move(info)),
      peer_(std::move(peer)),
      socket_(std::move(socket)),
      reader_(socket_, services.limits.request_bytes_max, services.request_memory),
      last_write_(reader_.last_read()),
      idle_timer_(socket_.get_executor()),
      pinned_timer_(socket_.get_executor()) {}

Connection::~Connection() = default;

void Connection::Start(std::function<void(Connection&)> on_closed) {
  on_closed_ = std::move(on_closed);
  metrics_.connections_opened.Add();
  ArmIdleTimer();
  Supervise(services_.tasks, socket_.get_executor(), "connection writer",
            WriteLoop(shared_from_this()));
  Supervise(services_.tasks, socket_.get_executor(), "connection reader",
            ReadLoop(shared_from_this()));
}

void Connection::Close(CloseReason reason) {
  if (std::exchange(closed_, true)) return;
  metrics_.connections_closed[static_cast<std::size_t>(reason)].Add();
  boost::system::error_code ignored;
  socket_.close(ignored);
  idle_timer_.cancel();
  pinned_timer_.cancel();
  const std::vector<Request*> parked = in_flight_;
  for (Request* request : parked) request->Wake();
  turn_.Notify();
  output_.Notify();
  if (on_closed_) std::exchange(on_closed_, nullptr)(*this);
}

void Connection::CloseForMemory() {
  services_.complaints.Closing(peer_, info_.listener,
                               "it sends a large request too slowly while memory is short");
  Close(CloseReason::kMemory);
}

asio::awaitable<void> Connection::ReadLoop(std::shared_ptr<Connection> self) {
  Connection& c = *self;
  while (!c.closed_) {
    Result<SharedBytes> frame = co_await c.reader_.Next();
    if (!frame && frame.error().code == Errc::kShuttingDown) {
      c.Close(CloseReason::kPeer);
      co_return;
    }
    Result<std::unique_ptr<Request>> request =
        frame ? c.Identify(std::move(*frame)) : std::unexpected(frame.error());
    if (!request) {
      const bool no_memory = request.error().code == Errc::kResourceExhausted;
      c.BreakOff(c.responses_.Reserve(),
                 no_memory ? CloseReason::kMemory : CloseReason::kBadRequest,
                 request.error().detail);
      co_return;
    }
    while (!c.closed_ && !c.MayStart(**request)) co_await c.turn_.Wait();
    if (c.closed_) co_return;
    (*request)->set_slot(c.responses_.Reserve());
    c.in_flight_.push_back(request->get());
    ++c.unadmitted_;
    (*request)->NoteStart();
    Supervise(c.services_.tasks, c.socket_.get_executor(), "request",
              ServeRequest(self, std::move(*request)));
  }
}

Result<std::unique_ptr<Connection::Request>> Connection::Identify(SharedBytes frame) {
  const std::size_t frame_bytes = frame.size();
  wire::Reader in(std::move(frame));
  Result<protocol::FrameHeader> header = protocol::ReadFrameHeader(in);
  if (!header) {
    return Fail(Errc::kMalformed, "a request header that cannot be read: " + header.error().detail);
  }
  const ServedApi* api = FindApi(services_.apis, header->api_key);
  if (api == nullptr) {
    return Fail(Errc::kMalformed,
                "a request with API key " + std::to_string(header->api_key) + ", not served here");
  }
  if (!api->served.Contains(header->api_version) && api->refuse_version == nullptr) {
    return Fail(Errc::kMalformed, "a request " + std::string(api->name) + " of version " +
                                      std::to_string(header->api_version) + ", served are " +
                                      std::to_string(api->served.min) + " to " +
                                      std::to_string(api->served.max));
  }
  return std::make_unique<Request>(*this, *api, frame_bytes, std::move(*header), std::move(in));
}

bool Connection::MayStart(const Request& request) const {
  if (responses_.output_bytes() >= limits::kResponseBytesQueuedMax) return false;
  if (responses_.output_fragments() >= limits::kResponseFragmentsQueuedMax) return false;
  if (in_flight_.empty()) return true;
  return request.api_key() == ApiKey::kProduce && unadmitted_ == 0 &&
         in_flight_.size() < limits::kProducesInFlightMax;
}

asio::awaitable<void> Connection::ServeRequest(std::shared_ptr<Connection> self,
                                               std::unique_ptr<Request> request) {
  wire::Writer out;
  Status served;
  try {
    served = co_await request->Serve(out);
  } catch (const std::exception& e) {
    LOG(ERROR) << "a handler threw api=" << request->api().name << " what=" << e.what();
    served = Fail(Errc::kInternal, e.what());
  }
  self->Finish(*request, std::move(served), out);
}

void Connection::Finish(Request& request, Status served, wire::Writer& out) {
  std::erase(in_flight_, &request);
  if (!request.admitted()) --unadmitted_;
  request.NoteAnswer();
  if (closed_) return;
  if (served && !request.close_reason() && !request.suppressed()) {
    served = protocol::EndResponse(out);
  }
  if (!served) {
    BreakOff(request.slot(), CloseReason::kBadRequest,
             "a request " + std::string(request.api().name) + " of version " +
                 std::to_string(request.version()) + ": " + served.error().detail);
  } else if (request.close_reason()) {
    BreakOff(request.slot(), CloseReason::kFailedWrite, *request.close_reason());
  } else if (request.suppressed()) {
    responses_.Complete(request.slot(), {}, {});
    metrics_.of(request.api()).total.Observe(services_.clock.Now() - request.received_at());
  } else {
    Answer(request, out);
  }
  output_.Notify();
  turn_.Notify();
}

void Connection::Answer(const Request& request, wire::Writer& out) {
  std::vector<SharedBytes> fragments = out.TakeFragments();
  std::size_t bytes = 0;
  for (const SharedBytes& fragment : fragments) bytes += fragment.size();
  metrics_.of(request.api()).response_bytes.Add(bytes);
  responses_.Complete(request.slot(), std::move(fragments),
                      {&request.api(), request.received_at()});
}

void Connection::NoteWritten() {
  while (const std::optional<ResponseQueue::Receipt> written = responses_.TakeWritten()) {
    metrics_.of(*written->api).total.Observe(last_write_ - written->received_at);
  }
}

void Connection::BreakOff(ResponseQueue::Slot slot, CloseReason reason, const std::string& text) {
  services_.complaints.Closing(peer_, info_.listener, text);
  break_off_ = reason;
  responses_.CompleteWithClose(slot);
  output_.Notify();
}

asio::awaitable<void> Connection::WriteLoop(std::shared_ptr<Connection> self) {
  Connection& c = *self;
  while (!c.closed_) {
    if (c.responses_.closing()) {
      c.Close(c.break_off_);
      co_return;
    }
    if (!c.responses_.has_output()) {
      co_await c.output_.Wait();
      continue;
    }
    const Result<std::size_t> written = c.responses_.WriteSome(c.socket_.native_handle());
    if (written) {
      c.last_write_ = std::chrono::steady_clock::now();
      c.NoteWritten();
      if (!c.responses_.has_output() && std::exchange(c.pinned_timer_armed_, false)) {
        c.pinned_timer_.cancel();
      }
      c.turn_.Notify();
    } else if (written.error().code == Errc::kWouldBlock) {
      c.GuardPinnedOutput();
      co_await c.socket_.async_wait(asio::ip::tcp::socket::wait_write,
                                    asio::as_tuple(asio::use_awaitable));
    } else {
      c.Close(CloseReason::kPeer);
    }
  }
}

void Connection::GuardPinnedOutput() {
  if (responses_.output_is_copied() || std::exchange(pinned_timer_armed_, true)) return;
  pinned_timer_.expires_after(services_.limits.response_pinned_max);
  pinned_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->UnpinOutput();
  });
}

void Connection::UnpinOutput() {
  pinned_timer_armed_ = false;
  if (closed_ || !responses_.has_output() || responses_.output_is_copied()) return;
  if (!responses_.CopyOutput(services_.response_copy_memory)) {
    services_.complaints.Closing(peer_, info_.listener, "it does not read its responses");
    Close(CloseReason::kSlowReader);
  }
}

void Connection::ArmIdleTimer() {
  const std::chrono::milliseconds idle_max = services_.limits.idle_max;
  if (idle_max.count() < 0) return;
  // A request that is being served for long is not idleness: look again after as long.
  const TimePoint since = in_flight_.empty() ? std::max(reader_.last_read(), last_write_)
                                             : std::chrono::steady_clock::now();
  idle_timer_.expires_at(since + idle_max);
  idle_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->CloseIfIdle();
  });
}

void Connection::CloseIfIdle() {
  const TimePoint active = std::max(reader_.last_read(), last_write_);
  if (in_flight_.empty() &&
      std::chrono::steady_clock::now() - active >= services_.limits.idle_max) {
    VLOG(1) << "closing an idle connection peer=" << peer_;
    Close(CloseReason::kIdle);
  } else if (!closed_) {
    ArmIdleTimer();
  }
}

}  // namespace gneiss::server
