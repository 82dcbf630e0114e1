#pragma once
// Recording a golden: runs of enough seeds, each once more from a start beside its own, so that the
// golden knows how far noise moves it; or files of another program.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "check/golden.hpp"
#include "cli/check_runs.hpp"

namespace repro::cli {

struct RecordChoice {
  ExperimentChoice choice;
  std::string name;  // "" = EXPERIMENT-SCALE
  std::string why;
  std::string cause;  // of a renewal
  bool renew = false;
  int64_t gate_seeds = 0;                // 0 = half of the seeds
  std::optional<checks::Policy> policy;  // of the golden that is renewed as it was
  std::string sides = "two-sided";
  std::optional<double> margin;  // nats, of losses
  bool exact_gates = false;
  bool time = false;                        // a time golden of this machine too
  std::vector<std::filesystem::path> from;  // files of another program, one a seed
  std::string format;
  CheckRunOptions runs;
};

// Writes goldens/NAME.json below the root and shows what it holds. Error when there is one already
// and the renewal gives no cause, with too few seeds, or when a run failed.
Exit record_golden(const Context& context, RecordChoice choice);

}  // namespace repro::cli
