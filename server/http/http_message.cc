// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_message.h"

#include <charconv>
#include <optional>

namespace gneiss::server {
namespace {

std::optional<std::string> Decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
    if (error != std::errc() || end != digits + 2) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

bool AddParameter(std::string_view parameter, HttpRequest& request) {
  const std::size_t equals = parameter.find('=');
  const auto name = Decode(parameter.substr(0, equals));
  const auto value = Decode(equals == parameter.npos ? "" : parameter.substr(equals + 1));
  if (!name || !value) return false;
  return request.query.emplace(*name, *value).second;
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~' || c == '/';
}

}  // namespace

bool ParseHttpTarget(std::string_view target, HttpRequest& request) {
  const std::size_t mark = target.find('?');
  auto path = Decode(target.substr(0, mark));
  if (!path || !path->starts_with('/')) return false;
  request.path = std::move(*path);
  std::string_view query = mark == target.npos ? "" : target.substr(mark + 1);
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    if (!AddParameter(query.substr(0, end), request)) return false;
    query = end == query.npos ? "" : query.substr(end + 1);
  }
  return true;
}

std::string EncodeForQuery(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (IsPlain(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

}  // namespace gneiss::server
