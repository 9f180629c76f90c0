// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace gneiss::server {

// Who may ask for more than to look.
enum class HttpTrust { kNone, kOperator };

// What a page needs to know of a request.
struct HttpRequest {
  std::string method;  // "GET"; a HEAD is a GET whose body is not sent
  std::string path;    // decoded, without the query
  std::map<std::string, std::string> query;
  HttpTrust trust = HttpTrust::kNone;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
  std::string allow{};  // with 405: the methods that there are
};

// Splits "/snapshot?to=%2Fbackup" into path and query. False: it is not well formed.
bool ParseHttpTarget(std::string_view target, HttpRequest& request);

// The other way: a value that may stand in a query.
std::string EncodeForQuery(std::string_view text);

}  // namespace gneiss::server
