#pragma once
// A golden against what was measured now, lane by lane. Pure: the same observations give the same
// rows. What is missing, no number or infinite is a difference, on either side.

#include <string>
#include <vector>

#include "check/golden.hpp"
#include "check/observations.hpp"
#include "check/verdict.hpp"

namespace repro::checks {

struct CompareOptions {
  std::vector<int64_t> seeds;  // that are compared
  bool exact = true, approximate = true, statistical = true;
};

// Rows in the order of the golden's trainings, each in the order of the lanes.
std::vector<Row> compare(const Golden& golden, const Observations& now,
                         const CompareOptions& options);

// Whether this training's text was chosen by clusters that another platform's sums have moved: its
// steps are then no golden's.
bool chose_other_text(const Golden& golden, const Observations& now, const Member& then,
                      const Member& there);

// One training in one lane. `now` lacks a seed, or the seed failed: nothing measured, with the
// reason.
std::vector<Row> exact_rows(const std::string& name, const Golden& golden, const Observations& now,
                            const std::vector<int64_t>& seeds);
std::vector<Row> approximate_rows(const std::string& name, const Golden& golden,
                                  const Observations& now, const std::vector<int64_t>& seeds);
// `tests`: how many rows of this lane there are in all, among which alpha is shared.
std::vector<Row> statistical_rows(const std::string& name, const Golden& golden,
                                  const Observations& now, const std::vector<int64_t>& seeds,
                                  int64_t tests);

// How many tests the statistical lane makes of a golden, and how many series the approximate one.
int64_t count_tests(const Golden& golden);

// Lines that a reader must see before the numbers: what is not compared, and why; seeds that are no
// seeds of their own.
std::vector<std::string> warnings_of(const Golden& golden, const Observations& now);

}  // namespace repro::checks
