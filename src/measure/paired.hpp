#pragma once
// Two models' answers to the same items. How hard an item is cancels in the difference, so the
// pairs say more than the two shares do; items of one cluster (a subject, a document) are no
// independent pairs, and are counted as one.

#include <cstdint>
#include <span>
#include <vector>

#include "measure/stats.hpp"

namespace repro::measure {

struct Paired {
  int64_t items = 0;
  int64_t clusters = 0;  // as many as items where each is one of its own
  // Items that one model alone has right; an answer counts as right from one half on.
  int64_t only_a = 0, only_b = 0;
  double difference = 0;      // share of right ones, b less a
  double standard_error = 0;  // of it, over clusters
  // Exact (McNemar) where fewer than 25 pairs differ; else of Student's t over clusters, or by
  // McNemar's chi-squared where each item is its own.
  TestResult test;
  double differing() const {
    return static_cast<double>(only_a + only_b) / static_cast<double>(items);
  }
};
// By item: how right each answer is, 0 or 1, or between where a model stands between two endings.
// `clusters` names each item's; empty, or all the same: each item is its own. A repro::check that
// the sizes agree and there is an item.
Paired compare_paired(std::span<const double> a, std::span<const double> b,
                      std::span<const int32_t> clusters);

// Standard error of the mean over seeds of paired differences, as far as more seeds would not lower
// it: by the items alone. `differences`: by seed, then item. Of one seed all that items leave open;
// of more, the items' own part, without what differs from seed to seed in each item anew, which the
// seeds' spread shows already (two crossed samples: Owen 2007, Annals of Applied Statistics 1).
double item_error(const std::vector<std::vector<double>>& differences,
                  std::span<const int32_t> clusters);

}  // namespace repro::measure
