// Is the comparison a fair one? The baseline against other rates, its seeds and its start; the arms
// at equal work.

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"
#include "findings/baseline.hpp"
#include "findings/equal_work.hpp"
#include "findings/numbers.hpp"
#include "report/details.hpp"

namespace repro::report {
namespace {

using findings::loss_text;
using findings::StudyRow;

constexpr const char* kGroup = "final loss by seed, at rate";

// "4.3710 4.3821 4.3655": one a seed.
std::string losses_text(const std::vector<double>& losses) {
  std::vector<std::string> texts;
  for (const double loss : losses) texts.push_back(loss_text(loss));
  return texts.empty() ? "-" : join(texts, " ");
}

// Of one arm where rates were tried.
void add_rates(const Study& study, const StudyRow& row, size_t arm, bool rule, Table& table) {
  const plan::Cell& cell = row.seeds.front().runs.cell();
  const auto& choice = row.rates[arm];
  const bool is_baseline = arm == cell.baseline;
  std::vector<TableCell> cells = {row.text(), cell.arms[arm].name};
  std::vector<double> factors = {1};
  for (const double rate : study.experiment().check.rates) factors.push_back(rate);
  for (const double factor : factors) {
    std::string text = "-";
    if (choice)
      for (size_t i = 0; i < choice->rates.size(); ++i)
        if (choice->rates[i] == factor) text = losses_text(choice->losses[i]);
    cells.emplace_back(text);
  }
  cells.emplace_back(choice && choice->rates.size() > 1 ? fmt::format("x {}", choice->best) : "-");
  const auto check = is_baseline ? row.baseline : std::nullopt;
  cells.emplace_back(check ? findings::baseline_text(*check) : "");
  cells.emplace_back(check && !check->luck_text.empty() ? check->luck_text : "");
  table.add(std::move(cells), rule);
}

std::string rates_text(const findings::EqualWork& one) {
  if (one.rate == 1 && one.baseline_rate == 1) return "own";
  return fmt::format("x {} / x {}", one.rate, one.baseline_rate);
}

// "1.75", or "2.3, against 1.75" where the baseline has run no such work.
std::string work_text(const findings::EqualWork& one) {
  const std::string own = findings::significant(one.spent);
  const std::string other = findings::significant(one.baseline_spent);
  return own == other ? own : fmt::format("{}, against {}", own, other);
}

std::string lower_text(const Study& study, const findings::EqualWork& one) {
  if (!one.difference.has_noise()) return "one seed: not clear";
  const plan::Cell& cell = study.plan.cells.front();
  if (one.better() == 0) return "not clear";
  return one.better() < 0 ? cell.arms[one.arm].title : study.baseline().title;
}

}  // namespace

Table baseline_checks(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "arm", .align = Align::left},
                   {.heading = "x 1", .group = kGroup, .align = Align::left}};
  for (const double rate : study.experiment().check.rates)
    table.columns.push_back(
        {.heading = fmt::format("x {}", rate), .group = kGroup, .align = Align::left});
  table.columns.push_back({.heading = "best", .align = Align::left});
  table.columns.push_back({.heading = "check", .align = Align::left});
  table.columns.push_back({.heading = "luck", .align = Align::left});
  for (const StudyRow& row : study.rows)
    for (size_t arm = 0; arm < row.rates.size(); ++arm)
      add_rates(study, row, arm, arm == 0 && &row != &study.rows.front(), table);
  const plan::Check& check = study.experiment().check;
  table.notes = {
      fmt::format(
          "loss in the target's metric, nats a token; rates are factors of each arm's own: "
          "the baseline at its whole steps, another arm where its search ended, so that each "
          "is tuned by as many runs"),
      fmt::format(
          "a baseline fails where another rate ends more than {} nats lower, where seeds are "
          "more than {} nats apart, or where the loss stands still at the start for more than "
          "{} % of the steps after warm-up; a cell whose baseline fails can bear out nothing",
          check.rate_margin, check.seed_margin, findings::fixed(100 * check.plateau_margin, 0))};
  return table;
}

Table equal_work(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  const plan::ArmPlan& arm = cell.arms[other_arms(cell).front()];
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "equal", .align = Align::left},
                   {.heading = "rates", .align = Align::left},
                   {.heading = arm.last().title + " steps"},
                   {.heading = "work, x the baseline's"},
                   {.heading = arm.name},
                   {.heading = study.baseline().name},
                   {.heading = "difference"},
                   {.heading = "95 %"},
                   {.heading = "lower", .align = Align::left}};
  for (const StudyRow& row : study.rows) {
    bool rule = &row != &study.rows.front();
    for (const findings::EqualWork& one : findings::equal_work_of(study, row)) {
      const auto& interval = one.difference.interval;
      table.add({row.text(),
                 one.measure,
                 rates_text(one),
                 with_commas(one.steps),
                 {work_text(one), one.spent},
                 {loss_text(one.loss), one.loss},
                 {loss_text(one.baseline_loss), one.baseline_loss},
                 {fmt::format("{:+.4f}", one.difference.centre), one.difference.centre},
                 one.difference.has_noise()
                     ? fmt::format("{:+.4f} to {:+.4f}", interval.low, interval.high)
                     : std::string("-"),
                 lower_text(study, one)},
                rule);
      rule = false;
    }
  }
  table.notes = {
      fmt::format(
          "final loss in the target's metric, nats a token, mean over the seeds; difference "
          "below zero: {} is better",
          arm.title),
      fmt::format("the longest {} whose whole work, earlier phases included, the {} arm's own runs "
                  "span; between two of them its loss is log-linear in the work; where they span "
                  "none, the longest {} against the nearest of them: who ends lower with less work "
                  "would at equal work too",
                  arm.last().title, study.baseline().name, arm.last().title),
      "95 %: over the seeds, and for the finite text that losses are measured on"};
  return table;
}

}  // namespace repro::report
