// SPDX-License-Identifier: Apache-2.0
#include "server/http/pages.h"

#include <string_view>
#include <utility>

#include "server/metrics/metric_families.h"

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
    case Errc::kShuttingDown:  // or not there yet
      return 503;
    default:
      return 500;
  }
}

HttpResponse OnlyBy(const char* methods) {
  return {.status = 405, .body = std::string("only by ") + methods + "\n", .allow = methods};
}

}  // namespace

HttpResponse Pages::Answer(const HttpRequest& request) const {
  if (request.path == "/snapshot") {
    return request.method == "POST" ? Snapshot(request) : OnlyBy("POST");
  }
  const bool known =
      request.path == "/metrics" || request.path == "/healthz" || request.path == "/readyz";
  if (!known) return {.status = 404, .body = "there are /metrics, /healthz, /readyz, /snapshot\n"};
  if (request.method != "GET") return OnlyBy("GET, HEAD");
  if (request.path == "/metrics") return Metrics();
  if (request.path == "/readyz") return Ready();
  return {.body = "ok\n"};  // it answers, so it lives
}

HttpResponse Pages::Metrics() const {
  return {.body = sources_.metrics(), .content_type = kMetricsContentType};
}

HttpResponse Pages::Ready() const {
  Readiness readiness = sources_.readiness();
  return {.status = readiness.ready ? 200 : 503, .body = std::move(readiness.text)};
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
  const Result<engine::SnapshotReport> report = sources_.snapshot(to->second);
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
