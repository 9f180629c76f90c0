// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "server/config/broker_config_parser.h"
#include "server/config/text.h"

namespace gneiss::server {
namespace {

void AppendUtf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// Undoes the escapes of Java's properties format; a backslash before any other character is
// dropped.
std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'u' && i + 4 < text.size() &&
        text.substr(i + 1, 4).find_first_not_of("0123456789abcdefABCDEF") ==
            std::string_view::npos) {
      AppendUtf8(
          static_cast<std::uint32_t>(std::stoul(std::string(text.substr(i + 1, 4)), nullptr, 16)),
          out);
      i += 4;
      continue;
    }
    switch (c) {
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 'f':
        out += '\f';
        break;
      default:
        out += c;
    }
  }
  return out;
}

bool EndsInOddBackslashes(std::string_view line) {
  const std::size_t last = line.find_last_not_of('\\');
  const std::size_t count = last == std::string_view::npos ? line.size() : line.size() - last - 1;
  return count % 2 == 1;
}

// Splits "key = value" at the first '=', ':' or blank that is not escaped.
void AddProperty(std::string_view line, ConfigMap& properties) {
  std::size_t end = 0;
  while (end < line.size() &&
         std::string_view("=: \t\f").find(line[end]) == std::string_view::npos) {
    end += line[end] == '\\' ? 2 : 1;
  }
  end = std::min(end, line.size());
  std::string_view value = line.substr(end);
  value.remove_prefix(std::min(value.find_first_not_of(" \t\f"), value.size()));
  if (!value.empty() && (value.front() == '=' || value.front() == ':')) {
    value.remove_prefix(1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t\f"), value.size()));
  }
  properties[Unescape(line.substr(0, end))] = Unescape(value);
}

}  // namespace

Result<ConfigMap> ReadPropertiesFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored)) {
    return Fail(Errc::kInvalidArgument, "cannot read the config file " + path.string() + ": " +
                                            std::strerror(errno == 0 ? EISDIR : errno));
  }
  ConfigMap properties;
  std::string logical;
  std::string line;
  while (std::getline(file, line)) {
    std::string_view rest = line;
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\f"), rest.size()));
    if (logical.empty() && (rest.empty() || rest.front() == '#' || rest.front() == '!')) continue;
    if (EndsInOddBackslashes(rest)) {
      logical += rest.substr(0, rest.size() - 1);
      continue;
    }
    logical += rest;
    AddProperty(logical, properties);
    logical.clear();
  }
  if (!logical.empty()) AddProperty(logical, properties);
  return properties;
}

}  // namespace gneiss::server
