// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/local_controller.h"

#include <span>
#include <utility>

#include <glog/logging.h>
#include <pthread.h>

#include "protocol/base/clock.h"
#include "server/metadata/alter_configs_plan.h"
#include "server/metadata/create_partitions_plan.h"
#include "server/metadata/create_topics_plan.h"
#include "server/metadata/delete_topics_plan.h"
#include "server/metadata/elections.h"
#include "server/metadata/quorum_view.h"
#include "server/metadata/reassignments.h"
#include "server/metadata/registration.h"
#include "server/metadata/update_features_plan.h"
#include "server/net/await_callback.h"

namespace gneiss::server {
namespace {

constexpr const char* kClusterIdProperty = "cluster.id";

// One block of producer ids; the answer is its first.
Plan<Result<std::int64_t>> PlanProducerIds(const MetadataImage& image, const BrokerConfig& config) {
  protocol::ProducerIdsRecord record;
  record.broker_id = config.node_id.value();
  record.broker_epoch = image.brokers().at(config.node_id).epoch;
  record.next_producer_id = image.next_producer_id() + kProducerIdBlockLength;
  return {.records = {record}, .response = image.next_producer_id()};
}

// A node that forgot itself would serve nothing until its next start, and then be back.
protocol::UnregisterBrokerResponse AnswerUnregisterBroker(
    BrokerId self, const protocol::UnregisterBrokerRequest& request) {
  protocol::UnregisterBrokerResponse response;
  if (request.broker_id == self.value()) {
    Refuse(response, {ErrorCode::kInvalidRequest, "The only broker cannot be unregistered."});
  } else {
    Refuse(response, {ErrorCode::kBrokerIdNotRegistered,
                      "There is no broker " + std::to_string(request.broker_id) + "."});
  }
  return response;
}

Refusal RefusalOfClone(const Error& error) {
  switch (error.code) {
    case Errc::kInvalidArgument:
    case Errc::kOutOfRange:
    case Errc::kNotFound:
      return {ErrorCode::kInvalidConfig, error.detail};
    default:
      return {ErrorCode::kKafkaStorageError, "The clone could not be made."};
  }
}

}  // namespace

LocalController::LocalController(engine::MetadataLog& log, const BrokerConfig& config)
    : log_(log),
      config_(config),
      snapshots_(log, {.record_bytes = static_cast<std::size_t>(
                           config.metadata_log_max_record_bytes_between_snapshots),
                       .interval = config.metadata_log_max_snapshot_interval}) {}

Result<std::unique_ptr<LocalController>> LocalController::Open(engine::MetadataLog& log,
                                                               const BrokerConfig& config) {
  std::unique_ptr<LocalController> controller(new LocalController(log, config));
  GNEISS_RETURN_IF_ERROR(controller->LoadClusterId());
  GNEISS_RETURN_IF_ERROR(controller->Replay());
  GNEISS_RETURN_IF_ERROR(controller->Register());
  controller->thread_ = std::thread(&LocalController::Run, controller.get());
  return controller;
}

LocalController::~LocalController() { Stop(); }

void LocalController::Stop() {
  {
    const MutexLock lock(queue_mutex_);
    stopping_ = true;
  }
  queue_filled_.NotifyAll();
  if (thread_.joinable()) thread_.join();
  snapshots_.Stop();
}

MetadataImagePtr LocalController::image() const {
  const MutexLock lock(image_mutex_);
  return image_;
}

void LocalController::Subscribe(Subscriber subscriber) {
  subscribers_.push_back(std::move(subscriber));
}

Status LocalController::LoadClusterId() {
  Result<std::string> known = log_.GetProperty(kClusterIdProperty);
  if (known) {
    cluster_id_ = std::move(*known);
    return {};
  }
  if (known.error().code != Errc::kNotFound) return std::unexpected(std::move(known.error()));
  cluster_id_ = Uuid::Random().ToString();
  return log_.SetProperty(kClusterIdProperty, cluster_id_);
}

Status LocalController::Replay() {
  MetadataFold fold;
  MetadataSnapshots::Replayed replayed;
  const auto apply = [&](Offset offset, std::span<const std::byte> bytes) -> Status {
    GNEISS_ASSIGN_OR_RETURN(const MetadataRecord record, DecodeMetadataRecord(bytes));
    const auto* removal = std::get_if<protocol::RemoveTopicRecord>(&record);
    if (removal != nullptr) replayed.removed.push_back(removal->topic_id);
    const bool of_snapshot = offset < log_.snapshot_end();
    (of_snapshot ? replayed.snapshot_bytes : replayed.bytes_behind) += bytes.size();
    if (of_snapshot && removal != nullptr) return {};  // of a topic that is not in the snapshot
    return fold.Apply(offset, record);
  };
  GNEISS_RETURN_IF_ERROR(
      log_.Replay([&](Offset offset, std::span<const std::byte> bytes) -> Status {
        const Status applied = apply(offset, bytes);
        if (applied) return {};
        return Fail(applied.error().code, "offset " + std::to_string(offset.value()) +
                                              " of the metadata log: " + applied.error().detail);
      }));
  {
    const MutexLock lock(image_mutex_);
    image_ = fold.Publish();
  }
  replayed.image = image();
  snapshots_.Begin(std::move(replayed));
  return {};
}

Status LocalController::Register() {
  const MetadataImagePtr before = image();
  GNEISS_ASSIGN_OR_RETURN(const std::vector<MetadataRecord> records,
                          RegistrationRecords(*before, config_, log_.log_end()));
  if (!records.empty()) {
    MetadataFold fold(*before);
    std::vector<std::string> encoded;
    Offset offset = log_.log_end();
    for (const MetadataRecord& record : records) {
      GNEISS_RETURN_IF_ERROR(fold.Apply(offset, record));
      GNEISS_ASSIGN_OR_RETURN(encoded.emplace_back(), EncodeMetadataRecord(record));
      ++offset;
    }
    GNEISS_RETURN_IF_ERROR(Write(encoded, fold, {}));
  }
  const std::vector<Uuid> log_dirs = image()->brokers().at(config_.node_id).log_dirs;
  // With several directories the engine decides where a partition goes; Kafka's records then say
  // "not assigned", which is zero.
  if (log_dirs.size() == 1) directory_id_ = log_dirs.front();
  return {};
}

template <class Response, class Planner>
boost::asio::awaitable<Response> LocalController::Await(Planner planner) {
  auto start = [this, planner = std::move(planner)](auto done) mutable {
    this->Submit<Response>(std::move(planner), std::move(done));
  };
  return AwaitCallback<Response>(std::move(start));
}

// The planners below keep their request by value: they run when the caller is suspended.

boost::asio::awaitable<protocol::CreateTopicsResponse> LocalController::CreateTopics(
    ControllerRequest, protocol::CreateTopicsRequest request) {
  return Await<protocol::CreateTopicsResponse>(
      [this, request = std::move(request)](const MetadataImage& image) {
        auto plan = PlanCreateTopics(image, context(), request);
        MakeClones(plan);
        return plan;
      });
}

// The last first, so that what is taken back does not move what is before it.
void LocalController::MakeClones(Plan<protocol::CreateTopicsResponse>& plan) const {
  for (auto planned = plan.clones.rbegin(); planned != plan.clones.rend(); ++planned) {
    const Status made = cloner_ ? cloner_(planned->clone)
                                : Fail(Errc::kInvalidArgument, "Topics cannot be cloned here.");
    if (made) continue;
    LOG(WARNING) << "clone failed source=" << planned->clone.source
                 << " target=" << planned->clone.target << " error=" << made.error().detail;
    const auto first = plan.records.begin() + static_cast<std::ptrdiff_t>(planned->first_record);
    plan.records.erase(first, first + static_cast<std::ptrdiff_t>(planned->record_count));
    protocol::CreateTopicsResponse::CreatableTopicResult refused;
    refused.name = planned->clone.target;
    Refuse(refused, RefusalOfClone(made.error()));
    plan.response.topics[planned->answer] = std::move(refused);
  }
}

boost::asio::awaitable<protocol::DeleteTopicsResponse> LocalController::DeleteTopics(
    ControllerRequest who, protocol::DeleteTopicsRequest request) {
  return Await<protocol::DeleteTopicsResponse>(
      [this, who, request = std::move(request)](const MetadataImage& image) {
        return PlanDeleteTopics(image, context(), who.version, request);
      });
}

boost::asio::awaitable<protocol::CreatePartitionsResponse> LocalController::CreatePartitions(
    ControllerRequest, protocol::CreatePartitionsRequest request) {
  return Await<protocol::CreatePartitionsResponse>(
      [this, request = std::move(request)](const MetadataImage& image) {
        return PlanCreatePartitions(image, context(), request);
      });
}

boost::asio::awaitable<protocol::IncrementalAlterConfigsResponse>
LocalController::IncrementalAlterConfigs(ControllerRequest,
                                         protocol::IncrementalAlterConfigsRequest request) {
  return Await<protocol::IncrementalAlterConfigsResponse>(
      [this, request = std::move(request)](const MetadataImage& image) {
        return PlanIncrementalAlterConfigs(image, context(), request);
      });
}

boost::asio::awaitable<protocol::AlterConfigsResponse> LocalController::AlterConfigs(
    ControllerRequest, protocol::AlterConfigsRequest request) {
  return Await<protocol::AlterConfigsResponse>(
      [this, request = std::move(request)](const MetadataImage& image) {
        return PlanAlterConfigs(image, context(), request);
      });
}

// These and UnregisterBroker change nothing on a single node, so the image answers them.

boost::asio::awaitable<protocol::ElectLeadersResponse> LocalController::ElectLeaders(
    ControllerRequest, protocol::ElectLeadersRequest request) {
  co_return AnswerElectLeaders(*image(), request);
}

boost::asio::awaitable<protocol::AlterPartitionReassignmentsResponse>
LocalController::AlterPartitionReassignments(ControllerRequest,
                                             protocol::AlterPartitionReassignmentsRequest request) {
  co_return AnswerAlterReassignments(*image(), request);
}

boost::asio::awaitable<protocol::ListPartitionReassignmentsResponse>
LocalController::ListPartitionReassignments(ControllerRequest,
                                            protocol::ListPartitionReassignmentsRequest) {
  co_return AnswerListReassignments();
}

boost::asio::awaitable<protocol::DescribeQuorumResponse> LocalController::DescribeQuorum(
    ControllerRequest, protocol::DescribeQuorumRequest request) {
  co_return DescribeQuorumOfOne(config_.node_id, *image(), Clock::System().WallMs(), request);
}

boost::asio::awaitable<protocol::UpdateFeaturesResponse> LocalController::UpdateFeatures(
    ControllerRequest who, protocol::UpdateFeaturesRequest request) {
  return Await<protocol::UpdateFeaturesResponse>(
      [this, who, request = std::move(request)](const MetadataImage& image) {
        return PlanUpdateFeatures(image, context(), who.version, request);
      });
}

boost::asio::awaitable<protocol::UnregisterBrokerResponse> LocalController::UnregisterBroker(
    ControllerRequest, protocol::UnregisterBrokerRequest request) {
  co_return AnswerUnregisterBroker(config_.node_id, request);
}

boost::asio::awaitable<Result<std::int64_t>> LocalController::AllocateProducerIds() {
  return Await<Result<std::int64_t>>(
      [this](const MetadataImage& image) { return PlanProducerIds(image, config_); });
}

void LocalController::Enqueue(std::unique_ptr<Change> change) {
  {
    const MutexLock lock(queue_mutex_);
    if (!stopping_) {
      queue_.push_back(std::move(change));
      queue_filled_.NotifyOne();
      return;
    }
  }
  change->Plan(*image());  // for the names that the answer lists
  change->Answer(Fail(Errc::kShuttingDown, "the controller has stopped"));
}

void LocalController::Run() {
  ::pthread_setname_np(::pthread_self(), "controller");
  for (;;) {
    std::vector<std::unique_ptr<Change>> group;
    {
      const MutexLock lock(queue_mutex_);
      while (queue_.empty() && !stopping_) queue_filled_.Wait(queue_mutex_);
      if (queue_.empty()) return;
      group.swap(queue_);
    }
    Commit(group);
  }
}

void LocalController::Commit(std::vector<std::unique_ptr<Change>>& group) {
  MetadataFold fold(*image());
  std::vector<std::string> records;
  std::vector<Uuid> removed;
  std::vector<Status> outcomes(group.size());
  const Offset first = log_.log_end();
  for (std::size_t i = 0; i < group.size(); ++i) {
    const std::vector<MetadataRecord> planned = group[i]->Plan(fold.image());
    const std::size_t kept = records.size();
    for (const MetadataRecord& record : planned) {
      Result<std::string> encoded = EncodeMetadataRecord(record);
      if (!encoded) {
        outcomes[i] = std::unexpected(std::move(encoded.error()));
        break;
      }
      records.push_back(std::move(*encoded));
    }
    if (!outcomes[i]) {
      records.resize(kept);  // all of a request or nothing
      continue;
    }
    Offset offset = first + static_cast<std::int64_t>(kept);
    for (const MetadataRecord& record : planned) {
      const Status applied = fold.Apply(offset, record);
      CHECK(applied.has_value()) << "a plan broke the image: " << applied.error().detail;
      if (const auto* removal = std::get_if<protocol::RemoveTopicRecord>(&record)) {
        removed.push_back(removal->topic_id);
      }
      ++offset;
    }
  }
  const Status written = records.empty() ? Status() : Write(records, fold, removed);
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i]->Answer(outcomes[i] ? written : outcomes[i]);
  }
}

Status LocalController::Write(const std::vector<std::string>& records, MetadataFold& fold,
                              std::span<const Uuid> removed) {
  const Result<Offset> appended = log_.Append(records);
  if (!appended) {
    LOG(ERROR) << "metadata log: append failed records=" << records.size()
               << " error=" << appended.error().detail;
    return std::unexpected(appended.error());
  }
  const MetadataImagePtr before = image();
  const MetadataImagePtr after = fold.Publish();
  {
    const MutexLock lock(image_mutex_);
    image_ = after;
  }
  for (const Subscriber& subscriber : subscribers_) subscriber(*before, *after);
  std::size_t bytes = 0;
  for (const std::string& record : records) bytes += record.size();
  snapshots_.Note(after, bytes, removed);
  return {};
}

}  // namespace gneiss::server
