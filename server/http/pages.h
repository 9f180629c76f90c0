// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "engine/snapshot/snapshot_report.h"
#include "protocol/base/result.h"
#include "server/http/http_message.h"
#include "server/readiness.h"

namespace gneiss::server {

// What the pages show. Called from several threads; may block.
struct PageSources {
  std::function<std::string()> metrics;  // in Prometheus' text format
  std::function<Readiness()> readiness;
  std::function<Result<engine::SnapshotReport>(const std::filesystem::path& to)> snapshot;
};

// Pages is what the HTTP port shows: /metrics, /healthz, /readyz and POST /snapshot?to=DIR.
// Threads: any; answers may take as long as a snapshot does.
class Pages {
 public:
  explicit Pages(PageSources sources) : sources_(std::move(sources)) {}

  HttpResponse Answer(const HttpRequest& request) const;

 private:
  HttpResponse Metrics() const;
  HttpResponse Ready() const;
  HttpResponse Snapshot(const HttpRequest& request) const;

  const PageSources sources_;
};

// One line of JSON, for the HTTP port and for `gneiss snapshot`.
std::string SnapshotJson(const engine::SnapshotReport& report);

}  // namespace gneiss::server
