#include "measure/levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "measure/stats.hpp"

namespace repro::measure {
namespace {

constexpr size_t kMostLevels = 20;
constexpr double kNothing = 1e-9;  // of what one level leaves: bits, not a spread
constexpr double kImpossible = std::numeric_limits<double>::infinity();

// The sum of absolute differences from the median, of values[begin] to values[end - 1].
class Distances {
 public:
  explicit Distances(std::span<const double> values) : size_(values.size()) {
    sums_.resize(size_ * (size_ + 1) / 2);
    std::vector<double> sorted;
    for (size_t begin = 0; begin < size_; ++begin) {
      sorted.clear();
      for (size_t end = begin; end < size_; ++end) {
        sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), values[end]), values[end]);
        sums_[place(begin, end)] = sum_of(sorted);
      }
    }
  }
  double operator()(size_t begin, size_t end) const { return sums_[place(begin, end - 1)]; }

 private:
  static double sum_of(const std::vector<double>& sorted) {
    double sum = 0;
    for (size_t i = 0, j = sorted.size() - 1; i < j; ++i, --j) sum += sorted[j] - sorted[i];
    return sum;
  }
  size_t place(size_t begin, size_t last) const {
    return begin * size_ - begin * (begin + 1) / 2 + last;
  }

  size_t size_;
  std::vector<double> sums_;
};

// best[k][j]: the least sum of the first j values in k + 1 levels, and where the last one begins.
struct Fits {
  std::vector<std::vector<double>> sum;
  std::vector<std::vector<size_t>> begin;
};

Fits fit_all(const Distances& distance, size_t values, size_t shortest) {
  const size_t most = std::min(kMostLevels, std::max<size_t>(1, values / shortest));
  Fits fits{{most, std::vector<double>(values + 1, kImpossible)},
            {most, std::vector<size_t>(values + 1, 0)}};
  for (size_t j = 1; j <= values; ++j)
    if (j >= shortest || j == values) fits.sum[0][j] = distance(0, j);
  for (size_t k = 1; k < most; ++k)
    for (size_t j = (k + 1) * shortest; j <= values; ++j)
      for (size_t i = k * shortest; i + shortest <= j; ++i)
        if (const double sum = fits.sum[k - 1][i] + distance(i, j); sum < fits.sum[k][j]) {
          fits.sum[k][j] = sum;
          fits.begin[k][j] = i;
        }
  return fits;
}

size_t best_count(const Fits& fits, size_t values) {
  const auto n = static_cast<double>(values);
  const double beta = 4 * std::log(n) / n, least = kNothing * fits.sum[0][values];
  size_t best = 0;
  double lowest = kImpossible;
  for (size_t k = 0; k < fits.sum.size(); ++k) {
    const double cost =
        beta * static_cast<double>(k) + std::log(std::max(fits.sum[k][values], least));
    if (cost < lowest) {
      lowest = cost;
      best = k;
    }
  }
  return best;
}

Level level_of(std::span<const double> values, size_t begin, size_t end, double sum) {
  const auto part = values.subspan(begin, end - begin);
  return {begin, end, median(part), sum / static_cast<double>(end - begin)};
}

}  // namespace

std::vector<Level> fit_levels(std::span<const double> values, size_t shortest) {
  if (values.empty()) return {};
  if (values.size() > kMostLevelValues)
    throw Error("{} values are too many to look for steps in; give at most {}", values.size(),
                kMostLevelValues);
  for (const double value : values)
    if (!std::isfinite(value)) throw Error("a value that is not a finite number has no level");
  const Distances distance(values);
  if (distance(0, values.size()) == 0) return {level_of(values, 0, values.size(), 0)};
  const Fits fits = fit_all(distance, values.size(), shortest);
  std::vector<Level> levels;
  size_t end = values.size();
  for (size_t k = best_count(fits, values.size()) + 1; k-- > 0;) {
    const size_t begin = fits.begin[k][end];
    levels.push_back(level_of(values, begin, end, distance(begin, end)));
    end = begin;
  }
  std::reverse(levels.begin(), levels.end());
  return levels;
}

}  // namespace repro::measure
