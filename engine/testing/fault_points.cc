// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/fault_points.h"

#include <csignal>
#include <utility>

#include <unistd.h>

#include "engine/fault_point.h"
#include "protocol/base/mutex.h"

// The bounds of the section that the macro fills; the linker defines them.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier)
extern const char* const __start_gneiss_fault_points;
extern const char* const __stop_gneiss_fault_points;
// NOLINTEND(bugprone-reserved-identifier)
}

namespace gneiss::engine {
namespace {

struct Points {
  Mutex mutex;
  std::map<std::string, int, std::less<>> passed GUARDED_BY(mutex);
  std::string fatal GUARDED_BY(mutex);
  int fatal_passing GUARDED_BY(mutex) = 0;
};

// Never destroyed: threads may pass points until the end.
Points& AllPoints() {
  static Points* const points = new Points;
  return *points;
}

}  // namespace

void PassFaultPoint(const char* name) { testing::PassPoint(name); }

namespace testing {

void KillAtFaultPoint(std::string name, int passing) {
  Points& points = AllPoints();
  MutexLock lock(points.mutex);
  points.fatal = std::move(name);
  points.fatal_passing = passing;
}

std::map<std::string, int, std::less<>> PassedFaultPoints() {
  Points& points = AllPoints();
  MutexLock lock(points.mutex);
  return points.passed;
}

std::vector<std::string> NamedFaultPoints() {
  return {&__start_gneiss_fault_points, &__stop_gneiss_fault_points};
}

// The signal is sent with the mutex held: no other thread passes a further point before it dies.
void PassPoint(std::string_view name) {
  Points& points = AllPoints();
  MutexLock lock(points.mutex);
  const int passing = ++points.passed.emplace(name, 0).first->second;
  if (name != points.fatal || passing != points.fatal_passing) return;
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

}  // namespace testing
}  // namespace gneiss::engine
