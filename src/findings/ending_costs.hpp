#pragma once
// What endings cost, run or not: by their steps and by what the runs so far took.

#include <optional>

#include "findings/study.hpp"

namespace repro::findings {

// In the study's own account of time and prices; empty until the baseline's run and one of the
// arm's have ended, or where a price is missing.
std::optional<double> cost_of(const CellRuns& runs, size_t arm, int64_t steps,
                              const Prices& prices);

// The same from run directories, for a running execution: refresh() reads what has ended since.
class EndingCosts {
 public:
  EndingCosts(const plan::Plan& plan, const Sources& sources);
  void refresh();
  std::optional<double> cost(const plan::Cell& cell, size_t arm, int64_t steps) const;

 private:
  const plan::Plan& plan_;
  const Sources& sources_;
  Prices prices_;
  Speeds speeds_;
  Outcomes outcomes_;
  Timing timing_;
};

}  // namespace repro::findings
