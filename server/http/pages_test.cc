// SPDX-License-Identifier: Apache-2.0
#include "server/http/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/testing/temp_dir.h"

namespace gneiss::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class PagesTest : public ::testing::Test {
 protected:
  PagesTest()
      : pages_({.metrics = [] { return std::string("gneiss_partitions 0\n"); },
                .readiness = [this] { return readiness_; },
                .snapshot = [this](const auto& to) { return Open().Snapshot(to); }}) {}

  engine::Engine& Open() {
    if (engine_ != nullptr) return *engine_;
    engine::EngineOptions options;
    options.data_dirs = {dir_ / "data"};
    options.metadata_dir = dir_ / "data";
    auto engine = engine::Engine::Open(std::move(options));
    EXPECT_TRUE(engine) << engine.error().detail;
    engine_ = std::move(*engine);
    return *engine_;
  }
  HttpResponse Get(const std::string& target) { return Ask("GET", target, HttpTrust::kNone); }
  HttpResponse Ask(const std::string& method, const std::string& target, HttpTrust trust) {
    HttpRequest request{.method = method, .path = {}, .query = {}, .trust = trust};
    EXPECT_TRUE(ParseHttpTarget(target, request));
    return pages_.Answer(request);
  }

  engine::testing::TempDir dir_;
  std::unique_ptr<engine::Engine> engine_;
  Readiness readiness_{.ready = true, .text = "ready\n"};
  Pages pages_;
};

TEST_F(PagesTest, TellOfTheBroker) {
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/readyz").body, "ready\n");
  EXPECT_THAT(Get("/metrics").body, HasSubstr("gneiss_partitions 0\n"));
  EXPECT_EQ(Get("/nothing").status, 404);
}

TEST_F(PagesTest, AWrongMethodIsToldTheRightOnes) {
  const HttpResponse refused = Ask("PUT", "/metrics", HttpTrust::kOperator);
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.allow, "GET, HEAD");
  EXPECT_EQ(Ask("GET", "/snapshot?to=/x", HttpTrust::kOperator).allow, "POST");
  EXPECT_EQ(Ask("PUT", "/nothing", HttpTrust::kOperator).status, 404);
}

// An orchestrator must not restart a broker because it takes long to open its data.
TEST_F(PagesTest, ABrokerThatStartsLivesAndIsNotReady) {
  readiness_ = {.ready = false, .text = "not ready\nthe data is being opened\n"};
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_THAT(Get("/readyz").body, HasSubstr("the data is being opened"));
}

TEST_F(PagesTest, SnapshotIsForTheOperatorWhoSaysWhere) {
  const std::string target = "/snapshot?to=" + EncodeForQuery((dir_ / "snap").string());
  EXPECT_EQ(Ask("GET", target, HttpTrust::kOperator).status, 405);
  EXPECT_EQ(Ask("POST", target, HttpTrust::kNone).status, 403);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "snap"));
  EXPECT_EQ(Ask("POST", "/snapshot", HttpTrust::kOperator).status, 400);
  const HttpResponse relative = Ask("POST", "/snapshot?to=snap", HttpTrust::kOperator);
  EXPECT_EQ(relative.status, 400);
  EXPECT_EQ(relative.body,
            "{\"error\":\"A snapshot needs an absolute path, not \\\"snap\\\".\"}\n");

  const HttpResponse taken = Ask("POST", target, HttpTrust::kOperator);
  EXPECT_EQ(taken.status, 200);
  EXPECT_EQ(taken.content_type, "application/json");
  EXPECT_THAT(taken.body, StartsWith("{\"directory\":\"" + (dir_ / "snap").string() + "\","));
  EXPECT_THAT(taken.body, HasSubstr("\"scope\":\"this broker only"));
  EXPECT_TRUE(std::filesystem::exists(dir_ / "snap/FORMAT"));
  EXPECT_EQ(Ask("POST", target, HttpTrust::kOperator).status, 409);
}

}  // namespace
}  // namespace gneiss::server
