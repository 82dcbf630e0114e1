// What the arms cost: by phase, by accounting, on other terms, and what would have to be true.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "findings/values.hpp"
#include "report/details.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::fixed;
using findings::Seed;
using findings::significant;
using findings::StudyRow;

TableCell saving_cell(const std::optional<double>& saving) {
  return saving ? TableCell(findings::percent(*saving), saving) : TableCell("no price");
}

// What they are, and on whose device.
std::string overheads_text(const plan::ArmPlan& arm) {
  std::vector<std::string> parts;
  for (const plan::PhasePlan& phase : arm.phases) {
    if (!phase.overhead) continue;
    std::string owner;
    for (const plan::PhasePlan& other : arm.phases)
      if (!other.overhead && other.profile == phase.profile && owner.empty())
        owner = other.title + (&other == &arm.last() ? "'s" : "s'");
    parts.push_back(
        fmt::format("{} (on the {}{})", phase.title, owner, parts.empty() ? " device" : ""));
  }
  return join(parts, " and ");
}

// The billed phases of all arms but the baseline, each symbol once.
std::vector<std::string> billed_symbols(const plan::Cell& cell) {
  std::vector<std::string> symbols;
  for (const size_t arm : other_arms(cell))
    for (const plan::PhasePlan& phase : cell.arms[arm].phases)
      if (!phase.overhead &&
          std::find(symbols.begin(), symbols.end(), phase.symbol) == symbols.end())
        symbols.push_back(phase.symbol);
  return symbols;
}

// One arm's bills beside the baseline's.
class CostRow {
 public:
  CostRow(const Study& study, const Seed& seed, size_t arm, const findings::Timing& timing)
      : study_(study), arm_(&seed.runs.cell().arms[arm]) {
    const plan::Cell& cell = seed.runs.cell();
    const findings::CellRuns runs = seed.runs.timed(timing);
    const auto work_of = [&](size_t index) {
      const auto& standing = seed.comparison->arms[index];
      return standing ? runs.work_at(cell.arms[index], standing->at) : std::nullopt;
    };
    baseline_ = work_of(cell.baseline);
    own_ = work_of(arm);
  }

  bool known() const { return baseline_ && own_; }
  std::optional<double> baseline() const { return dollars(*baseline_, {}, false); }
  std::optional<double> phase(const std::string& symbol) const {
    const measure::Bill all = bill(*own_, {}, false);
    for (const plan::PhasePlan& phase : arm_->phases)
      for (const measure::PhaseCost& cost : all.phases)
        if (phase.symbol == symbol && cost.name == phase.name) return cost.dollars;
    return std::nullopt;
  }
  std::optional<double> total() const { return dollars(*own_, {}, false); }
  std::optional<double> saving(measure::Accounting accounting, bool overheads) const {
    const auto own = dollars(*own_, {.accounting = accounting}, overheads);
    const auto full = baseline();
    return own && full ? std::optional(1 - *own / *full) : std::nullopt;
  }
  // Price ratio of the two devices above which nothing is saved; empty when all are on one device.
  std::optional<double> break_even_price() const {
    double cheap = 0, costly = 0;
    for (const plan::PhaseWork& phase : own_->phases) {
      if (phase.overhead || phase.jobs.empty()) continue;
      (is_cheap(phase.jobs.front().profile) ? cheap : costly) += phase.device_hours();
    }
    return cheap > 0 ? std::optional((baseline_->device_hours() - costly) / cheap) : std::nullopt;
  }
  // Speed ratio of the two devices above which nothing is saved at today's prices, of a row whose
  // devices are equal.
  std::optional<double> break_even_speed() const {
    const measure::Bill all = bill(*own_, {}, false);
    const auto full = baseline();
    if (!all.complete() || !full) return std::nullopt;
    double cheap = 0, costly = 0;
    for (const measure::PhaseCost& cost : all.phases)
      (is_cheap(cost.device) ? cheap : costly) += *cost.dollars;
    return cheap > 0 ? std::optional((*full - costly) / cheap) : std::nullopt;
  }

 private:
  bool is_cheap(const std::string& device) const { return device != arm_->last().profile; }
  measure::Bill bill(const plan::Work& work, const measure::Billing& billing,
                     bool overheads) const {
    return measure::bill(
        work.to_bill(plan::ClockKind::steady, overheads),
        [this](const std::string& device) { return study_.prices.of(device); }, billing);
  }
  std::optional<double> dollars(const plan::Work& work, const measure::Billing& billing,
                                bool overheads) const {
    const measure::Bill all = bill(work, billing, overheads);
    return all.complete() ? std::optional(all.dollars) : std::nullopt;
  }

  const Study& study_;
  const plan::ArmPlan* arm_;
  std::optional<plan::Work> baseline_, own_;
};

// The same runs on other terms: what the saving would be.
struct OtherTerms {
  std::string heading;
  findings::Timing timing;
};

std::vector<OtherTerms> other_terms(const Study& study) {
  std::vector<OtherTerms> all;
  for (const findings::OtherSpeeds& other : findings::other_speeds(study))
    all.push_back({"at " + other.name, study.timing.with_speeds(other.speeds)});
  all.push_back({"as billed", study.timing.as_billed()});
  return all;
}

TableCell ratio_cell(const std::optional<double>& ratio) {
  return ratio ? TableCell(fixed(*ratio, 3), ratio) : TableCell("-");
}

void add_cost_row(const Study& study, const StudyRow& row, const Seed& seed, size_t arm,
                  const std::vector<std::string>& symbols, const std::vector<OtherTerms>& others,
                  Table& table) {
  using measure::Accounting;
  std::vector<TableCell> cells = {label_of(row, seed, arm)};
  const auto cost_at = [&](const findings::Timing& timing) {
    return CostRow(study, seed, arm, timing);
  };
  if (seed.comparison)
    if (const CostRow cost = cost_at(study.timing); cost.known()) {
      const auto dollars = [](const std::optional<double>& value) {
        return value ? TableCell(significant(*value), value) : TableCell("no price");
      };
      cells.push_back(dollars(cost.baseline()));
      for (const std::string& symbol : symbols) cells.push_back(dollars(cost.phase(symbol)));
      const CostRow billed = cost_at(study.timing.as_billed());
      cells.push_back(dollars(billed.baseline()));
      cells.push_back(dollars(billed.total()));
      cells.push_back(saving_cell(cost.saving(Accounting::makespan, false)));
      cells.push_back(saving_cell(cost.saving(Accounting::usage, false)));
      cells.push_back(saving_cell(cost.saving(Accounting::makespan, true)));
      for (const OtherTerms& other : others)
        cells.push_back(saving_cell(cost_at(other.timing).saving(Accounting::makespan, false)));
      cells.push_back(ratio_cell(cost.break_even_price()));
      cells.push_back(ratio_cell(cost_at(study.timing.with_speeds({})).break_even_speed()));
    }
  cells.resize(table.columns.size(), "-");
  table.add(std::move(cells));
}

std::string step_time_note(const findings::StepTimes& times) {
  return fmt::format(
      "step times of {}: {} to {} ms, median {} ms ({} to {} at 95 %), over {} run{}", times.what,
      significant(times.least * 1e3), significant(times.greatest * 1e3),
      significant(times.median * 1e3), significant(times.interval.low * 1e3),
      significant(times.interval.high * 1e3), times.runs, times.runs == 1 ? "" : "s");
}

}  // namespace

Table costs(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  const std::vector<std::string> symbols = billed_symbols(cell);
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = study.baseline().name, .group = "dollars (calibrated)"}};
  for (const std::string& symbol : symbols)
    table.columns.push_back({.heading = symbol, .group = "dollars (calibrated)"});
  for (const std::string& heading : {study.baseline().name, join(symbols, "+")})
    table.columns.push_back({.heading = heading, .group = "dollars as billed"});
  const std::vector<OtherTerms> others = other_terms(study);
  for (const char* heading : {"makespan (paper)", "usage", "with overheads"})
    table.columns.push_back({.heading = heading, .group = "saving (calibrated)"});
  for (const OtherTerms& other : others)
    table.columns.push_back({.heading = other.heading, .group = "saving on other terms"});
  for (const char* heading : {"price ratio", "speed ratio"})
    table.columns.push_back({.heading = heading, .group = "break-even"});
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const size_t arm : other_arms(seed.runs.cell()))
        add_cost_row(study, row, seed, arm, symbols, others, table);
  const plan::ArmPlan& arm = cell.arms[other_arms(cell).front()];
  const plan::PhasePlan& first = arm.phases.size() > 1 ? arm.phases[1] : arm.phases[0];
  table.notes = {
      fmt::format("makespan: every {} device is paid until the longest {} ends, as the paper "
                  "counts; usage: each pays for its own time",
                  first.title, first.title),
      "dollars: steps x the median step time of equal work x the relative speed of the phase's "
      "device x its price, training only: what is left when no run was slowed by its neighbours; "
      "measuring the finished models is charged to no arm",
      "as billed: the runs' own clocks with start, checkpoints and evaluation on the way, and "
      "without a relative speed",
      "break-even: the price ratio (cheap / costly device) above which nothing is saved, and the "
      "speed ratio (costly / cheap) at these prices"};
  if (const std::string overheads = overheads_text(arm); !overheads.empty())
    table.notes.push_back(fmt::format(
        "overheads: {}, measured; moving data and checkpoints between machines: n/m, nothing was "
        "moved; preparing the corpus is needed by both arms and charged to neither",
        overheads));
  for (const std::string& line : findings::speed_lines(study)) table.notes.push_back(line);
  for (const findings::StepTimes& times : study.timing.kinds())
    table.notes.push_back(step_time_note(times));
  return table;
}

}  // namespace repro::report
