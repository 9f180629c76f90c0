// SPDX-License-Identifier: Apache-2.0
#pragma once

// GNEISS_FAULT_POINT("commit.before_write") names a place where a crash test may kill the process.
// Names are AREA.PLACE, each used once. Nothing is left of it except in the fault-injection build,
// which defines GNEISS_FAULT_INJECTION. There the names also stand in a section of their own, so
// that engine/testing/fault_points.h can tell which ones a run has never passed: whoever adds a
// point makes engine/testing/fault_scenario.cc pass it.
#ifdef GNEISS_FAULT_INJECTION
namespace gneiss::engine {
// Defined by the test program. Threads: any.
void PassFaultPoint(const char* name);
}  // namespace gneiss::engine
#define GNEISS_FAULT_POINT(name)                                      \
  do {                                                                \
    [[gnu::section("gneiss_fault_points"),                            \
      gnu::used]] static const char* const gneiss_fault_point = name; \
    ::gneiss::engine::PassFaultPoint(gneiss_fault_point);             \
  } while (false)
#else
#define GNEISS_FAULT_POINT(name) static_cast<void>(0)
#endif
