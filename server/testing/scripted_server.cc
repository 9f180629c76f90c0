// SPDX-License-Identifier: Apache-2.0
#include "server/testing/scripted_server.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

#include <glog/logging.h>
#include <boost/asio/post.hpp>

#include "protocol/base/big_endian.h"
#include "protocol/base/mutex.h"
#include "server/broker.h"

namespace gneiss::server::testing {
namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

// What the handlers do, and what they have done. The gates belong to the loop.
struct ScriptedServer::Script {
  struct Gate {
    bool open = false;
    LoopEvent opened;
  };
  std::map<std::int32_t, Gate> gates;

  Mutex mutex;
  CondVar changed;
  std::vector<std::int32_t> started GUARDED_BY(mutex);
  std::optional<std::weak_ptr<const void>> pinned GUARDED_BY(mutex);  // by the last kLarge

  void Start(std::int32_t token) {
    MutexLock lock(mutex);
    started.push_back(token);
    changed.NotifyAll();
  }
};

namespace {

// A broker that has nothing but the script: handlers reach it through their context.
class ScriptBroker final : public Broker {
 public:
  explicit ScriptBroker(void* script) : script_(script) {}
  void* script() const { return script_; }

  const BrokerConfig& config() const override { return Absent<const BrokerConfig>(); }
  const std::string& cluster_id() const override { return Absent<const std::string>(); }
  Clock& clock() const override { return Clock::System(); }
  engine::Engine& engine() const override { return Absent<engine::Engine>(); }
  MetadataSource& metadata() const override { return Absent<MetadataSource>(); }
  Controller& controller() const override { return Absent<Controller>(); }
  PartitionTable& partitions() const override { return Absent<PartitionTable>(); }
  GroupCoordinator& groups() const override { return Absent<GroupCoordinator>(); }
  FetchSessionCache& fetch_sessions() const override { return Absent<FetchSessionCache>(); }
  ProducerIdAllocator& producer_ids() const override { return Absent<ProducerIdAllocator>(); }
  ClientTelemetry& telemetry() const override { return Absent<ClientTelemetry>(); }
  StoragePool& storage() const override { return Absent<StoragePool>(); }

 private:
  template <class T>
  static T& Absent() {
    throw std::logic_error("a scripted handler asked for a part of the broker");
  }

  void* script_;
};

template <class Script>
Script& ScriptOf(RequestContext& ctx) {
  return *static_cast<Script*>(static_cast<ScriptBroker&>(ctx.broker()).script());
}

template <class Script>
asio::awaitable<void> AwaitGate(RequestContext& ctx, std::int32_t token) {
  auto& gate = ScriptOf<Script>(ctx).gates[token];
  ctx.OnClose([&gate] { gate.opened.Notify(); });
  while (!gate.open && !ctx.closed()) co_await gate.opened.Wait();
}

template <class Script>
asio::awaitable<Status> ServeGated(RequestContext& ctx, wire::Reader in, wire::Writer& out) {
  const std::int32_t token = in.ReadInt32();
  if (ctx.api_key() == ApiKey::kProduce) ctx.Admit();
  ScriptOf<Script>(ctx).Start(token);
  co_await AwaitGate<Script>(ctx, token);
  out.WriteInt32(token);
  co_return in.status();
}

template <class Script>
asio::awaitable<Status> ServeEcho(RequestContext& ctx, wire::Reader in, wire::Writer& out) {
  const std::int32_t token = in.ReadInt32();
  if (in.ok()) ScriptOf<Script>(ctx).Start(token);
  out.WriteInt32(token);
  out.WriteRaw(in.ReadRaw(in.remaining()));
  co_return in.status();
}

asio::awaitable<Status> ServeThrow(RequestContext&, wire::Reader, wire::Writer&) {
  throw std::runtime_error("scripted");
  co_return Status();
}

asio::awaitable<Status> ServeSilent(RequestContext& ctx, wire::Reader, wire::Writer&) {
  ctx.SuppressResponse();
  co_return Status();
}

asio::awaitable<Status> ServeBreak(RequestContext& ctx, wire::Reader, wire::Writer&) {
  ctx.CloseConnection("scripted break");
  co_return Status();
}

template <class Script>
asio::awaitable<Status> ServeLarge(RequestContext& ctx, wire::Reader in, wire::Writer& out) {
  const auto size = static_cast<std::size_t>(in.ReadInt32());
  const SharedBytes bytes = SharedBytes::Own(std::string(size, 'x'));
  Script& script = ScriptOf<Script>(ctx);
  {
    MutexLock lock(script.mutex);
    script.pinned = bytes.owner();
  }
  out.WriteRecords(wire::Form::kClassic, wire::Records(bytes));
  co_return in.status();
}

asio::awaitable<Status> ServeAdvertised(RequestContext& ctx, wire::Reader, wire::Writer& out) {
  const Endpoint& endpoint = ctx.connection().advertised;
  out.WriteString(wire::Form::kClassic, endpoint.host);
  out.WriteInt32(endpoint.port);
  co_return Status();
}

constexpr std::int16_t kNeverFlexible = 32767;

constexpr ServedApi Api(Scripted key, ServeFunction serve) {
  return {.key = static_cast<ApiKey>(key),
          .name = "Scripted",
          .served = {0, 3},
          .advertised = {0, 3},
          .first_flexible = kNeverFlexible,
          .serve = serve};
}

template <class Script>
constexpr std::array kApis = {
    Api(Scripted::kGatedProduce, &ServeGated<Script>),
    Api(Scripted::kGated, &ServeGated<Script>),
    Api(Scripted::kEcho, &ServeEcho<Script>),
    Api(Scripted::kThrow, &ServeThrow),
    Api(Scripted::kSilent, &ServeSilent),
    Api(Scripted::kBreak, &ServeBreak),
    Api(Scripted::kLarge, &ServeLarge<Script>),
    Api(Scripted::kAdvertised, &ServeAdvertised),
};

}  // namespace

ScriptedServer::ScriptedServer(ScriptedOptions options)
    : script_(std::make_unique<Script>()),
      broker_(std::make_unique<ScriptBroker>(script_.get())),
      complaints_(Clock::System()),
      loop_("loop", kApis<Script>),
      counts_(options.quotas),
      services_{.broker = *broker_,
                .clock = Clock::System(),
                .apis = kApis<Script>,
                .request_memory = std::make_shared<MemoryBudget>(options.request_memory),
                .response_copy_memory = std::make_shared<MemoryBudget>(options.copy_memory),
                .complaints = complaints_,
                .tasks = tasks_,
                .limits = options.limits} {
  ListenerOptions listen{.listen = {"PLAINTEXT", "PLAINTEXT", options.host, options.port},
                         .advertised = options.advertised,
                         .backlog = 128,
                         .send_buffer_bytes = {},
                         .receive_buffer_bytes = {}};
  Result<std::unique_ptr<Listener>> listener =
      Listener::Open(std::move(listen), {&loop_}, counts_, services_);
  if (!listener) throw std::runtime_error(listener.error().detail);
  listener_ = std::move(*listener);
  listener_->Start();
  loop_.connections.StartSweeping(loop_.loop.context(), services_);
  loop_.loop.Start();
}

ScriptedServer::~ScriptedServer() { Stop(); }

bool ScriptedServer::Stop() {
  if (std::exchange(stopped_, true)) return true;
  asio::post(loop_.loop.context(), [this] {
    listener_->Close();
    loop_.connections.CloseAll();
  });
  const bool clean = tasks_.WaitForNone(kPatience);
  loop_.loop.Stop();
  return clean;
}

void ScriptedServer::AwaitStarted(std::int32_t token) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(script_->mutex);
  while (std::ranges::find(script_->started, token) == script_->started.end()) {
    if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error("never started");
    script_->changed.WaitFor(script_->mutex, kPatience);
  }
}

std::vector<std::int32_t> ScriptedServer::Started() {
  MutexLock lock(script_->mutex);
  return script_->started;
}

void ScriptedServer::Open(std::int32_t token) {
  asio::post(loop_.loop.context(), [this, token] {
    Script::Gate& gate = script_->gates[token];
    gate.open = true;
    gate.opened.Notify();
  });
}

bool ScriptedServer::AwaitUnpinned() {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(script_->mutex);
  while (!script_->pinned || !script_->pinned->expired()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    script_->changed.WaitFor(script_->mutex, std::chrono::milliseconds(5));
  }
  return true;
}

std::string ScriptedRequest(Scripted api, std::int32_t token, std::string_view rest) {
  wire::Writer out;
  out.WriteInt32(0);
  out.WriteInt16(static_cast<std::int16_t>(api));
  out.WriteInt16(0);
  out.WriteInt32(token);  // the correlation id too
  out.WriteString(wire::Form::kClassic, "scripted");
  out.WriteInt32(token);
  out.WriteRaw(AsBytes(rest));
  std::string frame = out.TakeString();
  StoreBigEndian(frame.data(), static_cast<std::int32_t>(frame.size() - 4));
  return frame;
}

std::int32_t TokenOf(const SharedBytes& frame) {
  return LoadBigEndian<std::int32_t>(frame.data() + 4);  // behind the correlation id
}

}  // namespace gneiss::server::testing
