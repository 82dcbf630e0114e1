#pragma once
// A job kind -> the function that does it. Each runs in the process of one run directory and
// returns the result.json of the job.

#include <atomic>
#include <nlohmann/json_fwd.hpp>

#include "run/run_directory.hpp"

namespace repro::worker {

// Error with Exit::interrupted when `interrupted` was set and the work stopped in a continuable
// state.
nlohmann::json run_job(const run::OpenedJob& job, const run::RunDirectory& directory,
                       const std::atomic<bool>& interrupted);

}  // namespace repro::worker
