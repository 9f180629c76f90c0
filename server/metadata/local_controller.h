// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/metadata_log.h"
#include "protocol/base/mutex.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"
#include "server/config/broker_config.h"
#include "server/metadata/change.h"
#include "server/metadata/controller.h"
#include "server/metadata/metadata_fold.h"
#include "server/metadata/metadata_snapshots.h"
#include "server/metadata/metadata_source.h"
#include "server/metadata/plan.h"
#include "server/metadata/topic_clone.h"

namespace gneiss::server {

// LocalController is the controller of a single node: it turns admin requests into Kafka's metadata
// records and keeps them in the local metadata log.
//
// One thread of its own takes all requests that have come in, plans them one upon the other, writes
// their records in one fsynced append, publishes the new image, runs the subscribers and answers.
// So requests that meet share an fsync, and an answered request is durable and seen by everyone.
// Its queue holds at most one request per connection, which Kafka's order of requests ensures.
// Threads: any, except Open, Subscribe, Stop and the destructor.
class LocalController final : public MetadataSource, public Controller {
 public:
  // Replays the log; an empty one begins with the records of a new cluster of one broker. `log` and
  // `config` outlive the controller. Errors are sentences for an operator: another node.id than the
  // directory's, records of a newer version, a damaged log.
  static Result<std::unique_ptr<LocalController>> Open(engine::MetadataLog& log,
                                                       const BrokerConfig& config);
  ~LocalController() override;

  // Finishes what is queued; what comes later is refused with NOT_CONTROLLER.
  void Stop();

  const std::string& cluster_id() const { return cluster_id_; }
  // Whether the removal of this topic is on record.
  bool IsRemoved(const Uuid& topic_id) const { return snapshots_.IsRemoved(topic_id); }
  // Until when it must be (see MetadataSnapshots). `may_hold` is not called after Stop.
  void SetMayHold(MetadataSnapshots::MayHold may_hold) {
    snapshots_.SetMayHold(std::move(may_hold));
  }

  MetadataImagePtr image() const override;
  void Subscribe(Subscriber subscriber) override;

  // Makes the partitions of a topic that begins as a clone: durable when it returns, and without
  // effect when the topic's records are not written afterwards. Set before the first change;
  // without it clones are refused. Errors with kInvalidArgument, kOutOfRange and kNotFound carry a
  // sentence for the client.
  using Cloner = std::function<Status(const TopicClone&)>;
  void SetCloner(Cloner cloner) { cloner_ = std::move(cloner); }

  boost::asio::awaitable<protocol::CreateTopicsResponse> CreateTopics(
      ControllerRequest who, protocol::CreateTopicsRequest request) override;
  boost::asio::awaitable<protocol::DeleteTopicsResponse> DeleteTopics(
      ControllerRequest who, protocol::DeleteTopicsRequest request) override;
  boost::asio::awaitable<protocol::CreatePartitionsResponse> CreatePartitions(
      ControllerRequest who, protocol::CreatePartitionsRequest request) override;
  boost::asio::awaitable<protocol::IncrementalAlterConfigsResponse> IncrementalAlterConfigs(
      ControllerRequest who, protocol::IncrementalAlterConfigsRequest request) override;
  boost::asio::awaitable<protocol::AlterConfigsResponse> AlterConfigs(
      ControllerRequest who, protocol::AlterConfigsRequest request) override;
  boost::asio::awaitable<protocol::ElectLeadersResponse> ElectLeaders(
      ControllerRequest who, protocol::ElectLeadersRequest request) override;
  boost::asio::awaitable<protocol::AlterPartitionReassignmentsResponse> AlterPartitionReassignments(
      ControllerRequest who, protocol::AlterPartitionReassignmentsRequest request) override;
  boost::asio::awaitable<protocol::ListPartitionReassignmentsResponse> ListPartitionReassignments(
      ControllerRequest who, protocol::ListPartitionReassignmentsRequest request) override;
  boost::asio::awaitable<protocol::DescribeQuorumResponse> DescribeQuorum(
      ControllerRequest who, protocol::DescribeQuorumRequest request) override;
  boost::asio::awaitable<protocol::UpdateFeaturesResponse> UpdateFeatures(
      ControllerRequest who, protocol::UpdateFeaturesRequest request) override;
  boost::asio::awaitable<protocol::UnregisterBrokerResponse> UnregisterBroker(
      ControllerRequest who, protocol::UnregisterBrokerRequest request) override;
  boost::asio::awaitable<Result<std::int64_t>> AllocateProducerIds() override;

  // The way of all of the above: `done` is called once with the response, on the controller's
  // thread, or before this returns when the controller is stopped. It must not block.
  template <class Response>
  void Submit(typename PlannedChange<Response>::Planner planner,
              typename PlannedChange<Response>::Done done) {
    Enqueue(std::make_unique<PlannedChange<Response>>(std::move(planner), std::move(done)));
  }

 private:
  LocalController(engine::MetadataLog& log, const BrokerConfig& config);

  Status LoadClusterId();
  Status Replay();
  // Checks that the log is this node's, and registers the node when it is new or has changed.
  Status Register();
  PlanContext context() const { return {.config = config_, .directory_id = directory_id_}; }
  void MakeClones(Plan<protocol::CreateTopicsResponse>& plan) const;
  template <class Response, class Planner>
  boost::asio::awaitable<Response> Await(Planner planner);

  void Enqueue(std::unique_ptr<Change> change);
  void Run();  // the controller's thread
  void Commit(std::vector<std::unique_ptr<Change>>& group);
  // Writes, publishes, runs the subscribers. `fold` holds what the records lead to, which remove
  // these topics.
  Status Write(const std::vector<std::string>& records, MetadataFold& fold,
               std::span<const Uuid> removed);

  engine::MetadataLog& log_;
  const BrokerConfig& config_;
  std::string cluster_id_;
  Uuid directory_id_;
  MetadataSnapshots snapshots_;
  Cloner cloner_;                        // as subscribers_
  std::vector<Subscriber> subscribers_;  // complete before the first change

  mutable Mutex image_mutex_;
  MetadataImagePtr image_ GUARDED_BY(image_mutex_);

  Mutex queue_mutex_;
  CondVar queue_filled_;
  std::vector<std::unique_ptr<Change>> queue_ GUARDED_BY(queue_mutex_);
  bool stopping_ GUARDED_BY(queue_mutex_) = false;
  std::thread thread_;
};

}  // namespace gneiss::server
