// SPDX-License-Identifier: Apache-2.0
#pragma once

// GNEISS_FAULT_POINT("commit.before_write") names a place where a crash test may kill the process.
// Names are AREA.PLACE, each used once. Nothing is left of it except in the fault-injection build,
// which defines GNEISS_FAULT_INJECTION.
#ifdef GNEISS_FAULT_INJECTION
namespace gneiss::engine {
// Defined by the test program. Threads: any.
void PassFaultPoint(const char* name);
}  // namespace gneiss::engine
#define GNEISS_FAULT_POINT(name) ::gneiss::engine::PassFaultPoint(name)
#else
#define GNEISS_FAULT_POINT(name) static_cast<void>(0)
#endif
