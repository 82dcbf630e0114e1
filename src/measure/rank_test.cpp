#include "measure/rank_test.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/error.hpp"
#include "measure/stats.hpp"

namespace repro::measure {
namespace {

constexpr size_t kMostExact = 50;  // values: counts of shares stay whole in a double

// Twice the mean rank of each value, so that ranks of ties are whole.
struct Ranks {
  std::vector<int64_t> doubled;
  double ties = 0;  // sum over groups of equal values of t^3 - t
};

Ranks rank(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return values[i] < values[j]; });
  Ranks ranks{.doubled = std::vector<int64_t>(values.size()), .ties = 0};
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    // Ranks begin + 1 to end, twice their mean.
    for (size_t i = begin; i < end; ++i)
      ranks.doubled[order[i]] = static_cast<int64_t>(begin + 1 + end);
    const auto tied = static_cast<double>(end - begin);
    ranks.ties += tied * tied * tied - tied;
  }
  return ranks;
}

// By sum of doubled ranks: in how many ways `size` of the values have it.
std::vector<double> count_shares(const std::vector<int64_t>& doubled, size_t size) {
  const auto total =
      static_cast<size_t>(std::accumulate(doubled.begin(), doubled.end(), int64_t{0}));
  std::vector<std::vector<double>> ways(size + 1, std::vector<double>(total + 1, 0.0));
  ways[0][0] = 1;
  for (const int64_t rank_of_one : doubled) {
    const auto step = static_cast<size_t>(rank_of_one);
    for (size_t taken = size; taken > 0; --taken)
      for (size_t sum = total + 1; sum-- > step;) ways[taken][sum] += ways[taken - 1][sum - step];
  }
  return ways[size];
}

double exact_p(const std::vector<int64_t>& doubled, size_t size, int64_t sum) {
  const std::vector<double> ways = count_shares(doubled, size);
  const auto at = static_cast<std::ptrdiff_t>(sum);
  const double all = std::accumulate(ways.begin(), ways.end(), 0.0);
  const double below = std::accumulate(ways.begin(), ways.begin() + at + 1, 0.0);
  const double above = std::accumulate(ways.begin() + at, ways.end(), 0.0);
  return std::min(1.0, 2 * std::min(below, above) / all);
}

double normal_p(double u, double n_a, double n_b, double ties) {
  const double n = n_a + n_b;
  const double variance = n_a * n_b / 12 * ((n + 1) - ties / (n * (n - 1)));
  if (!(variance > 0)) return 1;
  const double distance = std::max(u, n_a * n_b - u) - n_a * n_b / 2 - 0.5;
  return std::min(1.0, 2 * normal_upper_tail(distance / std::sqrt(variance)));
}

}  // namespace

RankTest mann_whitney(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) throw Error("a rank test needs values in both groups");
  std::vector<double> values(a.begin(), a.end());
  values.insert(values.end(), b.begin(), b.end());
  for (const double value : values)
    if (std::isnan(value)) throw Error("a rank test cannot order a value that is not a number");
  const Ranks ranks = rank(values);
  const auto size = static_cast<std::ptrdiff_t>(a.size());
  const int64_t sum =
      std::accumulate(ranks.doubled.begin(), ranks.doubled.begin() + size, int64_t{0});
  const auto n_a = static_cast<double>(a.size()), n_b = static_cast<double>(b.size());
  RankTest test;
  test.u = static_cast<double>(sum) / 2 - n_a * (n_a + 1) / 2;
  test.exact = values.size() <= kMostExact;
  test.p =
      test.exact ? exact_p(ranks.doubled, a.size(), sum) : normal_p(test.u, n_a, n_b, ranks.ties);
  return test;
}

}  // namespace repro::measure
