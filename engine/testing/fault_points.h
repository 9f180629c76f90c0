// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

// The other end of GNEISS_FAULT_POINT, for programs linked with the fault-injection build of the
// engine: counts how often each point is passed, and kills the process at one of the passings, as
// kill -9 would. Threads: any.
namespace gneiss::engine::testing {

// From now on the `passing`th time (from 1) that `name` is passed is the last thing that happens.
void KillAtFaultPoint(std::string name, int passing);

// How often each point was passed, by the macro or by PassPoint.
std::map<std::string, int, std::less<>> PassedFaultPoints();

// Every name that the program holds in a GNEISS_FAULT_POINT.
std::vector<std::string> NamedFaultPoints();

// A point with a name that is made at run time.
void PassPoint(std::string_view name);

}  // namespace gneiss::engine::testing
