#include "findings/ending_costs.hpp"

namespace repro::findings {

std::optional<double> cost_of(const CellRuns& runs, size_t arm, int64_t steps,
                              const Prices& prices) {
  const auto work = runs.work_at(runs.cell().arms[arm], static_cast<double>(steps));
  return work ? dollars_of(*work, prices) : std::nullopt;
}

EndingCosts::EndingCosts(const plan::Plan& plan, const Sources& sources)
    : plan_(plan),
      sources_(sources),
      prices_(sources.prices),
      speeds_(speeds_by(plan.experiment.speed, sources.speed(plan.experiment))) {}

void EndingCosts::refresh() {
  read_more(plan_, sources_.runs, outcomes_);
  timing_ = Timing(plan_, outcomes_, speeds_);
}

std::optional<double> EndingCosts::cost(const plan::Cell& cell, size_t arm, int64_t steps) const {
  return cost_of(CellRuns(plan_, cell, outcomes_, timing_), arm, steps, prices_);
}

}  // namespace repro::findings
