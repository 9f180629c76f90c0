// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/testing/model_log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gneiss::engine::testing::RunAgainstModel(std::span(data, size));
  return 0;
}
