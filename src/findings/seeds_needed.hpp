#pragma once
// How many seeds a number would take to be decided, if it stays where it is.

#include <cstdint>
#include <optional>
#include <string_view>

#include "findings/finding.hpp"
#include "findings/study.hpp"

namespace repro::findings {

struct SeedsNeeded {
  std::optional<int64_t> seeds;  // empty: no number of seeds that is worth running decides it
  std::string_view cause;        // then: what leaves it open, "the rungs' spacing"
  bool is_guess = false;         // nothing measures the seeds' luck yet: the fewest that can
};

// Of the view's judged number in a row whose verdict is open; empty where it is not, or where it is
// not measured. A stand-in takes at least as many as it is judged from.
std::optional<SeedsNeeded> seeds_needed(const Study& study, const StudyRow& row,
                                        const Finding& judged);

}  // namespace repro::findings
