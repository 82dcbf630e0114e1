#pragma once
// Observations from run directories: of the jobs of a plan, or of whatever trainings a folder
// holds.

#include <filesystem>
#include <string>
#include <vector>

#include "check/observations.hpp"
#include "check/rehearse.hpp"
#include "run/job.hpp"
#include "run/run_directory.hpp"

namespace repro::checks {

// A job that is not done leaves a member with the reason. `window`: steps that a final loss is the
// mean of. Error when what a done job left is not what it left (run/verifier.hpp).
Observations observe_runs(const run::JobGraph& graph, const std::vector<NamedJob>& jobs,
                          const std::filesystem::path& runs, int64_t window);

// Every training below a folder, or of the folder itself when it is a run; other runs and
// rehearsals are passed over. One that is not done leaves a member with the reason. Error with exit
// nothing_measured when none is done.
Observations observe_folder(const std::filesystem::path& folder, int64_t window);

}  // namespace repro::checks
