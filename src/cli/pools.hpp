#pragma once
// --pool PROFILE=N: over how many devices of each hardware profile the schedule runs.

#include <string>
#include <vector>

#include "launch/schedule.hpp"
#include "run/job.hpp"

namespace CLI {
class App;
}

namespace repro::cli {

// `pools` must outlive the verb.
void add_pool_option(CLI::App& verb, std::vector<std::string>& pools);

// Error when one is malformed or of a profile that no job is of, or a profile of the jobs has none.
launch::Pools parse_pools(const std::vector<std::string>& given, const run::JobGraph& graph);

// "rtx-4090 x 4, a100-80g x 1".
std::string pools_text(const launch::Pools& pools);

}  // namespace repro::cli
