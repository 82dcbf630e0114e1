#pragma once
// Where a training first parts from its golden, and what that place says of the cause. Causes come
// before effects: the tokens, the learning rate, the loss of a step, then its gradient.

#include <cstdint>
#include <optional>
#include <string>

#include "check/observations.hpp"

namespace repro::checks {

struct FirstDifference {
  int64_t seed = 0;
  int64_t step = 0;
  std::string series;  // "lr", "loss", "grad_norm"; "steps" where one of them ends
  double golden = 0, now = 0;
};

// The first step at which any series differs by more than `relative` of it, or that one of the two
// lacks.
std::optional<FirstDifference> first_difference(int64_t seed, const Member& golden,
                                                const Member& now, double relative = 0);

// "seed 0, step 3: grad_norm 1.0312 then, 1.0319 now; equal loss and another gradient: the backward
// pass".
std::string text_of(const FirstDifference& difference, bool other_tokens);

}  // namespace repro::checks
