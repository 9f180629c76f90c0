// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace gneiss::engine {
class Engine;
}

namespace gneiss::server {

class GroupCoordinator;

// Whether clients should be sent here, for load balancers and orchestrators.
struct Readiness {
  bool ready = false;
  std::string text;  // lines for people: what is missing, and what is not served although ready
};

// Of a broker whose listeners are open. It is ready once all groups are loaded, as long as anything
// can be written: of a broker with one bad store the rest serves on, and a restart would not bring
// that store back. Lists directories: not for event loops.
Readiness ReadinessOf(const engine::Engine& engine, const GroupCoordinator& groups);

}  // namespace gneiss::server
