#pragma once
// What an evaluation will take, before it runs: the tokens that its model reads, and the FLOPs of a
// forward pass over them. Tasks are counted by their items where those are made, else by what their
// definitions say of them.

#include <filesystem>
#include <map>
#include <string>

#include "run/job.hpp"
#include "run/verifier.hpp"

namespace repro::forecast {

struct EvalCost {
  double tokens = 0;  // read
  double flops = 0;   // forward only, convention "palm"
};

// By key: the eval jobs of a graph that run on this machine's cores and of which enough is known.
std::map<std::string, EvalCost> eval_costs(const run::JobGraph& graph,
                                           const std::filesystem::path& runs,
                                           run::Verifier& verifier);

}  // namespace repro::forecast
