#pragma once
// Why two runs differ: the first place, from causes to effects, where they part.

#include <optional>
#include <string>
#include <vector>

#include "run/run_directory.hpp"

namespace repro::run {

struct RunDifference {
  std::string where;  // "spec.optimizer.lr", "environment.cpu", "records: step 12, loss"
  std::string first;  // the value in the first run
  std::string second;
};

// Fields of the spec and the inputs; then of the environment; then the first step whose record
// differs in what is not a clock. Empty when nothing differs.
struct RunComparison {
  std::vector<RunDifference> inputs;
  std::vector<RunDifference> environment;
  std::optional<RunDifference> records;
};
RunComparison compare_runs(const RunDirectory& first, const RunDirectory& second);

}  // namespace repro::run
