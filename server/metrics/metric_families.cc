// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/metric_families.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <prometheus/text_serializer.h>

namespace gneiss::server {

using prometheus::ClientMetric;
namespace {

constexpr std::size_t kLabelBytesMax = 1024;  // group and client ids may have 32767

// The length of the UTF-8 character at the beginning of `text`; 0 if there is none.
std::size_t CharacterLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  if (length < 3) return length;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool too_large = lead == 0xF4 && second >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

std::string LabelText(std::string_view value) {
  std::string text;
  text.reserve(std::min(value.size(), kLabelBytesMax));
  while (!value.empty() && text.size() < kLabelBytesMax) {
    const std::size_t length = CharacterLength(value);
    if (length == 0) text += '?';
    text += value.substr(0, length);
    value.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

void Clean(Labels& labels) {
  for (ClientMetric::Label& label : labels) label.value = LabelText(label.value);
}

}  // namespace

void MetricFamilies::Family::Add(Labels labels, double value) {
  ClientMetric& metric = (*all_)[index_].metric.emplace_back();
  Clean(labels);
  metric.label = std::move(labels);
  metric.counter.value = value;  // the serializer takes the one that the type names
  metric.gauge.value = value;
}

void MetricFamilies::Family::Add(Labels labels, HistogramValue value) {
  ClientMetric& metric = (*all_)[index_].metric.emplace_back();
  Clean(labels);
  metric.label = std::move(labels);
  metric.histogram.sample_count = value.buckets.empty() ? 0 : value.buckets.back().cumulative_count;
  metric.histogram.sample_sum = value.sum;
  metric.histogram.bucket = std::move(value.buckets);
}

MetricFamilies::Family MetricFamilies::New(MetricType type, const char* name, const char* help) {
  prometheus::MetricFamily& family = families_.emplace_back();
  family.type = type;
  family.name = name;
  family.help = help;
  return Family(families_, families_.size() - 1);
}

std::string MetricFamilies::Text() const {
  return prometheus::TextSerializer().Serialize(families_);
}

}  // namespace gneiss::server
