// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_message.h"

#include <gtest/gtest.h>

namespace gneiss::server {
namespace {

TEST(HttpMessageTest, ATargetIsSplitAndDecoded) {
  HttpRequest request;
  ASSERT_TRUE(ParseHttpTarget("/snapshot?to=%2Fback%20up%2Fa+b&x", request));
  EXPECT_EQ(request.path, "/snapshot");
  EXPECT_EQ(request.query.at("to"), "/back up/a b");
  EXPECT_EQ(request.query.at("x"), "");
}

TEST(HttpMessageTest, WhatIsNotWellFormedIsRefused) {
  for (const char* const target :
       {"", "metrics", "*", "/%", "/%4", "/%zz", "/a?to=%g0", "/a?to=1&to=2"}) {
    HttpRequest request;
    EXPECT_FALSE(ParseHttpTarget(target, request)) << target;
  }
}

TEST(HttpMessageTest, AnyPathSurvivesAQuery) {
  std::string path = "/data/\xc3\xa4 &?=+%#";
  for (int c = 1; c < 256; ++c) path += static_cast<char>(c);
  HttpRequest request;
  ASSERT_TRUE(ParseHttpTarget("/snapshot?to=" + EncodeForQuery(path), request));
  EXPECT_EQ(request.query.at("to"), path);
}

}  // namespace
}  // namespace gneiss::server
