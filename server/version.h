// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace gneiss::server {

inline constexpr char kVersion[] = GNEISS_VERSION;  // from CMake's project()

}  // namespace gneiss::server
