// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gneiss::server {

// Small pieces of text work that config files and flags need. The results borrow from the argument.

std::string_view Trim(std::string_view text);  // blanks, tabs and line ends on both sides
std::vector<std::string_view> Split(std::string_view text, char separator);
// Kafka's lists: comma-separated, blanks around elements dropped; "" is an empty list.
std::vector<std::string_view> SplitList(std::string_view text);
bool Contains(const std::vector<std::string_view>& parts, std::string_view part);
std::string Join(const std::vector<std::string_view>& parts, std::string_view separator);
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace gneiss::server
