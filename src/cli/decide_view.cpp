#include "cli/decide_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "findings/numbers.hpp"

namespace repro::cli {
namespace {

using findings::significant;
using forecast::BySpeed;
using forecast::Comparison;
using forecast::PhaseRun;
using forecast::Pool;
using forecast::Spread;
using forecast::Want;
using report::Align;

std::string pool_text(const Pool& pool) {
  return pool.count == 1 ? pool.device.name : fmt::format("{}x {}", pool.count, pool.device.name);
}

std::string spread_text(const Spread& spread) {
  return fmt::format("{} ({} to {})", significant(spread.expected), significant(spread.low),
                     significant(spread.high));
}

std::string percent_spread(const Spread& spread) {
  return findings::percent_range(spread.expected, {spread.low, spread.high});
}

// Each phase with its device.
std::string placement_text(const Decision& decision, const TrainingOption& option) {
  const auto& phases = decision.cells.front().arms[option.arm].phases;
  std::vector<std::string> parts;
  for (size_t i = 0; i < option.pools.size(); ++i)
    parts.push_back(
        fmt::format("{} on {}", phases[i].title, decision.pools[option.pools[i]].device.name));
  return join(parts, ", ");
}

std::string arm_title(const Decision& decision, const TrainingOption& option) {
  return decision.cells.front().arms[option.arm].title;
}

std::string money_or_hours(const Decision& decision, double amount) {
  return decision.want == Want::cheapest ? "$" + significant(amount) : significant(amount) + " h";
}

Spread of_hours(const Decision& decision, const forecast::Use& use) {
  return forecast::spread_of(
      [&](const forecast::Speeds& speeds) { return forecast::hours(use, speeds); },
      decision.pools.size());
}
Spread of_dollars(const Decision& decision, const forecast::Use& use) {
  return forecast::spread_of(
      [&](const forecast::Speeds& speeds) {
        return forecast::dollars(use, decision.pools, speeds);
      },
      decision.pools.size());
}

void add_option(report::Table& table, const Decision& decision, const TrainingOption& option,
                const std::string& title, const std::string& placement, bool is_baseline) {
  std::vector<report::TableCell> cells = {title, placement};
  if (!option.possible()) {
    cells.insert(cells.end(), {"no", "-", "-"});
    for (size_t i = 0; i < decision.pools.size(); ++i) cells.emplace_back("-");
    cells.emplace_back("-");
    return table.add(std::move(cells));
  }
  const Spread hours = of_hours(decision, option.use), dollars = of_dollars(decision, option.use);
  cells.emplace_back("yes");
  cells.emplace_back(spread_text(hours), hours.expected);
  cells.emplace_back(spread_text(dollars), dollars.expected);
  for (size_t pool = 0; pool < decision.pools.size(); ++pool) {
    const bool compared = !is_baseline && decision.baselines[pool].possible();
    if (!compared) {
      cells.emplace_back("-");
      continue;
    }
    const Comparison against = decision.compare_all(option, pool);
    cells.emplace_back(percent_spread(against.saving), against.saving.expected);
  }
  cells.emplace_back(
      is_baseline || !decision.baseline
          ? "-"
          : std::string(name(decision.compare_all(option, *decision.baseline).answer)));
  table.add(std::move(cells));
}

}  // namespace

std::string decision_sentence(const Decision& decision) {
  if (!decision.baseline)
    return fmt::format("No: not even the baseline can be trained there: {}",
                       decision.baselines.front().obstacle);
  if (!decision.option) return fmt::format("No: {}", decision.options.front().obstacle);
  const TrainingOption& option = decision.options[*decision.option];
  const Comparison against = decision.compare_all(option, *decision.baseline);
  const bool saves = against.saving.expected >= 0;
  const Spread share =
      saves ? against.saving
            : Spread{-against.saving.expected, -against.saving.high, -against.saving.low};
  std::string answer(name(against.answer));
  answer[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(answer[0])));
  return fmt::format("{}: {} ({}) {} {}, {} {} than full training on {} ({})", answer,
                     arm_title(decision, option), placement_text(decision, option),
                     decision.want == Want::cheapest ? "costs" : "takes",
                     money_or_hours(decision, against.method.expected), percent_spread(share),
                     saves ? "less" : "more", decision.pools[*decision.baseline].device.name,
                     money_or_hours(decision, against.baseline.expected));
}

std::vector<std::string> decision_turns(const Decision& decision) {
  std::vector<std::string> turns;
  if (!decision.baseline || !decision.option) return turns;
  const TrainingOption& option = decision.options[*decision.option];
  const TrainingOption& full = decision.baselines[*decision.baseline];
  const Comparison against = decision.compare_all(option, *decision.baseline);
  for (const forecast::Turn& turn : against.turns) {
    const Pool& pool = decision.pools[turn.pool];
    const bool more =
        option.use[turn.pool].device_hours.expected() > full.use[turn.pool].device_hours.expected();
    if (turn.price)
      turns.push_back(fmt::format("it pays where {} costs {} than ${} an hour; it costs ${}",
                                  pool.device.name, more ? "less" : "more",
                                  significant(*turn.price), significant(pool.price)));
    if (turn.speed)
      turns.push_back(
          fmt::format("it pays where {} works at {} than {} of the speed that is "
                      "expected of it",
                      pool.device.name, more ? "more" : "less", findings::percent(*turn.speed)));
  }
  for (size_t pool = 0; pool < decision.pools.size(); ++pool) {
    const TrainingOption& other = decision.baselines[pool];
    if (other.possible() && decision.amount(other.use) < decision.amount(option.use))
      turns.push_back(fmt::format("full training on {} may come to {}, less than that{}",
                                  decision.pools[pool].device.name,
                                  money_or_hours(decision, decision.amount(other.use)),
                                  other.sure ? "" : "; nothing near it was published"));
  }
  if (against.last_phase)
    turns.push_back(
        fmt::format("it pays where the last phase takes less than {} of the steps "
                    "that are assumed of it",
                    findings::percent(*against.last_phase)));
  else
    turns.push_back(
        "it does not pay even without a last phase: the phases before it cost too much");
  return turns;
}

report::Table decision_options(const Decision& decision) {
  report::Table table{.title = fmt::format("Placements, all {} cells", decision.cells.size()),
                      .columns = {{.heading = "training", .align = Align::left},
                                  {.heading = "placement", .align = Align::left},
                                  {.heading = "fits", .align = Align::left},
                                  {.heading = "hours"},
                                  {.heading = "dollars"}}};
  for (const Pool& pool : decision.pools)
    table.columns.push_back(
        {.heading = pool.device.name, .group = "saves against full training on"});
  table.columns.push_back({.heading = "pays", .align = Align::left});
  for (size_t pool = 0; pool < decision.pools.size(); ++pool)
    add_option(table, decision, decision.baselines[pool], "full training",
               pool_text(decision.pools[pool]), true);
  for (const TrainingOption& option : decision.options)
    add_option(table, decision, option, arm_title(decision, option),
               placement_text(decision, option), false);
  return table;
}

report::Table decision_cells(const Decision& decision) {
  report::Table table{
      .title = "The best of them, cell by cell",
      .columns = {{.heading = "cell", .align = Align::left},
                  {.heading = decision.want == Want::cheapest ? "full $" : "full h"},
                  {.heading = decision.want == Want::cheapest ? "here $" : "here h"},
                  {.heading = "saving (range)"},
                  {.heading = "last phase", .group = "steps, of full"},
                  {.heading = "turns at", .group = "steps, of full"},
                  {.heading = "from", .align = Align::left},
                  {.heading = "pays", .align = Align::left}}};
  if (!decision.baseline || !decision.option) return table;
  const TrainingOption& option = decision.options[*decision.option];
  for (size_t i = 0; i < decision.cells.size(); ++i) {
    const ArmTasks& arm = decision.cells[i].arms[option.arm];
    const Comparison against = decision.compare_cell(option, *decision.baseline, i);
    const auto turn =
        against.last_phase ? std::optional(*against.last_phase * arm.share) : std::nullopt;
    table.add({decision.cells[i].title,
               {significant(against.baseline.expected), against.baseline.expected},
               {significant(against.method.expected), against.method.expected},
               {percent_spread(against.saving), against.saving.expected},
               {findings::percent(arm.share), arm.share},
               {turn ? findings::percent(*turn) : "never", turn},
               arm.share_from,
               std::string(name(against.answer))});
  }
  return table;
}

report::Table decision_phases(const Decision& decision) {
  report::Table table{.title = "Phases",
                      .columns = {{.heading = "model", .align = Align::left},
                                  {.heading = "phase", .align = Align::left},
                                  {.heading = "on", .align = Align::left},
                                  {.heading = "fits", .align = Align::left},
                                  {.heading = "GB", .group = "each device"},
                                  {.heading = "of", .group = "each device"},
                                  {.heading = "s a step"},
                                  {.heading = "of the peak"},
                                  {.heading = "rests on", .align = Align::left}}};
  std::set<std::string> seen;  // corpora differ in steps alone
  const auto add = [&](const forecast::PhaseTask& task, size_t pool, const PhaseRun& run) {
    const std::string& device = decision.pools[pool].device.name;
    if (!seen.insert(task.model_key + "/" + task.title + "/" + device).second) return;
    const std::string fits =
        run.memory.fits
            ? fmt::format("{} a job, micro-batch {}{}", run.memory.devices, run.memory.micro_batch,
                          run.memory.recompute == forecast::Recompute::full ? ", recomputing" : "")
            : "no";
    const Spread seconds{run.step_seconds.expected(), run.step_seconds.fast(),
                         run.step_seconds.slow()};
    const bool read_off = run.utilisation > 0;
    table.add({task.model_key, task.title, device, fits, significant(run.memory.bytes / 1e9),
               significant(run.memory.of_bytes / 1e9), run.possible() ? spread_text(seconds) : "-",
               read_off
                   ? percent_spread({run.utilisation, run.speed.range.low, run.speed.range.high})
                   : "-",
               run.possible() ? run.basis : run.obstacle});
  };
  for (size_t cell = 0; cell < decision.cells.size(); ++cell) {
    for (size_t pool = 0; pool < decision.pools.size(); ++pool)
      add(decision.cells[cell].baseline, pool, decision.baselines[pool].runs[cell].front());
    for (const TrainingOption& option : decision.options)
      for (size_t phase = 0; phase < option.pools.size(); ++phase)
        add(decision.cells[cell].arms[option.arm].phases[phase], option.pools[phase],
            option.runs[cell][phase]);
  }
  return table;
}

}  // namespace repro::cli
