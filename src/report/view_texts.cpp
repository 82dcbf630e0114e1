// What a view says in a line: how far the work is, on what it was done, and why a row has no number
// or only a bound.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "findings/values.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::Finding;
using findings::Study;
using findings::StudyRow;
using measure::Reach;

// The arm that a row's remark speaks of: the first that did not reach, or reached at once.
const plan::ArmPlan* arm_that(const StudyRow& row, Reach reach, int64_t& steps) {
  for (const findings::Seed* seed : row.compared()) {
    const auto& arms = seed->runs.cell().arms;
    for (size_t i = 0; i < arms.size(); ++i) {
      const auto& standing = seed->comparison->arms[i];
      if (standing->reach != reach) continue;
      steps = std::llround(standing->at);
      return &arms[i];
    }
  }
  return nullptr;
}

}  // namespace

std::string row_remark(const StudyRow& row, const Finding& verdict) {
  if (!verdict.here) return verdict.judgement.reason;
  const size_t compared = row.compared().size();
  const size_t missed = row.count(Reach::not_reached);
  int64_t steps = 0;
  std::string remark;
  // A number that does not follow from the steps is no bound, whatever became of them.
  const bool bounded = verdict.here_text != findings::format_value(*verdict.here, verdict.unit);
  if (bounded && missed == compared && compared > 0) {
    const plan::ArmPlan& arm = *arm_that(row, Reach::not_reached, steps);
    remark = fmt::format("not reached: the longest {} ended at {} steps above the target",
                         arm.last().title, with_commas(steps));
  } else if (bounded && missed > 0) {
    remark = fmt::format("{} of {} seeds did not reach the target", missed, compared);
  } else if (bounded && row.all(Reach::at_most)) {
    const plan::ArmPlan& arm = *arm_that(row, Reach::at_most, steps);
    remark = fmt::format("reached by the shortest {} already, {} steps: fewer may do",
                         arm.last().title, with_commas(steps));
  }
  if (compared == row.seeds.size()) return remark;
  return fmt::format("{}{} of {} seeds measured, one is {}", remark.empty() ? "" : remark + "; ",
                     compared, row.seeds.size(), findings::obstacle_text(*row.obstacle()));
}

std::string scope_text(const Study& study) {
  const plan::Experiment& experiment = study.experiment();
  std::vector<std::string> stand_ins;
  for (const StudyRow& row : study.rows) {
    const bool known =
        std::find(stand_ins.begin(), stand_ins.end(), row.stand_in) != stand_ins.end();
    if (!row.stand_in.empty() && !known) stand_ins.push_back(row.stand_in);
  }
  const std::string scale = experiment.scale.stand_in ? "STAND-IN scale " + experiment.scale.name
                                                      : std::string("the paper's scale");
  const std::string corpora = stand_ins.empty() ? std::string("the paper's corpora")
                                                : "STAND-IN corpora " + join(stand_ins, "/");
  const size_t seeds = experiment.seeds.size();
  return fmt::format("{}, {}, {} seed{}", scale, corpora, seeds, seeds == 1 ? "" : "s");
}

std::string machine_text(const Study& study) {
  std::set<std::string> machines;
  for (const findings::JobOutcome& outcome : study.outcomes)
    if (outcome.training && !outcome.training->machine.empty())
      machines.insert(outcome.training->machine);
  return join({machines.begin(), machines.end()}, "; ");
}

std::string target_text(const Study& study) {
  const plan::Experiment& experiment = study.experiment();
  const plan::Target& target = experiment.target;
  const std::string measured =
      target.metric == "train_loss"
          ? fmt::format("mean loss over its last {} steps", target.window)
          : fmt::format("loss at its end on unseen text (at most {} windows of the valid split)",
                        with_commas(experiment.evaluate.windows));
  return fmt::format("target: the {} arm's {} + {} nats", study.baseline().name, measured,
                     target.tolerance);
}

std::string progress_text(const Study& study) {
  int64_t reached = 0, compared = 0, failed = 0;
  for (const StudyRow& row : study.rows) {
    compared += row.first() != nullptr;
    const findings::Status* obstacle = row.obstacle();
    failed += obstacle && obstacle->state == run::State::failed;
    reached += row.first() && row.count(Reach::not_reached) == 0;
  }
  const bool target = study.experiment().protocol == plan::Protocol::target;
  return fmt::format("cells: {} of {} measured, {} of them {}{}", compared, study.rows.size(),
                     reached, target ? "reach the target" : "spend the whole budget",
                     failed ? fmt::format(", {} failed", failed) : "");
}

const claims::Quantity* judged_quantity(const Study& study) {
  return study.sources.claims.quantity(study.view.verdict);
}

}  // namespace repro::report
