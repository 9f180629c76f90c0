// SPDX-License-Identifier: Apache-2.0
#include "server/http/control_client.h"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "server/http/local_socket.h"

namespace gneiss::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

Result<HttpResponse> AskBroker(const std::filesystem::path& data_dir, const std::string& method,
                               const std::string& target) {
  GNEISS_ASSIGN_OR_RETURN(const auto path, LocalSocketPath::Open(data_dir));
  asio::io_context context(1);
  Local::socket socket(context);
  error_code error;
  socket.connect(Local::endpoint(path->name()), error);
  if (error == boost::system::errc::no_such_file_or_directory ||
      error == boost::system::errc::connection_refused) {
    return Fail(Errc::kNotFound, "no broker listens in " + data_dir.string());
  }
  if (error) {
    return Fail(Errc::kStorage, "The broker on " + data_dir.string() +
                                    " cannot be reached: " + error.message() + ".");
  }
  http::request<http::empty_body> request;
  request.version(11);
  request.method_string(method);
  request.target(target);
  request.set(http::field::host, "gneiss");
  http::write(socket, request, error);
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  if (!error) http::read(socket, buffer, response, error);
  if (error) {
    return Fail(Errc::kStorage,
                "The broker on " + data_dir.string() + " did not answer: " + error.message() + ".");
  }
  return HttpResponse{.status = static_cast<int>(response.result_int()),
                      .body = std::move(response.body())};
}

}  // namespace gneiss::server
