// SPDX-License-Identifier: Apache-2.0
#include "server/broker_impl.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <glog/logging.h>
#include <sys/socket.h>
#include <boost/asio/post.hpp>

#include "engine/snapshot/directory_copy.h"
#include "server/config/effective_config.h"
#include "server/dispatch/api_table.h"
#include "server/limits.h"
#include "server/metrics/process_metrics.h"
#include "server/net/address_text.h"

namespace gneiss::server {
namespace {

// Timers cannot reach further; nobody will see the difference.
constexpr std::chrono::milliseconds kIdleMax = std::chrono::hours(24 * 365);

std::size_t EventLoops(int wanted) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return static_cast<std::size_t>(wanted > 0 ? wanted : std::min(cores, limits::kEventLoopsMax));
}

std::size_t RequestMemory(const BrokerConfig& config) {
  const auto one_request = static_cast<std::size_t>(config.socket_request_max_bytes);
  const std::size_t wanted = config.queued_max_request_bytes > 0
                                 ? static_cast<std::size_t>(config.queued_max_request_bytes)
                                 : limits::kRequestMemoryBytes;
  return std::max(wanted, one_request);  // or the largest request would never fit
}

ConnectionLimits LimitsOf(const BrokerConfig& config) {
  ConnectionLimits limits;
  limits.request_bytes_max = static_cast<std::size_t>(config.socket_request_max_bytes);
  limits.idle_max = std::min(config.connections_max_idle, kIdleMax);
  return limits;
}

// Kafka's defaults for these would switch off the kernel's own tuning, which is better: they count
// only when somebody asked for them.
std::optional<int> IfGiven(const BrokerConfig& config, const char* key, std::int32_t value) {
  return config.static_values.contains(key) && value > 0 ? std::optional<int>(value) : std::nullopt;
}

std::optional<Endpoint> AdvertisedFor(const BrokerConfig& config, const ListenerConfig& listener) {
  for (const ListenerConfig& advertised : config.advertised_listeners) {
    if (advertised.name == listener.name) return Endpoint{advertised.host, advertised.port};
  }
  return std::nullopt;
}

// A snapshot of a broker with several log directories is one directory with others within.
BrokerConfig WithAllDataDirs(BrokerConfig config) {
  if (!config.metadata_log_dir) config.metadata_log_dir = config.log_dirs.front();
  config.log_dirs = engine::WithSnapshotDataDirs(config.log_dirs);
  return config;
}

ConnectionQuotas QuotasOf(const BrokerConfig& config) {
  return {.total = config.max_connections,
          .per_ip = config.max_connections_per_ip,
          .per_ip_overrides = config.max_connections_per_ip_overrides,
          .accepts_per_second = config.max_connection_creation_rate};
}

engine::CleanerOptions CleanerOptionsOf(const BrokerConfig& config) {
  return {.enabled = config.log_cleaner_enable,
          .threads = config.log_cleaner_threads,
          .key_map_bytes = static_cast<std::size_t>(config.log_cleaner_dedupe_buffer_bytes),
          .io_bytes_per_second = config.log_cleaner_io_max_bytes_per_second,
          .backoff = config.log_cleaner_backoff};
}

engine::EngineOptions EngineOptionsOf(const BrokerConfig& config) {
  engine::EngineOptions options;
  options.data_dirs = config.log_dirs;
  options.metadata_dir = config.metadata_log_dir.value_or(config.log_dirs.front());
  options.retention_check_interval = config.log_retention_check_interval;
  options.cleaner = CleanerOptionsOf(config);
  return options;
}

std::vector<engine::PartitionToClone> PartitionsOf(const TopicClone& clone) {
  std::vector<engine::PartitionToClone> partitions;
  for (std::int32_t p = 0; p < clone.partitions; ++p) {
    partitions.push_back({.source = {clone.source, PartitionId(p)},
                          .source_id = clone.source_id,
                          .target = {clone.target, PartitionId(p)},
                          .target_id = clone.target_id,
                          .at = clone.at});
  }
  return partitions;
}

}  // namespace

Result<std::unique_ptr<BrokerImpl>> BrokerImpl::Start(BrokerOptions options) {
  std::unique_ptr<BrokerImpl> broker(new BrokerImpl(std::move(options)));
  // The ports first: a second broker is refused before it touches the data.
  GNEISS_RETURN_IF_ERROR(broker->OpenListeners());
  // It tells that the broker starts, which may take long after a crash.
  GNEISS_RETURN_IF_ERROR(broker->OpenHttp());
  GNEISS_RETURN_IF_ERROR(broker->OpenData());
  broker->OpenMetrics();
  broker->Serve();
  return broker;
}

BrokerImpl::BrokerImpl(BrokerOptions options)
    : config_(WithAllDataDirs(std::move(options.config))),
      http_address_(std::move(options.http_address)),
      complaints_(Clock::System()),
      connection_counts_(QuotasOf(config_)),
      connection_services_{
          .broker = *this,
          .clock = Clock::System(),
          .apis = ServedApis(),
          .request_memory = std::make_shared<MemoryBudget>(RequestMemory(config_)),
          .response_copy_memory = std::make_shared<MemoryBudget>(limits::kResponseCopyBytes),
          .complaints = complaints_,
          .tasks = tasks_,
          .limits = LimitsOf(config_)} {
  for (std::size_t i = 0; i < EventLoops(options.event_loops); ++i) {
    loops_.push_back(
        std::make_unique<LoopWithConnections>("loop-" + std::to_string(i), ServedApis()));
  }
}

BrokerImpl::~BrokerImpl() {
  if (const Status stopped = Stop(); !stopped) LOG(ERROR) << stopped.error().detail;
}

Status BrokerImpl::OpenListeners() {
  std::vector<LoopWithConnections*> loops;
  for (const auto& loop : loops_) loops.push_back(loop.get());
  for (const ListenerConfig& listen : config_.listeners) {
    ListenerOptions options{
        .listen = listen,
        .advertised = AdvertisedFor(config_, listen),
        .backlog = IfGiven(config_, "socket.listen.backlog.size", config_.socket_listen_backlog)
                       .value_or(SOMAXCONN),
        .send_buffer_bytes =
            IfGiven(config_, "socket.send.buffer.bytes", config_.socket_send_buffer_bytes),
        .receive_buffer_bytes =
            IfGiven(config_, "socket.receive.buffer.bytes", config_.socket_receive_buffer_bytes)};
    GNEISS_ASSIGN_OR_RETURN(
        listeners_.emplace_back(),
        Listener::Open(std::move(options), loops, connection_counts_, connection_services_));
  }
  return {};
}

Status BrokerImpl::OpenData() {
  storage_ = std::make_unique<StoragePool>(limits::kStorageThreads);
  GNEISS_ASSIGN_OR_RETURN(engine_, engine::Engine::Open(EngineOptionsOf(config_)));
  GNEISS_ASSIGN_OR_RETURN(controller_, LocalController::Open(engine_->metadata_log(), config_));
  FollowDynamicConfig();
  partitions_ = PartitionTable::Open(*engine_, *controller_, config_, [this](const Uuid& topic_id) {
    return controller_->IsRemoved(topic_id);
  });
  controller_->SetMayHold([this](const Uuid& topic_id) { return engine_->MayHold(topic_id); });
  controller_->SetCloner(
      [this](const TopicClone& clone) { return engine_->ClonePartitions(PartitionsOf(clone)); });
  fetch_sessions_ = std::make_unique<FetchSessionCache>(
      static_cast<std::size_t>(std::max(0, config_.max_incremental_fetch_session_cache_slots)),
      Clock::System());
  producer_ids_ = std::make_unique<ProducerIdAllocator>(*controller_);
  groups_ = std::make_unique<GroupCoordinator>(
      GroupCoordinator::Parts{.config = config_,
                              .clock = Clock::System(),
                              .metadata = *controller_,
                              .partitions = *partitions_,
                              .storage = *storage_,
                              .timers = loops_.front()->loop.executor()});
  telemetry_ = std::make_unique<ClientTelemetry>(
      *controller_, Clock::System(), static_cast<std::size_t>(config_.telemetry_max_bytes));
  return {};
}

// What was changed at run time before is in force from the start.
void BrokerImpl::FollowDynamicConfig() {
  const auto apply = [this](const MetadataImage& image) {
    const BrokerConfig config = ResolveBrokerConfig(config_, image);
    connection_counts_.SetQuotas(QuotasOf(config));
    engine_->SetCleanerOptions(CleanerOptionsOf(config));
  };
  apply(*controller_->image());
  controller_->Subscribe([apply](const MetadataImage& before, const MetadataImage& after) {
    const auto is_broker = [](const ConfigResource& resource) {
      return resource.first == ConfigResourceType::kBroker;
    };
    if (std::ranges::any_of(ChangedConfigs(before, after), is_broker)) apply(after);
  });
}

Status BrokerImpl::OpenHttp() {
  HttpServerOptions options;
  if (!http_address_.empty()) {
    GNEISS_ASSIGN_OR_RETURN(const HostPort address, ParseHostAndPort(http_address_));
    options.address = {.host = address.host, .port = address.port};
  }
  pages_ = std::make_unique<Pages>(Sources());
  options.pages = [pages = pages_.get()](const HttpRequest& request) {
    return pages->Answer(request);
  };
  GNEISS_ASSIGN_OR_RETURN(http_, HttpServer::Start(std::move(options)));
  return {};
}

PageSources BrokerImpl::Sources() {
  return {.metrics = [this] { return MetricsText(); },
          .readiness = [this] { return CheckReadiness(); },
          .snapshot = [this](const std::filesystem::path& to) -> Result<engine::SnapshotReport> {
            if (!data_is_open_) return Fail(Errc::kShuttingDown, "The broker is starting.");
            return engine_->Snapshot(to);
          }};
}

std::string BrokerImpl::MetricsText() const {
  MetricFamilies families;
  AddProcessMetrics(families);
  if (data_is_open_) metrics_->AddTo(families);
  std::string text = families.Text();
  if (data_is_open_) text += telemetry_->MetricsText();
  return text;
}

Readiness BrokerImpl::CheckReadiness() const {
  if (!listeners_are_open_)
    return {.ready = false, .text = "not ready\nthe data is being opened\n"};
  return ReadinessOf(*engine_, *groups_);
}

void BrokerImpl::OpenMetrics() {
  BrokerMetrics::Parts parts{.clock = Clock::System(),
                             .engine = *engine_,
                             .partitions = *partitions_,
                             .groups = *groups_,
                             .fetch_sessions = *fetch_sessions_,
                             .request_memory = *connection_services_.request_memory,
                             .loops = {}};
  for (const auto& loop : loops_) parts.loops.push_back({loop->loop.executor(), &loop->metrics});
  metrics_ = std::make_unique<BrokerMetrics>(std::move(parts));
  data_is_open_ = true;
  http_->OpenControlSocket(config_.metadata_log_dir.value_or(config_.log_dirs.front()));
}

std::string BrokerImpl::http_address() const {
  if (http_ == nullptr || http_->port() == 0) return "";
  const Result<HostPort> asked = ParseHostAndPort(http_address_);
  return HostAndPort(asked ? asked->host : "", http_->port());
}

void BrokerImpl::Serve() {
  serving_ = true;
  groups_->Start();
  idle_trim_ = std::make_unique<IdleTrim>(loops_.front()->loop.context(), tasks_, *storage_);
  idle_trim_->Start();
  for (const auto& listener : listeners_) listener->Start();
  for (const auto& loop : loops_) {
    loop->connections.StartSweeping(loop->loop.context(), connection_services_);
    loop->loop.Start();
  }
  listeners_are_open_ = true;
}

void BrokerImpl::CloseConnections() {
  asio::post(loops_.front()->loop.context(), [this] {
    for (const auto& listener : listeners_) listener->Close();
    idle_trim_->Stop();
  });
  for (const auto& loop : loops_) {
    asio::post(loop->loop.context(), [&loop] { loop->connections.CloseAll(); });
  }
}

Status BrokerImpl::Stop() {
  http_.reset();  // it asks the engine
  Status stopped;
  if (std::exchange(serving_, false)) {
    CloseConnections();
    groups_->Stop();  // lets go of the requests that wait for a group
    if (!tasks_.WaitForNone(limits::kStopTimeout)) {
      stopped = Fail(Errc::kTimedOut, std::to_string(tasks_.count()) +
                                          " requests did not end in time; stopping without them");
    }
  }
  if (controller_ != nullptr) controller_->Stop();
  if (storage_ != nullptr) storage_->Join();
  if (engine_ != nullptr) {
    if (Status closed = engine_->Close(); !closed && stopped) stopped = std::move(closed);
  }
  for (const auto& loop : loops_) loop->loop.Stop();
  return stopped;
}

}  // namespace gneiss::server
