// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/metric_families.h"

#include <utility>

#include <prometheus/text_serializer.h>

namespace gneiss::server {

using prometheus::ClientMetric;

void MetricFamilies::Family::Add(Labels labels, double value) {
  ClientMetric& metric = (*all_)[index_].metric.emplace_back();
  metric.label = std::move(labels);
  metric.counter.value = value;  // the serializer takes the one that the type names
  metric.gauge.value = value;
}

void MetricFamilies::Family::Add(Labels labels, HistogramValue value) {
  ClientMetric& metric = (*all_)[index_].metric.emplace_back();
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
