#include "cli/plan_power.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "check/observed_runs.hpp"
#include "check/targets.hpp"
#include "cli/printing.hpp"
#include "measure/power.hpp"
#include "measure/stats.hpp"

namespace repro::cli {
namespace {

// Of the steps to a loss, where no run says it: what seeds of language models of this size do.
constexpr double kAssumedSpread = 0.04;

struct PowerRow {
  std::string training;
  double spread = 0;  // relative
  std::string from;
};

// The done seeds of each training alone.
checks::Observations done_runs(const Context& context, const plan::Plan& plan) {
  checks::Observations observed = checks::observe_runs(plan.graph, checks::named_jobs(plan),
                                                       context.runs, plan.experiment.target.window);
  for (auto& [name, ensemble] : observed.trainings)
    std::erase_if(ensemble, [](const auto& member) { return !member.second.failure.empty(); });
  return observed;
}

std::vector<PowerRow> measured_rows(const Context& context, const plan::Plan& plan) {
  checks::Observations observed = done_runs(context, plan);
  const int64_t window = plan.experiment.target.window;
  checks::add_steps_to_loss(observed, checks::target_losses(observed, window), window);
  std::vector<PowerRow> rows;
  for (const auto& [name, ensemble] : observed.trainings) {
    std::vector<double> steps;
    for (const double value :
         checks::numbers_of(ensemble, "steps_to_loss", checks::seeds_of(ensemble)))
      if (std::isfinite(value)) steps.push_back(value);
    if (steps.size() < 2) continue;
    const measure::Summary summary = measure::summarise(steps);
    if (*summary.sd > 0)
      rows.push_back({name, *summary.sd / summary.mean, fmt::format("{} seeds", steps.size())});
  }
  return rows;
}

std::vector<PowerRow> rows_of(const Context& context, const plan::Plan& plan,
                              const PowerChoice& choice) {
  if (choice.spread) return {{"any training", *choice.spread, "as given"}};
  std::vector<PowerRow> rows = measured_rows(context, plan);
  if (rows.empty())
    rows.push_back({"any training", kAssumedSpread, "assumed: no training here has two seeds"});
  return rows;
}

}  // namespace

void show_power(const Context& context, const plan::Plan& plan, const PowerChoice& choice) {
  using report::Align;
  const measure::TestDesign design{.paired = false, .two_sided = false, .alpha = choice.alpha};
  const auto seeds = static_cast<int64_t>(plan.experiment.seeds.size());
  report::Table table{
      .title =
          fmt::format("seeds a side that find a change of {:.3g} % in the steps to a loss with "
                      "power {} (one-sided, alpha {})",
                      100 * choice.effect, *choice.power, choice.alpha),
      .columns = {{.heading = "training", .align = Align::left},
                  {.heading = "spread"},
                  {.heading = "from", .align = Align::left},
                  {.heading = "seeds a side", .key = "seeds"},
                  {.heading = fmt::format("power with {}", seeds), .key = "power_now"}}};
  for (const PowerRow& row : rows_of(context, plan, choice)) {
    const int64_t needed =
        measure::seeds_for_power(design, choice.effect, row.spread, *choice.power);
    report::TableCell now("-");
    if (seeds >= 2) {
      const double power = measure::power_of_test(design, choice.effect, row.spread, seeds);
      now = {fmt::format("{:.2f}", power), power};
    }
    table.add({row.training,
               {fmt::format("{:.2f} %", 100 * row.spread), row.spread},
               row.from,
               {std::to_string(needed), static_cast<double>(needed)},
               now});
  }
  if (context.json)
    print(report::to_json(table));
  else
    print(table);
}

}  // namespace repro::cli
