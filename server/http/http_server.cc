// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_server.h"

#include <cerrno>
#include <utility>

#include <glog/logging.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "server/http/local_socket.h"
#include "server/limits.h"
#include "server/net/address_text.h"
#include "server/net/event_loop.h"
#include "server/net/live_tasks.h"
#include "server/net/storage_pool.h"

namespace gneiss::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

using Parser = http::request_parser<http::string_body>;
using Answer = http::response<http::string_body>;

// Says for whom it asks: a proxy on this machine does that for anybody.
bool IsForwarded(const Parser& parser) {
  const auto& request = parser.get();
  return request.count(http::field::forwarded) != 0 || request.count(http::field::via) != 0 ||
         request.count("X-Forwarded-For") != 0;
}

// A browser says which page a request comes from; a page of somebody else must not act here.
HttpTrust TrustOf(const tcp::socket& socket, const Parser& parser) {
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  const bool here = !error && Unmapped(peer.address()).is_loopback();
  const bool from_page = parser.get().count(http::field::origin) != 0;
  return here && !from_page && !IsForwarded(parser) ? HttpTrust::kOperator : HttpTrust::kNone;
}

HttpTrust TrustOf(const Local::socket&, const Parser&) { return HttpTrust::kOperator; }

bool IsHead(const Parser& parser) { return parser.get().method() == http::verb::head; }

Answer MakeAnswer(HttpResponse response, unsigned version, bool keep_alive) {
  Answer answer(static_cast<http::status>(response.status), version);
  answer.set(http::field::content_type, response.content_type);
  if (!response.allow.empty()) answer.set(http::field::allow, response.allow);
  answer.keep_alive(keep_alive);
  answer.body() = std::move(response.body);
  answer.prepare_payload();
  return answer;
}

Status OpenUnix(Local::acceptor& acceptor, const std::string& name) {
  ::unlink(name.c_str());  // of a broker that was killed; the directory's lock is ours
  error_code error;
  acceptor.open(Local(), error);
  // The socket's file is made with the socket's own mode: never, not for a moment, with a wider
  // one.
  if (!error && ::fchmod(acceptor.native_handle(), S_IRUSR | S_IWUSR) != 0) {
    error = error_code(errno, boost::system::system_category());
  }
  if (!error) acceptor.bind(Local::endpoint(name), error);
  if (!error) acceptor.listen(limits::kHttpConnectionsMax, error);
  if (error) return Fail(Errc::kStorage, error.message());
  return {};
}

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(HttpServerOptions options) : options_(std::move(options)) {}

  ~Impl() {
    pages_threads_.Join();  // before the loop, which its callers wait upon
    loop_.Stop();
    if (socket_path_ != nullptr) ::unlink(socket_path_->name().c_str());
  }

  Status Start() {
    if (options_.address) GNEISS_RETURN_IF_ERROR(OpenTcp(*options_.address));
    if (tcp_.is_open()) Supervise(tasks_, loop_.executor(), "http listener", Accept(this, tcp_));
    loop_.Start();
    return {};
  }

  void OpenControlSocket(const std::filesystem::path& directory) {
    if (Status opened = OpenSocket(directory); !opened) {
      LOG(WARNING) << "no control socket directory=" << directory.string()
                   << " error=" << opened.error().detail;
      unix_.close();
      socket_path_.reset();
      return;
    }
    Supervise(tasks_, loop_.executor(), "control", Accept(this, unix_));
  }

  std::uint16_t port() const {
    error_code error;
    const tcp::endpoint local = tcp_.local_endpoint(error);
    return error ? std::uint16_t{0} : local.port();
  }

 private:
  Status OpenTcp(const HttpServerOptions::Address& address) {
    const std::string name = HostAndPort(address.host, address.port);
    const auto refuse = [&](const error_code& error) {
      return Fail(Errc::kInvalidArgument, "cannot serve HTTP on " + name + ": " + error.message());
    };
    tcp::resolver resolver(loop_.context());
    error_code error;
    const auto found =
        resolver.resolve(address.host, std::to_string(address.port),
                         tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error) return refuse(error);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    tcp_.open(endpoint.protocol(), error);
    if (!error) tcp_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) tcp_.bind(endpoint, error);
    if (!error) tcp_.listen(limits::kHttpConnectionsMax, error);
    if (error) return refuse(error);
    return {};
  }

  Status OpenSocket(const std::filesystem::path& directory) {
    GNEISS_ASSIGN_OR_RETURN(socket_path_, LocalSocketPath::Open(directory));
    return OpenUnix(unix_, socket_path_->name());
  }

  template <class Acceptor>
  static asio::awaitable<void> Accept(Impl* self, Acceptor& acceptor) {
    using Protocol = typename Acceptor::protocol_type;
    while (acceptor.is_open()) {
      auto [error, socket] = co_await acceptor.async_accept(kAsTuple);
      if (error) {
        if (error == asio::error::operation_aborted) co_return;
        asio::steady_timer pause(self->loop_.context(), limits::kAcceptRetryInterval);
        co_await pause.async_wait(kAsTuple);
      } else if (self->connections_ < limits::kHttpConnectionsMax) {  // else it is closed here
        Supervise(self->tasks_, self->loop_.executor(), "http connection",
                  Serve<Protocol>(self, beast::basic_stream<Protocol>(std::move(socket))));
      }
    }
  }

  // One connection, to its end.
  template <class Protocol>
  static asio::awaitable<void> Serve(Impl* self, beast::basic_stream<Protocol> stream) {
    ++self->connections_;
    beast::flat_buffer buffer(limits::kHttpHeaderBytesMax + limits::kHttpBodyBytesMax);
    for (bool keep_alive = true; keep_alive;) {
      Parser parser;
      parser.header_limit(limits::kHttpHeaderBytesMax);
      parser.body_limit(limits::kHttpBodyBytesMax);
      stream.expires_after(limits::kHttpTimeout);
      const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kAsTuple);
      const bool understood = !read_error;
      if (!understood &&
          read_error.category() != http::make_error_code(http::error::end_of_stream).category()) {
        break;  // the peer is gone, or too slow
      }
      if (read_error == http::error::end_of_stream) break;
      keep_alive = understood && parser.get().keep_alive();
      HttpResponse response{.status = 400, .body = "not an HTTP request\n"};
      if (understood) {
        stream.expires_never();  // it is we who take the time now
        response = co_await Respond(self, parser, TrustOf(stream.socket(), parser));
      }
      const unsigned version = understood ? parser.get().version() : 11;
      Answer answer = MakeAnswer(std::move(response), version, keep_alive);
      if (understood && IsHead(parser)) answer.body().clear();
      stream.expires_after(limits::kHttpTimeout);
      const auto [write_error, written] = co_await http::async_write(stream, answer, kAsTuple);
      if (write_error) break;
    }
    error_code ignored;
    stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    --self->connections_;
  }

  static asio::awaitable<HttpResponse> Respond(Impl* self, const Parser& parser, HttpTrust trust) {
    HttpRequest request;
    request.trust = trust;
    request.method = IsHead(parser) ? "GET" : std::string(parser.get().method_string());
    if (!ParseHttpTarget(std::string_view(parser.get().target()), request)) {
      co_return HttpResponse{.status = 400, .body = "the path or the query is not well formed\n"};
    }
    auto work = [self, request]() -> Result<HttpResponse> { return self->options_.pages(request); };
    Result<HttpResponse> response =
        co_await self->pages_threads_.Run<HttpResponse>(std::move(work));
    if (!response) co_return HttpResponse{.status = 500, .body = response.error().detail + "\n"};
    co_return std::move(*response);
  }

  const HttpServerOptions options_;
  LiveTasks tasks_;
  EventLoop loop_{"http"};
  int connections_ = 0;  // loop only
  tcp::acceptor tcp_{loop_.context()};
  Local::acceptor unix_{loop_.context()};
  std::unique_ptr<LocalSocketPath> socket_path_;
  StoragePool pages_threads_{limits::kHttpThreads};
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  GNEISS_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

void HttpServer::OpenControlSocket(const std::filesystem::path& directory) {
  impl_->OpenControlSocket(directory);
}

std::uint16_t HttpServer::port() const { return impl_->port(); }

}  // namespace gneiss::server
