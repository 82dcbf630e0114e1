#pragma once
// What `decide` asks of a plan: the cells of an experiment as phases with their work, and how long
// the last phase of each arm is taken to be.

#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "forecast/decision.hpp"

namespace repro::cli {

struct ArmTasks {
  std::string name = {}, title = {};
  std::vector<forecast::PhaseTask> phases = {};  // overheads are left out
  // Of the last phase, in parts of the baseline's steps, and who says so.
  double share = 0;
  std::string share_from = {};
};

struct CellTasks {
  std::string name;   // "qwen_moe/c4"
  std::string title;  // "Qwen / c4"
  forecast::PhaseTask baseline;
  double baseline_steps = 0;
  std::vector<ArmTasks> arms;  // in the manifest's order, without the baseline
};

// Each model and corpus once. `share`: given by the user; else what the paper's own steps make of
// it, else the middle of the ladder. Error where the steps of a phase are not known before it runs.
std::vector<CellTasks> decide_tasks(const Context& context, const plan::Plan& plan,
                                    std::optional<double> share);

}  // namespace repro::cli
