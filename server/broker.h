// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "protocol/base/clock.h"
#include "protocol/base/result.h"
#include "server/config/broker_config.h"

namespace gneiss::server {

class ClientTelemetry;
class Controller;
class FetchSessionCache;
class GroupCoordinator;
class MetadataSource;
class PartitionTable;
class ProducerIdAllocator;
class StoragePool;

// Broker is the composition root: it builds the parts, starts them in order and stops them in
// reverse. Handlers reach every part through it.
// Threads: the accessors any, once Start has returned.
class Broker {
 public:
  virtual ~Broker() = default;

  virtual const BrokerConfig& config() const = 0;
  virtual const std::string& cluster_id() const = 0;
  virtual Clock& clock() const = 0;
  virtual engine::Engine& engine() const = 0;
  virtual MetadataSource& metadata() const = 0;
  virtual Controller& controller() const = 0;
  virtual PartitionTable& partitions() const = 0;
  virtual GroupCoordinator& groups() const = 0;
  virtual FetchSessionCache& fetch_sessions() const = 0;
  virtual ProducerIdAllocator& producer_ids() const = 0;
  virtual ClientTelemetry& telemetry() const = 0;
  virtual StoragePool& storage() const = 0;
};

}  // namespace gneiss::server
