// SPDX-License-Identifier: Apache-2.0
#include "server/http/pages.h"

#include <algorithm>
#include <string_view>

#include "server/http/metrics_text.h"
#include "server/limits.h"

namespace gneiss::server {
namespace {

constexpr char kJson[] = "application/json";

std::string JsonText(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < ' ') {
      out += "\\u00";
      out += {kDigits[c >> 4], kDigits[c & 15]};
    } else {
      out += c;
    }
  }
  return out + "\"";
}

int HttpStatusOf(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
      return 400;
    case Errc::kAlreadyExists:
      return 409;
    case Errc::kDiskFull:
      return 507;
    default:
      return 500;
  }
}

std::string_view NameOf(engine::StoreHealth health) {
  switch (health) {
    case engine::StoreHealth::kWritable:
      return "takes writes";
    case engine::StoreHealth::kDiskFull:
      return "refuses writes: the disk is full";
    case engine::StoreHealth::kFailed:
      return "refuses writes: one has failed";
    case engine::StoreHealth::kOffline:
      return "offline";
  }
  return "";
}

HttpResponse NotThisMethod() { return {.status = 405, .body = "not with this method\n"}; }

}  // namespace

HttpResponse Pages::Answer(const HttpRequest& request) const {
  if (request.path == "/snapshot") {
    return request.method == "POST" ? Snapshot(request) : NotThisMethod();
  }
  const bool known =
      request.path == "/metrics" || request.path == "/healthz" || request.path == "/readyz";
  if (!known) return {.status = 404, .body = "there are /metrics, /healthz, /readyz, /snapshot\n"};
  if (request.method != "GET") return NotThisMethod();
  if (request.path == "/metrics") return Metrics();
  if (request.path == "/readyz") return Ready();
  return {.body = "ok\n"};  // it answers, so it lives
}

HttpResponse Pages::Metrics() const {
  return {.body = MetricsText(engine_.Stats(limits::kMetricPartitionsMax)),
          .content_type = kMetricsContentType};
}

// Ready as long as anything can be written: of a broker with one bad store the rest serves on.
HttpResponse Pages::Ready() const {
  const std::vector<engine::StoreStats> stores = engine_.Stats(0).stores;
  const bool ready = stores.empty() || std::ranges::any_of(stores, [](const auto& store) {
                       return store.health == engine::StoreHealth::kWritable;
                     });
  HttpResponse response{.status = ready ? 200 : 503, .body = ready ? "ready\n" : "not ready\n"};
  for (const engine::StoreStats& store : stores) {
    if (store.health == engine::StoreHealth::kWritable) continue;
    response.body += store.path + " " + std::string(NameOf(store.health)) + "\n";
  }
  return response;
}

HttpResponse Pages::Snapshot(const HttpRequest& request) const {
  if (request.trust != HttpTrust::kOperator) {
    return {.status = 403,
            .body = "{\"error\":\"only from the broker's own machine, and not from a browser\"}\n",
            .content_type = kJson};
  }
  const auto to = request.query.find("to");
  if (to == request.query.end()) {
    return {.status = 400, .body = "{\"error\":\"say where: ?to=DIR\"}\n", .content_type = kJson};
  }
  const Result<engine::SnapshotReport> report = engine_.Snapshot(to->second);
  if (report) return {.body = SnapshotJson(*report), .content_type = kJson};
  return {.status = HttpStatusOf(report.error().code),
          .body = "{\"error\":" + JsonText(report.error().detail) + "}\n",
          .content_type = kJson};
}

std::string SnapshotJson(const engine::SnapshotReport& report) {
  const auto number = [](const char* name, auto value) {
    return ",\"" + std::string(name) + "\":" + std::to_string(value);
  };
  const engine::TransferCounts& files = report.files;
  return "{\"directory\":" + JsonText(report.directory.string()) +
         ",\"scope\":\"this broker only, everything in it at one moment\"" +
         number("pause_us", report.pause.count()) + number("duration_us", report.duration.count()) +
         number("linked_files", files.linked_files) + number("linked_bytes", files.linked_bytes) +
         number("copied_files", files.copied_files) + number("copied_bytes", files.copied_bytes) +
         "}\n";
}

}  // namespace gneiss::server
