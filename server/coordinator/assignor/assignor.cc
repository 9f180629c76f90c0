// SPDX-License-Identifier: Apache-2.0
#include "server/coordinator/assignor/assignor.h"

#include "server/coordinator/assignor/range_assignor.h"
#include "server/coordinator/assignor/uniform_assignor.h"

namespace gneiss::server {

const Assignor* FindAssignor(std::string_view name) {
  static const UniformAssignor uniform;
  static const RangeAssignor range;
  for (const Assignor* assignor :
       {static_cast<const Assignor*>(&uniform), static_cast<const Assignor*>(&range)}) {
    if (assignor->name() == name) return assignor;
  }
  return nullptr;
}

}  // namespace gneiss::server
