#pragma once
// What lies between two goldens, in words: numbers that moved, steps that differ, and the
// environments they were recorded in. The evidence with which one takes the other's place.

#include <string>
#include <vector>

#include "check/golden.hpp"

namespace repro::checks {

struct Drift {
  std::string training, quantity;
  double then = 0, now = 0;
  double margins = 0;  // |now - then| in margins or tolerances of the old golden
  std::string where;   // "seed 2, step 17"; "" of a number
};

// Of every number the means, of every series the step that moved most, the largest first. What only
// one of the two has is no drift: missing_text() says it.
std::vector<Drift> drift_between(const Golden& then, const Golden& now);
std::vector<std::string> missing_text(const Golden& then, const Golden& now);

// "qwen_moe-c4-full, final loss: 4.8123 then, 4.8256 now (+0.0133, 1.3 x its tolerance)".
std::string text_of(const Drift& drift);

// Facts of the environments that differ, without clocks and loads.
std::vector<std::string> environment_between(const Golden& then, const Golden& now);

// For a renewal: at most so many lines, the largest drifts.
Renewal renewal_of(const Golden& then, const Golden& now, const std::string& cause);

}  // namespace repro::checks
