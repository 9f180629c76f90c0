// SPDX-License-Identifier: Apache-2.0
#include "server/readiness.h"

#include <algorithm>
#include <vector>

#include "engine/engine.h"
#include "server/coordinator/group_coordinator.h"

namespace gneiss::server {
namespace {

using engine::StoreHealth;
using engine::StoreStats;

const char* NameOf(StoreHealth health) {
  switch (health) {
    case StoreHealth::kWritable:
      return "takes writes";
    case StoreHealth::kDiskFull:
      return "refuses writes: the disk is full";
    case StoreHealth::kFailed:
      return "refuses writes: one has failed";
    case StoreHealth::kOffline:
      return "offline";
  }
  return "";
}

bool IsWritable(const StoreStats& store) { return store.health == StoreHealth::kWritable; }

}  // namespace

Readiness ReadinessOf(const engine::Engine& engine, const GroupCoordinator& groups) {
  const std::vector<StoreStats> stores = engine.Stats(0).stores;
  const bool loading = groups.IsLoading();
  Readiness readiness;
  readiness.ready = !loading && (stores.empty() || std::ranges::any_of(stores, IsWritable));
  readiness.text = readiness.ready ? "ready\n" : "not ready\n";
  if (loading) readiness.text += "groups are being loaded\n";
  for (const StoreStats& store : stores) {
    if (!IsWritable(store)) readiness.text += store.path + " " + NameOf(store.health) + "\n";
  }
  return readiness;
}

}  // namespace gneiss::server
