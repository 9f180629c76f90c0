// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

namespace gneiss::server {

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

// A histogram as Prometheus wants it: how many were up to each bound, in its unit.
struct HistogramValue {
  std::vector<prometheus::ClientMetric::Bucket> buckets;  // cumulative; the last bound is infinite
  double sum = 0;
};

// MetricFamilies collects the metrics of one page. A family is on the page even when it has no
// figures: who looks for a name finds it with its meaning. Threads: one at a time.
class MetricFamilies {
 public:
  // One name, and its figures by labels, whose values may come from clients: what is no UTF-8 in
  // them, for which Prometheus would refuse the page, and what is too long is replaced. Serves as
  // long as the MetricFamilies does.
  class Family {
   public:
    void Add(Labels labels, double value);
    void Add(Labels labels, std::uint64_t value) {
      Add(std::move(labels), static_cast<double>(value));
    }
    void Add(Labels labels, HistogramValue value);

   private:
    friend class MetricFamilies;
    Family(std::vector<prometheus::MetricFamily>& all, std::size_t index)
        : all_(&all), index_(index) {}

    std::vector<prometheus::MetricFamily>* all_;
    std::size_t index_;
  };

  MetricFamilies() = default;
  MetricFamilies(const MetricFamilies&) = delete;
  MetricFamilies& operator=(const MetricFamilies&) = delete;

  Family Gauge(const char* name, const char* help) { return New(MetricType::Gauge, name, help); }
  Family Counter(const char* name, const char* help) {
    return New(MetricType::Counter, name, help);
  }
  Family Histogram(const char* name, const char* help) {
    return New(MetricType::Histogram, name, help);
  }
  Family New(MetricType type, const char* name, const char* help);

  // In Prometheus' text format.
  std::string Text() const;

 private:
  std::vector<prometheus::MetricFamily> families_;
};

// A metric that is a member of a row, such as a store's figures.
template <class Row>
struct Figure {
  MetricType type;
  const char* name;
  const char* help;
  std::uint64_t Row::* value;
  double unit = 1;  // of the member, in that of the metric
};

// A family for each figure, with a line for each row; `labels_of` tells rows apart.
template <class Row, std::size_t kCount, class LabelsOf>
void AddFigures(const Figure<Row> (&figures)[kCount],
                std::type_identity_t<std::span<const Row>> rows, const LabelsOf& labels_of,
                MetricFamilies& out) {
  for (const Figure<Row>& figure : figures) {
    MetricFamilies::Family family = out.New(figure.type, figure.name, figure.help);
    for (const Row& row : rows) {
      family.Add(labels_of(row), static_cast<double>(row.*figure.value) * figure.unit);
    }
  }
}

// The same for figures of which there is one.
template <class Row, std::size_t kCount>
void AddFigures(const Figure<Row> (&figures)[kCount], const Row& row, MetricFamilies& out) {
  const auto no_labels = [](const Row&) { return Labels(); };
  AddFigures(figures, std::span<const Row>(&row, 1), no_labels, out);
}

}  // namespace gneiss::server
