#include "report/timing.hpp"

#include <algorithm>
#include <vector>

namespace repro::report {
namespace {

void add_step_time(std::vector<double>& seconds, const Training& run) {
  if (run.status.done() && run.steps > 0)
    seconds.push_back(run.clocks.train / static_cast<double>(run.steps));
}

std::vector<double> step_seconds(const Study& study, const std::string& model, bool submodels) {
  std::vector<double> seconds;
  for (const StudyRow& row : study.rows) {
    if (row.model != model) continue;
    for (const Seed& seed : row.seeds) {
      if (submodels) {
        for (const Training& run : seed.cell.submodels) add_step_time(seconds, run);
        continue;
      }
      add_step_time(seconds, seed.cell.full);
      for (const Training& run : seed.cell.full_ladder) add_step_time(seconds, run);
      for (const Training& run : seed.cell.finetunes) add_step_time(seconds, run);
    }
  }
  return seconds;
}

int64_t longest_submodel(const CellOutcome& cell) {
  int64_t steps = 0;
  for (const Training& run : cell.submodels) steps = std::max(steps, run.steps);
  return steps;
}

double steady_saving_of(const Seed& seed, const Prices& prices, double full_step, double sub_step) {
  const CellOutcome& cell = seed.cell;
  const double full = static_cast<double>(cell.full.steps) * full_step * *prices.full;
  const double submodels = static_cast<double>(cell.submodels.size()) *
                           static_cast<double>(longest_submodel(cell)) * sub_step *
                           *prices.submodel;
  const double finetune = seed.comparison->to_target.estimate * full_step * *prices.finetune;
  return 1 - (submodels + finetune) / full;
}

}  // namespace

std::optional<StepTimes> step_times(const Study& study, const std::string& model, bool submodels) {
  const std::vector<double> seconds = step_seconds(study, model, submodels);
  if (seconds.empty()) return std::nullopt;
  const auto [least, greatest] = std::minmax_element(seconds.begin(), seconds.end());
  return StepTimes{*least, measure::median(seconds), *greatest,
                   static_cast<int64_t>(seconds.size())};
}

double worst_spread(const Study& study) {
  double worst = 1;
  for (const std::string& model : study.experiment().models)
    for (const bool submodels : {false, true})
      if (const auto times = step_times(study, model, submodels))
        worst = std::max(worst, times->spread());
  return worst;
}

std::optional<double> steady_saving(const Study& study, const StudyRow& row) {
  const Prices& prices = study.prices;
  const auto full = step_times(study, row.model, false);
  const auto sub = step_times(study, row.model, true);
  if (!row.first() || !full || !sub) return std::nullopt;
  if (!prices.full || !prices.submodel || !prices.finetune) return std::nullopt;
  std::vector<double> savings;
  for (const Seed* seed : row.compared())
    savings.push_back(steady_saving_of(*seed, prices, full->median, sub->median));
  return measure::mean(savings);
}

}  // namespace repro::report
