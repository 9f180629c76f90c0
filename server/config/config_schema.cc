// SPDX-License-Identifier: Apache-2.0
#include "server/config/config_schema.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "server/config/text.h"

namespace gneiss::server {
namespace {

const ConfigKey* Find(std::span<const ConfigKey> keys, std::string_view name) {
  const auto it = std::ranges::lower_bound(keys, name, {}, &ConfigKey::name);
  return it != keys.end() && it->name == name ? &*it : nullptr;
}

template <class Number>
std::optional<Number> ParseNumber(std::string_view text) {
  // Java accepts a leading plus sign, from_chars does not.
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string Refusal(const ConfigKey& key, std::string_view value, std::string_view why) {
  std::string text = "Invalid value " + std::string(value) + " for " + std::string(key.name) +
                     ": " + std::string(why);
  if (!key.allowed.empty()) text += " (allowed: " + std::string(key.allowed) + ")";
  return text;
}

// `allowed` holds alternatives like "1..9" or "-1".
template <class Number>
bool InRange(std::string_view allowed, Number value) {
  if (allowed.empty()) return true;
  for (const std::string_view one : Split(allowed, ',')) {
    const std::size_t dots = one.find("..");
    if (dots == std::string_view::npos) {
      if (ParseNumber<Number>(one) == value) return true;
      continue;
    }
    const std::string_view low = one.substr(0, dots);
    const std::string_view high = one.substr(dots + 2);
    if ((low.empty() || *ParseNumber<Number>(low) <= value) &&
        (high.empty() || value <= *ParseNumber<Number>(high))) {
      return true;
    }
  }
  return false;
}

bool IsOneOf(std::string_view allowed, std::string_view value) {
  return allowed.empty() || Contains(Split(allowed, '|'), value);
}

// Elements of the two lists of throttled replicas: "*" alone, or partition:broker.
bool IsThrottledReplica(std::string_view element, std::size_t count) {
  if (element == "*") return count == 1;
  const std::vector<std::string_view> parts = Split(element, ':');
  const auto is_number = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return parts.size() == 2 && std::ranges::all_of(parts, is_number);
}

bool IsElement(const ConfigKey& key, std::string_view element, std::size_t count) {
  if (key.allowed == kThrottledReplicas) return IsThrottledReplica(element, count);
  return IsOneOf(key.allowed, element);
}

Status CheckList(const ConfigKey& key, std::string_view value) {
  const std::vector<std::string_view> elements = SplitList(value);
  for (const std::string_view element : elements) {
    if (!IsElement(key, element, elements.size())) {
      return Fail(Errc::kInvalidArgument, Refusal(key, element, "not a known element"));
    }
  }
  return {};
}

Status CheckInteger(const ConfigKey& key, std::string_view value, std::int64_t low,
                    std::int64_t high) {
  const std::optional<std::int64_t> number = ParseNumber<std::int64_t>(value);
  if (!number || *number < low || *number > high) {
    return Fail(Errc::kInvalidArgument, Refusal(key, value, "not a whole number of this size"));
  }
  if (!InRange(key.allowed, *number)) {
    return Fail(Errc::kInvalidArgument, Refusal(key, value, "out of range"));
  }
  return {};
}

template <class Int>
Status CheckInteger(const ConfigKey& key, std::string_view value) {
  return CheckInteger(key, value, std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max());
}

// The shortest text that reads back the same, as Java writes it: "1.0", "0.25", "1.0E-5".
std::string DoubleText(double value) {
  constexpr double kPlainMin = 1e-3;
  constexpr double kPlainMax = 1e7;
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= kPlainMin && size < kPlainMax);
  char digits[32];
  const char* const end =
      std::to_chars(std::begin(digits), std::end(digits), value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  const std::string_view text(digits, end);
  const std::size_t mark = std::min(text.find('e'), text.size());
  std::string result(text.substr(0, mark));
  if (result.find('.') == std::string::npos) result += ".0";
  if (mark == text.size()) return result;
  std::string_view exponent = text.substr(mark + 1);
  if (exponent.front() == '+') exponent.remove_prefix(1);
  return result + "E" + std::to_string(ConfigInteger(exponent));
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const ConfigKey* FindTopicKey(std::string_view name) {
  const ConfigKey* const key = Find(TopicKeys(), name);
  return key != nullptr ? key : Find(TopicCreationKeys(), name);
}
const ConfigKey* FindBrokerKey(std::string_view name) { return Find(BrokerKeys(), name); }
const ConfigKey* FindGroupKey(std::string_view name) { return Find(GroupKeys(), name); }

std::string_view NearestBrokerKey(std::string_view name) {
  const std::size_t far = std::max<std::size_t>(3, name.size() / 4);
  std::string_view nearest;
  std::size_t best = far + 1;
  for (const ConfigKey& key : BrokerKeys()) {
    const std::size_t distance = EditDistance(name, key.name);
    if (distance < best) {
      best = distance;
      nearest = key.name;
    }
  }
  return nearest;
}

bool IsSensitive(const ConfigKey& key) { return key.type == ConfigType::kPassword; }

Status CheckConfigValue(const ConfigKey& key, std::string_view untrimmed) {
  const std::string_view value = Trim(untrimmed);
  switch (key.type) {
    case ConfigType::kBoolean:
      if (EqualsIgnoringCase(value, "true") || EqualsIgnoringCase(value, "false")) return {};
      return Fail(Errc::kInvalidArgument, Refusal(key, value, "it must be true or false"));
    case ConfigType::kShort:
      return CheckInteger<std::int16_t>(key, value);
    case ConfigType::kInt:
      return CheckInteger<std::int32_t>(key, value);
    case ConfigType::kLong:
      return CheckInteger<std::int64_t>(key, value);
    case ConfigType::kDouble: {
      const std::optional<double> number = ParseNumber<double>(value);
      if (!number || !std::isfinite(*number)) {
        return Fail(Errc::kInvalidArgument, Refusal(key, value, "not a number"));
      }
      if (!InRange(key.allowed, *number)) {
        return Fail(Errc::kInvalidArgument, Refusal(key, value, "out of range"));
      }
      return {};
    }
    case ConfigType::kList:
      return CheckList(key, value);
    case ConfigType::kString:
      if (IsOneOf(key.allowed, value)) return {};
      return Fail(Errc::kInvalidArgument, Refusal(key, value, "not a known value"));
    case ConfigType::kClass:
    case ConfigType::kPassword:
    case ConfigType::kUnknown:
      return {};
  }
  return Fail(Errc::kInternal, "a config key of no known type");
}

std::string CanonicalConfigValue(const ConfigKey& key, std::string_view value) {
  switch (key.type) {
    case ConfigType::kBoolean:
      return ConfigBoolean(value) ? "true" : "false";
    case ConfigType::kShort:
    case ConfigType::kInt:
    case ConfigType::kLong:
      return std::to_string(ConfigInteger(value));
    case ConfigType::kDouble:
      return DoubleText(ConfigDouble(value));
    case ConfigType::kList:
      return Join(SplitList(value), ",");
    default:
      return std::string(Trim(value));
  }
}

std::int64_t ConfigInteger(std::string_view value) {
  return ParseNumber<std::int64_t>(Trim(value)).value_or(0);
}
double ConfigDouble(std::string_view value) { return ParseNumber<double>(Trim(value)).value_or(0); }
bool ConfigBoolean(std::string_view value) { return EqualsIgnoringCase(Trim(value), "true"); }

}  // namespace gneiss::server
