// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/process_metrics.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "server/version.h"

namespace gneiss::server {
namespace {

std::string ReadFile(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The fields of /proc/self/stat from the fourth on: the second, a name, may hold anything, and the
// third is a letter.
std::vector<double> StatFields() {
  const std::string text = ReadFile("/proc/self/stat");
  std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 4)));
  return {std::istream_iterator<double>(rest), {}};
}

// Their numbers in proc(5), less 4.
enum StatField : std::size_t {
  kUserTime = 10,
  kSystemTime = 11,
  kThreads = 16,
  kStartTime = 18,
  kVirtualBytes = 19,
  kResidentPages = 20,
};

std::optional<double> BootTime() {
  const std::string text = ReadFile("/proc/stat");
  const std::size_t at = text.find("\nbtime ");
  if (at == text.npos) return std::nullopt;
  return std::strtod(text.c_str() + at + 7, nullptr);
}

std::uint64_t CountOpenFiles() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // less the one that lists them
}

struct StatMetric {
  MetricType type;
  const char* name;
  const char* help;
  StatField field;
  double unit;
};

void AddStat(MetricFamilies& out) {
  const std::vector<double> fields = StatFields();
  const double tick = 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  const StatMetric metrics[] = {
      {MetricType::Gauge, "process_threads", "Number of threads.", kThreads, 1},
      {MetricType::Gauge, "process_virtual_memory_bytes", "Virtual memory size.", kVirtualBytes, 1},
      {MetricType::Gauge, "process_resident_memory_bytes",
       "Resident memory, mapped files that are cached included.", kResidentPages, page},
  };
  for (const StatMetric& metric : metrics) {
    auto family = out.New(metric.type, metric.name, metric.help);
    if (fields.size() > metric.field) family.Add({}, fields[metric.field] * metric.unit);
  }
  auto cpu = out.Counter("process_cpu_seconds_total", "CPU time, user and system.");
  auto start = out.Gauge("process_start_time_seconds", "Unix time of the process's start.");
  if (fields.size() <= kResidentPages) return;
  cpu.Add({}, (fields[kUserTime] + fields[kSystemTime]) * tick);
  if (const std::optional<double> boot = BootTime()) {
    start.Add({}, *boot + fields[kStartTime] * tick);
  }
}

}  // namespace

void AddProcessMetrics(MetricFamilies& out) {
  out.Gauge("gneiss_build_info", "Always 1; the label is the version.")
      .Add({{"version", kVersion}}, 1.0);
  AddStat(out);
  out.Gauge("process_open_fds", "Open file descriptors.").Add({}, CountOpenFiles());
  auto max = out.Gauge("process_max_fds", "How many there may be.");
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    max.Add({}, static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace gneiss::server
