#pragma once
// What a table's judged numbers say together: of each row the one that the view's verdict is about,
// or, of a view of scores on tasks, every gain.

#include <map>
#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/study.hpp"
#include "report/tone.hpp"

namespace repro::report {

using findings::Finding;
using findings::Study;

struct CardTally {
  size_t all = 0, measured = 0;
  const char* one_of_them = "cell";  // or "gain"
  size_t suspect = 0;                // baselines
  std::vector<double> paper, estimates;
  std::vector<std::string> bounds;          // "<= 9 %"
  size_t clear_above = 0, clear_below = 0;  // of zero, by their intervals
  std::map<measure::Verdict, size_t> verdicts;
  std::string scope;    // of the verdicts that are decided
  std::string missing;  // why the first of those without a number has none

  size_t count(measure::Verdict verdict) const;
  std::string many(size_t count) const;  // "1 cell", "6 cells"
  std::string all_text() const { return many(all); }
};

std::vector<const Finding*> judged_findings(const Study& study, const std::vector<Finding>& found);
CardTally tally_of(const Study& study, const std::vector<Finding>& found);

// "-5 to 7 %" of several, "7 %" where they print alike; those of a paper with all their digits.
std::string card_span(const std::vector<double>& values, const std::string& unit, bool paper);
// The two sentences where scores on tasks are judged: what was asked behind the arms' names, and
// what is said here.
std::string asked_of_scores(const Study& study, const CardTally& tally);
std::string answer_of_scores(const Study& study, const CardTally& tally);

}  // namespace repro::report
