#pragma once
// Where arms are compared on downstream tasks. A cut says in what an arm is the baseline's equal:
//
//   loss     the shortest ending known to reach the baseline's loss
//   steps    as many steps of the last phase
//   dollars  as dear, earlier phases included
//
// Models are only at the endings of a ladder, so where none is equal the arm stands between two of
// them, or beyond the last one, and its score there is a bound. A pure function of what has ended.

#include <optional>
#include <string>
#include <vector>

#include "findings/search.hpp"

namespace repro::findings {

// Where an arm stands at one cut.
struct CutStanding {
  std::string cut;
  // Of its endings: the longest with no more than the baseline has and the shortest with no less;
  // both are the same where one is equal. One of them may be missing, never both.
  std::optional<size_t> below = {}, above = {};
  // What they have, times the baseline's; of the loss 1 where it is reached, else 0.
  double share_below = 0, share_above = 0;

  bool is_equal() const { return below && below == above; }
  // How far from below to above the baseline's own lies; 0 where one of them is missing.
  double part() const;
  std::vector<size_t> endings() const;  // one or two
};

// Empty while a run that it follows from is open, or when all of the arm's endings failed. Of the
// baseline its reference ending, at every cut.
std::optional<CutStanding> stand_at_cut(const std::string& cut, const plan::Cell& cell, size_t arm,
                                        double tolerance, const EndingReader& read,
                                        const CostReader& cost);

// Does the experiment ask for tasks at a cut that follows from dollars?
bool needs_costs(const plan::Experiment& experiment);

}  // namespace repro::findings
