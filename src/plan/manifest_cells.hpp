#pragma once
// Some cells of an experiment instead of all.

#include <string>
#include <vector>

#include "plan/manifest.hpp"

namespace repro::plan {

// Leaves of the experiment what is asked for, models and corpora without a cell included. Error
// with the nearest name for one that the experiment does not have. Nothing asked leaves all.
void keep_only(const std::vector<std::string>& asked, Experiment& experiment);

}  // namespace repro::plan
