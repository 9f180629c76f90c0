// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/property_text.h"

#include <charconv>

#include "engine/batch_properties.h"
#include "engine/format.h"
#include "engine/plugin/batch_text.h"

namespace gneiss::engine {
namespace {

std::string MarkText(const format::TimeMark& mark) {
  return ".." + std::to_string(mark.last_offset.value()) + "@" + TimeText(mark.max_timestamp);
}

// How many, the first and the last.
std::string MarksText(std::string_view value) {
  const auto marks = format::DecodeTimeMarks(value);
  if (!marks) return "DAMAGED: " + marks.error().detail;
  std::string text = std::to_string(marks->size()) + " marks";
  if (!marks->empty()) text += " " + MarkText(marks->front());
  if (marks->size() > 1) text += " ... " + MarkText(marks->back());
  return text;
}

}  // namespace

std::optional<std::string> PropertyText(std::string_view name, std::string_view value) {
  if (!name.starts_with("gneiss.")) return std::nullopt;
  if (name == kTimeMarksProperty) return MarksText(value);
  if (name != kMaxTimestampProperty) return std::string(value);
  TimestampMs timestamp = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), timestamp);
  if (error != std::errc()) return QuotedText(value);
  return std::string(value) + " (" + TimeText(timestamp) + ")";
}

}  // namespace gneiss::engine
