// One paragraph a cell: how many steps of its last phase a method saves against full training that
// is given as many samples, FLOPs or dollars, and which of the two ends lower.

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "findings/equal_work.hpp"
#include "findings/numbers.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::EqualWork;
using findings::loss_text;
using findings::Study;
using findings::StudyRow;

const std::vector<std::string>& saved_measures() {
  static const std::vector<std::string> kMeasures = {"samples", "FLOPs", "dollars"};
  return kMeasures;
}

// Factors of each arm's own learning rate: the best where rates were tried.
struct Rates {
  double arm = 1, baseline = 1;
};

double best_rate(const StudyRow& row, size_t arm) {
  return row.rates[arm] ? row.rates[arm]->best : 1;
}

// Of this arm and measure, at these rates and no others: one paragraph speaks of one pair.
std::optional<EqualWork> work_at(const std::vector<EqualWork>& all, size_t arm, const Rates& rates,
                                 const std::string& measure) {
  for (const EqualWork& one : all)
    if (one.arm == arm && one.measure == measure && one.rate == rates.arm &&
        one.baseline_rate == rates.baseline)
      return one;
  return std::nullopt;
}

std::string tuning_text(const StudyRow& row, size_t arm, size_t baseline, const Rates& rates) {
  const auto tried = [&](size_t index) {
    return row.rates[index] ? row.rates[index]->rates.size() : size_t{1};
  };
  if (tried(arm) < 2 && tried(baseline) < 2) return "at untuned rates";
  if (tried(arm) != tried(baseline))
    return fmt::format("at rates of which {} and {} were tried (x {} and x {} of each arm's own)",
                       tried(arm), tried(baseline), rates.arm, rates.baseline);
  return fmt::format("each arm at its best rate of {} (x {} and x {} of its own)", tried(arm),
                     rates.arm, rates.baseline);
}

// Steps of the baseline for as much work: its work is in proportion to them.
int64_t baseline_steps(const Study& study, const StudyRow& row, const EqualWork& one) {
  const plan::Cell& cell = row.seeds.front().runs.cell();
  const plan::Ending& whole = study.baseline().endings_at(one.baseline_rate).at(cell.reference);
  return std::llround(one.baseline_spent * static_cast<double>(whole.steps));
}

// "0.0211 lower (95 %: 0.0100 to 0.0322)": the baseline beside the arm.
std::string baseline_ends(const EqualWork& one) {
  const double lead = one.difference.centre;  // above zero: the baseline is better
  std::string text = fmt::format("{} {}", loss_text(std::abs(lead)), lead > 0 ? "lower" : "higher");
  if (!one.difference.has_noise()) return text + " (one seed)";
  const auto& range = one.difference.interval;
  const double low = lead > 0 ? range.low : -range.high, high = lead > 0 ? range.high : -range.low;
  return text + fmt::format(" (95 %: {} to {})", loss_text(low), loss_text(high));
}

std::string saving_of(const EqualWork& one, int64_t steps) {
  const int64_t saved = steps - one.steps;
  const bool lower = one.difference.centre < 0;
  if (one.better() > 0 || saved <= 0) return "nothing is saved";
  const std::string luck = one.better() == 0 ? ", unless that is luck" : "";
  if (!lower) return "nothing is saved" + luck;
  return fmt::format("{} steps ({}) are saved and the loss is lower{}", with_commas(saved),
                     findings::percent(static_cast<double>(saved) / static_cast<double>(steps)),
                     luck);
}

std::string against(const Study& study, const StudyRow& row, const std::string& measure,
                    const std::optional<EqualWork>& one) {
  if (!one || !one->equal())
    return fmt::format("{}: no run of {} takes as many", measure, study.baseline().title);
  const int64_t steps = baseline_steps(study, row, *one);
  return fmt::format("{}: {} steps against {}, which end {}: {}", measure, with_commas(one->steps),
                     with_commas(steps), baseline_ends(*one), saving_of(*one, steps));
}

std::string paragraph(const Study& study, const StudyRow& row, size_t arm) {
  const auto all = findings::equal_work_of(study, row);
  const plan::Cell& cell = study.plan.cells.front();
  const plan::ArmPlan& planned = cell.arms[arm];
  const Rates rates{best_rate(row, arm), best_rate(row, cell.baseline)};
  std::vector<std::string> parts;
  bool any = false;
  for (const std::string& measure : saved_measures()) {
    const auto one = work_at(all, arm, rates, measure);
    any |= one.has_value();
    parts.push_back(against(study, row, measure, one));
  }
  if (!any) return "";
  return fmt::format(
      "what {}'s {} saves against {} of as many samples, FLOPs or dollars in all, {}, {} seed(s), "
      "{}; {}",
      planned.title, planned.last().title, study.baseline().title, row.text(),
      row.compared().size(), tuning_text(row, arm, cell.baseline, rates), join(parts, "; "));
}

}  // namespace

std::vector<std::string> saved_notes(const Study& study) {
  std::vector<std::string> lines;
  const plan::Cell& cell = study.plan.cells.front();
  const size_t arm = cell.baseline == 0 ? 1 : 0;
  for (const StudyRow& row : study.rows)
    if (std::string text = paragraph(study, row, arm); !text.empty()) lines.push_back(text);
  return lines;
}

}  // namespace repro::report
