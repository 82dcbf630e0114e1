#pragma once
// What must hold across the fields of an experiment. Internal to loading.

#include <filesystem>

#include "plan/manifest.hpp"

namespace repro::plan {

// Rules that need no model: arms, baseline, steps, profiles, seeds, windows.
void check_rules(const std::filesystem::path& root, const Experiment& experiment,
                 const config::Node& manifest, config::Problems& problems);

// Rules between an arm and its model.
void check_models(const Experiment& experiment, config::Problems& problems);

}  // namespace repro::plan
