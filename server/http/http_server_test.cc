// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_server.h"

#include <future>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "engine/testing/temp_dir.h"
#include "server/http/control_client.h"
#include "server/http/local_socket.h"
#include "server/limits.h"

namespace gneiss::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HttpServerTest : public ::testing::Test {
 protected:
  void Start() { Start(dir_.path()); }
  void Start(const std::filesystem::path& directory) {
    auto server = HttpServer::Start({.address = HttpServerOptions::Address{"127.0.0.1", 0},
                                     .pages = [this](const HttpRequest& request) {
                                       if (request.path == "/wait") gate_.get_future().wait();
                                       return HttpResponse{.body = Describe(request)};
                                     }});
    ASSERT_TRUE(server) << server.error().detail;
    server_ = std::move(*server);
    server_->OpenControlSocket(directory);
  }
  static std::string Describe(const HttpRequest& request) {
    const bool trusted = request.trust == HttpTrust::kOperator;
    return request.method + " " + request.path + (trusted ? " operator" : " stranger");
  }
  tcp::socket Connect() {
    tcp::socket socket(context_);
    socket.connect({asio::ip::address_v4::loopback(), server_->port()});
    return socket;
  }
  // Everything the server says until it closes.
  std::string Exchange(const std::string& bytes) {
    tcp::socket socket = Connect();
    boost::system::error_code error;
    asio::write(socket, asio::buffer(bytes), error);
    socket.shutdown(tcp::socket::shutdown_send, error);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    return answer;
  }

  engine::testing::TempDir dir_;
  asio::io_context context_;
  std::promise<void> gate_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOverTcp) {
  Start();
  const std::string answer = Exchange("GET /metrics?a=b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /metrics operator"));
}

TEST_F(HttpServerTest, AConnectionServesOneRequestAfterTheOther) {
  Start();
  tcp::socket socket = Connect();
  std::string buffer;
  for (int i = 0; i < 3; ++i) {
    asio::write(socket, asio::buffer("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n"));
    const std::string end = "GET /" + std::to_string(i) + " operator";
    buffer.erase(0, asio::read_until(socket, asio::dynamic_buffer(buffer), end));
  }
}

TEST_F(HttpServerTest, AHeadHasNoBodyAndTellsTheLengthOfTheOneOfAGet) {
  Start();
  const std::string answer = Exchange("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  const auto length = std::to_string(std::string("GET /healthz operator").size());
  EXPECT_THAT(answer, HasSubstr("Content-Length: " + length + "\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

// A web page that somebody on this machine looks at can send a POST here.
TEST_F(HttpServerTest, ABrowsersRequestIsAStrangers) {
  Start();
  const std::string answer =
      Exchange("POST /x HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("POST /x stranger"));
}

TEST_F(HttpServerTest, AForwardedRequestIsAStrangers) {
  Start();
  for (const std::string header :
       {"Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1", "Via: 1.1 proxy"}) {
    EXPECT_THAT(Exchange("POST /x HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n"),
                EndsWith("POST /x stranger"));
  }
}

TEST_F(HttpServerTest, BadInputIsAnsweredOrCutAndHarmsNobody) {
  Start();
  const std::string long_name(limits::kHttpHeaderBytesMax, 'a');
  const std::string length = std::to_string(limits::kHttpBodyBytesMax + 1);
  const std::vector<std::string> inputs = {
      "",
      "\r\n\r\n",
      std::string(300, '\0'),
      "\x16\x03\x01\x02" + std::string(200, 'x'),
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET /%zz HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\n" + long_name + ": x\r\n\r\n",
      "GET /" + long_name + " HTTP/1.1\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: " + length + "\r\n\r\n" +
          std::string(limits::kHttpBodyBytesMax + 1, 'x'),
      "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nshort",
  };
  for (const std::string& input : inputs) {
    const std::string answer = Exchange(input);
    if (!answer.empty()) EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << input.substr(0, 60);
  }
  EXPECT_THAT(Exchange("GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("GET /ok operator"));
}

TEST_F(HttpServerTest, ConnectionsBeyondTheLimitAreClosed) {
  Start();
  std::vector<tcp::socket> idle;
  for (int i = 0; i < limits::kHttpConnectionsMax; ++i) {
    idle.push_back(Connect());
    asio::write(idle.back(), asio::buffer(std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
    std::string answer;
    asio::read_until(idle.back(), asio::dynamic_buffer(answer), "operator");
  }
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "");
}

TEST_F(HttpServerTest, ALongAnswerDoesNotKeepOthersWaiting) {
  Start();
  std::future<std::string> slow = std::async(
      std::launch::async, [this] { return AskBroker(dir_.path(), "GET", "/wait")->body; });
  EXPECT_THAT(Exchange("GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("GET /ok operator"));
  gate_.set_value();
  EXPECT_EQ(slow.get(), "GET /wait operator");
}

TEST_F(HttpServerTest, TheControlSocketIsItsOwnersAlone) {
  Start();
  struct stat status{};
  ASSERT_EQ(::stat((dir_ / kControlSocket).c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto answer = AskBroker(dir_.path(), "POST", "/snapshot?to=%2Fx");
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->body, "POST /snapshot operator");
}

// A socket's name holds 107 bytes; directories are often longer.
TEST_F(HttpServerTest, TheControlSocketLiesInAnyDirectory) {
  const std::filesystem::path deep = dir_ / std::string(100, 'a') / std::string(100, 'b');
  std::filesystem::create_directories(deep);
  Start(deep);
  EXPECT_TRUE(AskBroker(deep, "GET", "/"));
}

TEST_F(HttpServerTest, TheControlSocketOfAKilledBrokerIsReplacedAndOfAStoppedOneGone) {
  std::filesystem::create_directories(dir_ / "other");
  Start(dir_ / "other");
  std::filesystem::rename(dir_ / "other" / kControlSocket, dir_ / kControlSocket);  // nobody's now
  server_.reset();
  const auto nobody = AskBroker(dir_.path(), "GET", "/");
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Errc::kNotFound);
  Start();
  EXPECT_TRUE(AskBroker(dir_.path(), "GET", "/"));
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(dir_ / kControlSocket));
}

TEST_F(HttpServerTest, StopsWithConnectionsOpen) {
  Start();
  tcp::socket half = Connect();
  asio::write(half, asio::buffer(std::string("GET / HT")));
  tcp::socket idle = Connect();
  server_.reset();
  std::string rest;
  boost::system::error_code error;
  asio::read(half, asio::dynamic_buffer(rest), error);
  EXPECT_TRUE(error);
}

}  // namespace
}  // namespace gneiss::server
