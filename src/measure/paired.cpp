#include "measure/paired.hpp"

#include <cmath>
#include <map>
#include <numeric>

#include "base/error.hpp"

namespace repro::measure {
namespace {

constexpr int64_t kFewPairs = 25;  // that differ: below, counts are tested exactly

// Each item's cluster by a number from 0 on.
struct Clusters {
  std::vector<size_t> of_item;
  size_t count = 0;

  Clusters(std::span<const int32_t> names, size_t items) : of_item(items) {
    check(names.empty() || names.size() == items, "each item has a cluster");
    std::map<int32_t, size_t> numbers;
    for (size_t i = 0; i < names.size(); ++i)
      of_item[i] = numbers.try_emplace(names[i], numbers.size()).first->second;
    count = numbers.size();
    if (count > 1) return;
    std::iota(of_item.begin(), of_item.end(), size_t{0});
    count = items;
  }

  // By cluster: what its items are above the mean of all, summed.
  std::vector<double> excess(std::span<const double> values) const {
    const double mean_value = mean(values);
    std::vector<double> sums(count);
    for (size_t i = 0; i < values.size(); ++i) sums[of_item[i]] += values[i] - mean_value;
    return sums;
  }
};

double sum_of_squares(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum;
}

// Variance of a mean over so many items, from its clusters' sums.
double mean_variance(std::span<const double> excess, size_t items) {
  const auto clusters = static_cast<double>(excess.size()), n = static_cast<double>(items);
  return clusters > 1 ? clusters / (clusters - 1) * sum_of_squares(excess) / (n * n) : 0;
}

TestResult test_of(const Paired& pairs, bool binary) {
  const bool own = pairs.clusters == pairs.items;
  if (binary && (own || pairs.only_a + pairs.only_b < kFewPairs))
    return mcnemar(pairs.only_a, pairs.only_b);
  if (pairs.difference == 0) return {};
  const double t = pairs.standard_error > 0 ? pairs.difference / pairs.standard_error : INFINITY;
  const auto degrees = static_cast<double>(std::max<int64_t>(1, pairs.clusters - 1));
  return {.statistic = t,
          .degrees_of_freedom = degrees,
          .p = 2 * student_upper_tail(std::abs(t), degrees)};
}

}  // namespace

Paired compare_paired(std::span<const double> a, std::span<const double> b,
                      std::span<const int32_t> clusters) {
  constexpr double kRight = 0.5;
  check(a.size() == b.size() && !a.empty(), "pairs are of the same items");
  const Clusters by_cluster(clusters, a.size());
  Paired pairs;
  pairs.items = static_cast<int64_t>(a.size());
  pairs.clusters = static_cast<int64_t>(by_cluster.count);
  std::vector<double> differences;
  bool binary = true;
  for (size_t i = 0; i < a.size(); ++i) {
    differences.push_back(b[i] - a[i]);
    const bool a_right = a[i] >= kRight, b_right = b[i] >= kRight;
    pairs.only_a += a_right && !b_right;
    pairs.only_b += b_right && !a_right;
    binary = binary && (a[i] == 0 || a[i] == 1) && (b[i] == 0 || b[i] == 1);
  }
  pairs.difference = mean(differences);
  pairs.standard_error = std::sqrt(mean_variance(by_cluster.excess(differences), a.size()));
  pairs.test = test_of(pairs, binary);
  return pairs;
}

double item_error(const std::vector<std::vector<double>>& differences,
                  std::span<const int32_t> clusters) {
  check(!differences.empty() && !differences.front().empty(), "an error is of some items");
  const size_t items = differences.front().size(), seeds = differences.size();
  const Clusters by_cluster(clusters, items);
  std::vector<std::vector<double>> excess;  // by seed, then cluster
  std::vector<double> of_all(by_cluster.count);
  for (const std::vector<double>& seed : differences) {
    check(seed.size() == items, "seeds are of the same items");
    excess.push_back(by_cluster.excess(seed));
    for (size_t c = 0; c < of_all.size(); ++c)
      of_all[c] += excess.back()[c] / static_cast<double>(seeds);
  }
  double variance = mean_variance(of_all, items);
  for (std::vector<double>& seed : excess) {
    if (seeds < 2) break;
    for (size_t c = 0; c < of_all.size(); ++c) seed[c] -= of_all[c];
    variance -= mean_variance(seed, items) / static_cast<double>(seeds * (seeds - 1));
  }
  return std::sqrt(std::max(0.0, variance));
}

}  // namespace repro::measure
