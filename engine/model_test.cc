// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "engine/testing/model_log.h"

namespace gneiss::engine {
namespace {

// Random operations on a log and on the oracle. To look at a failure, run the seed it names.
class ModelTest : public ::testing::TestWithParam<unsigned> {};

TEST_P(ModelTest, TheLogDoesWhatTheModelDoes) {
  std::mt19937 random(GetParam());
  std::vector<std::uint8_t> bytes(1500);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  testing::RunAgainstModel(bytes);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, ::testing::Range(1u, 13u));

}  // namespace
}  // namespace gneiss::engine
