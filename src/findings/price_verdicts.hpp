#pragma once
// What the judged number of every row would be told as along the ratio of two prices: its interval
// at evenly spaced stops, and where its verdict changes. By the program's own statistics at each.

#include <optional>
#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/study.hpp"

namespace repro::findings {

constexpr int kDecades = 2;  // of the ratio to either side: one of each price

struct VerdictFrom {
  double ratio = 0;  // from here on, until the next
  std::string text;
  measure::Verdict verdict = measure::Verdict::not_tested;
  std::string reason;
};

struct RatioRow {
  std::vector<std::optional<measure::Interval>> ranges;  // by stop
  std::vector<VerdictFrom> verdicts;                     // ascending; the first from the first stop
};

struct RatioVerdicts {
  std::string low, high;       // profiles: ratio = price of low / price of high
  std::vector<double> ratios;  // the stops; the middle one is the study's own
  int stops_a_decade = 30;     // fewer where many seeds make each of them dear
  // Numbers that are not ratios are judged with it: then it holds at the study's price of `high`
  // alone.
  bool at_high_price_only = false;
  std::vector<RatioRow> rows;
};

// Empty where the experiment is priced on other than two devices, one has no price, the judged
// number does not depend on prices, or prices would move where the arms stand.
std::optional<RatioVerdicts> ratio_verdicts(const Study& study, const std::vector<Finding>& found);

}  // namespace repro::findings
