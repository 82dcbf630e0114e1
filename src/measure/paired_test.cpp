#include "measure/paired_test.hpp"

#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace repro::measure {

std::vector<double> paired_differences(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size())
    throw Error("a paired test needs as many values on both sides, got {} and {}", a.size(),
                b.size());
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(b[i] - a[i]);
  return differences;
}

TestResult paired_t(std::span<const double> differences) {
  const double centre = mean(differences);
  const double error =
      standard_deviation(differences) / std::sqrt(static_cast<double>(differences.size()));
  const auto degrees = static_cast<double>(differences.size() - 1);
  double t = centre / error;
  if (error == 0)
    t = centre == 0 ? 0 : std::copysign(std::numeric_limits<double>::infinity(), centre);
  return {.statistic = t,
          .degrees_of_freedom = degrees,
          .p = 2 * student_upper_tail(std::abs(t), degrees)};
}

double one_sided(const TestResult& paired, int sign) {
  return student_upper_tail(sign * paired.statistic, paired.degrees_of_freedom);
}

}  // namespace repro::measure
