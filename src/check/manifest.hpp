#pragma once
// Are the runs that a plan would make those that a golden was recorded of?

#include <string>

#include "check/golden.hpp"
#include "plan/plan.hpp"

namespace repro::checks {

// Fills in keys and specs: every job of the plan by its name.
void note_manifest(Golden& golden, const plan::Plan& plan);

// Error with the first job, causes first, whose key is another one, the fields of its spec that
// differ, and the way out. Jobs of seeds that the plan has not are not asked for.
void require_same_manifest(const Golden& golden, const plan::Plan& plan);

}  // namespace repro::checks
