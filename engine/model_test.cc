// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

#include "engine/testing/model_log.h"
#include "engine/testing/model_traffic.h"

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

// The same from several threads at a time, with retention and merging. GNEISS_MODEL_STEPS makes it
// longer, GNEISS_MODEL_SEED another one.
TEST(ModelTrafficTest, NothingIsLostThatNoRuleLetsGo) {
  const char* const steps = std::getenv("GNEISS_MODEL_STEPS");
  const char* const chosen = std::getenv("GNEISS_MODEL_SEED");
  const auto seed =
      chosen != nullptr ? static_cast<unsigned>(std::atoi(chosen)) : std::random_device()();
  std::cout << "seed " << seed << "\n";
  testing::RunTraffic(seed, steps != nullptr ? std::atoi(steps) : 3000);
}

}  // namespace
}  // namespace gneiss::engine
