// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/delete_topics_plan.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace gneiss::server {
namespace {

using Deleted = protocol::DeleteTopicsResponse::DeletableTopicResult;

constexpr std::int16_t kFirstVersionWithDisabledCode = 3;

// A topic as the request names it: by name or by id.
struct Named {
  std::optional<std::string> name;
  Uuid id;
};

std::vector<Named> TopicsOf(const protocol::DeleteTopicsRequest& request) {
  std::vector<Named> named;
  for (const auto& topic : request.topics) named.push_back({topic.name, topic.topic_id});
  for (const std::string& name : request.topic_names) named.push_back({name, Uuid()});
  return named;
}

// One answer in the making, and the topic that it is about, if there is one.
struct Answer {
  Deleted result;
  std::shared_ptr<const TopicImage> topic;
};

Answer Look(const MetadataImage& image, const Named& named) {
  Answer answer;
  answer.result.name = named.name;
  answer.result.topic_id = named.id;
  if (named.name.has_value() != named.id.IsZero()) {
    Refuse(answer.result,
           {ErrorCode::kInvalidRequest, "A topic must be named either by its name or by its id."});
    return answer;
  }
  answer.topic = named.name ? image.FindTopic(*named.name) : image.FindTopic(named.id);
  if (answer.topic == nullptr) {
    Refuse(answer.result, named.name
                              ? Refusal{ErrorCode::kUnknownTopicOrPartition, "No such topic."}
                              : Refusal{ErrorCode::kUnknownTopicId, "No topic has this id."});
  }
  return answer;
}

// The topic is named by `again` as well as in `first`.
void RefuseRepetition(Answer& first, const Named& again) {
  first.topic = nullptr;
  // What names nothing has been refused already, however often it occurs.
  if (!again.name && again.id.IsZero()) return;
  if (again.name) first.result.name = again.name;
  if (!again.id.IsZero()) first.result.topic_id = again.id;
  Refuse(first.result, {ErrorCode::kInvalidRequest, "The topic is named more than once."});
}

std::vector<Answer> LookAtAll(const MetadataImage& image, const std::vector<Named>& topics) {
  std::vector<Answer> answers;
  std::map<std::pair<std::optional<std::string>, Uuid>, std::size_t> index;
  for (const Named& named : topics) {
    Answer answer = Look(image, named);
    // By the topic that is meant, so that its name and its id meet here.
    auto meant = answer.topic ? std::pair(std::optional(answer.topic->name), answer.topic->id)
                              : std::pair(named.name, named.id);
    const auto [at, is_new] = index.emplace(std::move(meant), answers.size());
    if (is_new) {
      answers.push_back(std::move(answer));
    } else {
      RefuseRepetition(answers[at->second], named);
    }
  }
  return answers;
}

}  // namespace

Plan<protocol::DeleteTopicsResponse> PlanDeleteTopics(
    const MetadataImage& image, const PlanContext& context, std::int16_t version,
    const protocol::DeleteTopicsRequest& request) {
  Plan<protocol::DeleteTopicsResponse> plan;
  const std::vector<Named> topics = TopicsOf(request);
  if (!context.config.delete_topics) {
    for (const Named& named : topics) {
      Deleted& result = plan.response.responses.emplace_back();
      result.name = named.name;
      result.topic_id = named.id;
      Refuse(result, {version < kFirstVersionWithDisabledCode ? ErrorCode::kInvalidRequest
                                                              : ErrorCode::kTopicDeletionDisabled,
                      "delete.topic.enable is false."});
    }
    return plan;
  }
  for (Answer& answer : LookAtAll(image, topics)) {
    if (request.timeout_ms <= 0 && answer.result.error_code != ToWire(ErrorCode::kInvalidRequest)) {
      // As Kafka does: nothing is tried.
      answer.topic = nullptr;
      answer.result.error_code = ToWire(ErrorCode::kRequestTimedOut);
      answer.result.error_message = std::nullopt;
    }
    if (answer.topic != nullptr) {
      protocol::RemoveTopicRecord record;
      record.topic_id = answer.topic->id;
      plan.records.emplace_back(record);
      answer.result.name = answer.topic->name;
      answer.result.topic_id = answer.topic->id;
    }
    plan.response.responses.push_back(std::move(answer.result));
  }
  return plan;
}

}  // namespace gneiss::server
