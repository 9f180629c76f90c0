// SPDX-License-Identifier: Apache-2.0
#include "server/handlers/describe_log_dirs.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "protocol/error_codes.h"
#include "server/broker.h"
#include "server/metadata/metadata_image.h"
#include "server/metadata/metadata_source.h"
#include "server/net/storage_pool.h"
#include "server/partition_table.h"

namespace gneiss::server {
namespace {

using Request = protocol::DescribeLogDirsRequest;
using LogDir = protocol::DescribeLogDirsResponse::DescribeLogDirsResult;
using LogDirPartition = protocol::DescribeLogDirsResponse::DescribeLogDirsPartition;

std::string AbsolutePath(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute.lexically_normal().string();
}

// Topic and partition numbers that are asked for, each once.
std::map<std::string, std::vector<std::int32_t>> PartitionsAskedFor(const Request& request,
                                                                    const MetadataImage& image) {
  std::map<std::string, std::vector<std::int32_t>> asked;
  if (!request.topics) {
    for (const auto& [name, topic] : image.topics()) {
      std::vector<std::int32_t>& partitions = asked[name];
      for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
        partitions.push_back(static_cast<std::int32_t>(i));
      }
    }
    return asked;
  }
  for (const auto& topic : *request.topics) {
    std::vector<std::int32_t>& partitions = asked[topic.topic];
    partitions.insert(partitions.end(), topic.partitions.begin(), topic.partitions.end());
  }
  for (auto& [name, partitions] : asked) {
    std::ranges::sort(partitions);
    const auto repeated = std::ranges::unique(partitions);
    partitions.erase(repeated.begin(), repeated.end());
  }
  return asked;
}

LogDir DescribeDirectory(const engine::LogDirUsage& usage) {
  LogDir dir;
  dir.log_dir = AbsolutePath(usage.path);
  dir.total_bytes = usage.total_bytes;
  dir.usable_bytes = usage.usable_bytes;
  if (!usage.online) dir.error_code = ToWire(protocol::ErrorCode::kKafkaStorageError);
  return dir;
}

// Blocks: the size of a log is counted from its files the first time.
protocol::DescribeLogDirsResponse DescribeDirectories(const Broker& broker,
                                                      const Request& request) {
  protocol::DescribeLogDirsResponse response;
  for (const engine::LogDirUsage& usage : broker.engine().LogDirs()) {
    response.results.push_back(DescribeDirectory(usage));
  }
  for (const auto& [topic, partitions] : PartitionsAskedFor(request, *broker.metadata().image())) {
    // The partitions of one topic may lie in several directories.
    std::map<std::size_t, std::vector<LogDirPartition>> by_directory;
    for (const std::int32_t index : partitions) {
      const PartitionPtr partition = broker.partitions().Find(topic, PartitionId(index));
      if (partition == nullptr) continue;
      LogDirPartition& described =
          by_directory[static_cast<std::size_t>(partition->log->log_dir_index())].emplace_back();
      described.partition_index = index;
      described.partition_size = partition->log->size_bytes();
    }
    for (auto& [directory, described] : by_directory) {
      auto& in_directory = response.results.at(directory).topics.emplace_back();
      in_directory.name = topic;
      in_directory.partitions = std::move(described);
    }
  }
  return response;
}

}  // namespace

boost::asio::awaitable<DescribeLogDirsHandler::Response> DescribeLogDirsHandler::Handle(
    RequestContext& ctx, Request request) {
  auto work = [&broker = ctx.broker(), request = std::move(request)]() -> Result<Response> {
    return DescribeDirectories(broker, request);
  };
  Result<Response> response = co_await ctx.broker().storage().Run<Response>(std::move(work));
  co_return std::move(*response);  // the work has no way to fail
}

}  // namespace gneiss::server
