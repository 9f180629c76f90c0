// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/engine.h"
#include "server/http/http_message.h"

namespace gneiss::server {

// Pages is what the HTTP port shows: /metrics, /healthz, /readyz and POST /snapshot?to=DIR.
// Threads: any; answers may take as long as a snapshot does.
class Pages {
 public:
  explicit Pages(engine::Engine& engine) : engine_(engine) {}

  HttpResponse Answer(const HttpRequest& request) const;

 private:
  HttpResponse Metrics() const;
  HttpResponse Ready() const;
  HttpResponse Snapshot(const HttpRequest& request) const;

  engine::Engine& engine_;
};

// One line of JSON, for the HTTP port and for `gneiss snapshot`.
std::string SnapshotJson(const engine::SnapshotReport& report);

}  // namespace gneiss::server
