// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "protocol/base/result.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/create_partitions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/update_features.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/plan.h"

namespace gneiss::server {

// Change is one request on its way through the controller: planned upon the image that it meets,
// committed with others in one write, then answered. Threads: one at a time.
class Change {
 public:
  virtual ~Change() = default;

  // What to write. Called once.
  virtual std::vector<MetadataRecord> Plan(const MetadataImage& image) = 0;
  // Answers whoever asked. Called once, after Plan; `written` is for the records, if there were
  // any.
  virtual void Answer(const Status& written) = 0;
};

// Notes in every element of an answer that succeeded so far why it did not in the end.
void MarkFailed(protocol::AlterConfigsResponse& response, const Error& error);
void MarkFailed(protocol::CreatePartitionsResponse& response, const Error& error);
void MarkFailed(protocol::CreateTopicsResponse& response, const Error& error);
void MarkFailed(protocol::DeleteTopicsResponse& response, const Error& error);
void MarkFailed(protocol::IncrementalAlterConfigsResponse& response, const Error& error);
void MarkFailed(protocol::UpdateFeaturesResponse& response, const Error& error);
void MarkFailed(Result<std::int64_t>& first_producer_id, const Error& error);

// A Change made of two functions: the planner, and where the response goes.
template <class Response>
class PlannedChange final : public Change {
 public:
  using Planner = std::move_only_function<server::Plan<Response>(const MetadataImage&)>;
  using Done = std::move_only_function<void(Response)>;

  PlannedChange(Planner planner, Done done)
      : planner_(std::move(planner)), done_(std::move(done)) {}

  std::vector<MetadataRecord> Plan(const MetadataImage& image) override {
    server::Plan<Response> plan = planner_(image);
    response_ = std::move(plan.response);
    writes_ = !plan.records.empty();
    return std::move(plan.records);
  }

  void Answer(const Status& written) override {
    if (writes_ && !written) MarkFailed(response_, written.error());
    done_(std::move(response_));
  }

 private:
  Planner planner_;
  Done done_;
  Response response_;
  bool writes_ = false;
};

}  // namespace gneiss::server
