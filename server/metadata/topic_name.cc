// SPDX-License-Identifier: Apache-2.0
#include "server/metadata/topic_name.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gneiss::server {
namespace {

// Not std::isalnum: that depends on the locale.
bool IsLegalChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

char Unified(char c) { return c == '.' ? '_' : c; }

}  // namespace

Status CheckTopicName(std::string_view name) {
  const auto refuse = [](std::string why) { return Fail(Errc::kInvalidArgument, std::move(why)); };
  if (name.empty()) return refuse("A topic needs a name.");
  if (name == "." || name == "..") return refuse("A topic cannot be called '.' or '..'.");
  if (name.size() > kTopicNameLengthMax) {
    return refuse("A topic's name may have up to " + std::to_string(kTopicNameLengthMax) +
                  " characters, this one has " + std::to_string(name.size()) + ".");
  }
  if (!std::ranges::all_of(name, IsLegalChar)) {
    return refuse("The topic name '" + std::string(name) +
                  "' has a character that is not a letter, a digit, '.', '_' or '-'.");
  }
  return {};
}

bool HasCollisionChar(std::string_view name) {
  return name.find_first_of("._") != std::string_view::npos;
}

bool TopicNamesCollide(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::ranges::equal(a, b, [](char x, char y) { return Unified(x) == Unified(y); });
}

}  // namespace gneiss::server
