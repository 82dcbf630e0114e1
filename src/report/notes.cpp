// The sentences below a view: under which conditions its numbers hold.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "findings/baseline.hpp"
#include "findings/equal_work.hpp"
#include "findings/numbers.hpp"
#include "findings/values.hpp"
#include "report/scores.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::Finding;
using findings::fixed;
using findings::Study;
using findings::StudyRow;
using measure::Reach;
using Lines = std::vector<std::string>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The arm that the view is about: the first besides the baseline.
size_t method_arm(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  return cell.baseline == 0 ? 1 : 0;
}

const plan::ArmPlan& arm_of(const Study& study) {
  return study.plan.cells.front().arms[method_arm(study)];
}

Lines target_note(const Study& study) {
  return {fmt::format("train: mean training loss of the last {} steps, nats a token; {}",
                      study.experiment().target.window, target_text(study))};
}

// How the models were measured: the same for all of a plan.
Lines measures_note(const Study& study) {
  for (const StudyRow& row : study.rows)
    for (const findings::Seed& seed : row.seeds) {
      const plan::Cell& cell = seed.runs.cell();
      const plan::Ending& reference = cell.arms[cell.baseline].endings[cell.reference];
      const findings::Measured* ppl = seed.runs.measured(reference, "ppl");
      const findings::Measured* held = seed.runs.measured(reference, "unseen");
      if (ppl != nullptr)
        return {fmt::format(
            "unseen: loss on the valid split, nats a token; bit/B: bits per byte, {} split; "
            "PPL: {} split, window {} tokens, stride {}",
            held ? held->split : "no", ppl->split, ppl->window, ppl->stride)};
    }
  return {"PPL: not measured"};
}

Lines steps_note(const Study& study) {
  std::string before;
  for (const plan::PhasePlan& phase : arm_of(study).phases)
    if (!phase.overhead && &phase != &arm_of(study).last()) before = phase.title;
  return {fmt::format("steps: {} steps only, as in the paper; the {}s' are in the sample ratio",
                      arm_of(study).last().title, before)};
}

// The devices of all arms, each once, the method's own before the baseline's.
Lines prices_note(const Study& study) {
  std::vector<std::string> profiles;
  const auto add = [&](const plan::ArmPlan& arm) {
    for (const plan::PhasePlan& phase : arm.phases)
      if (std::find(profiles.begin(), profiles.end(), phase.profile) == profiles.end())
        profiles.push_back(phase.profile);
  };
  const plan::Cell& cell = study.plan.cells.front();
  for (size_t i = 0; i < cell.arms.size(); ++i)
    if (i != cell.baseline) add(cell.arms[i]);
  add(cell.arms[cell.baseline]);
  std::vector<std::string> parts;
  for (const std::string& profile : profiles) {
    const auto dollars = study.prices.of(profile);
    parts.push_back(dollars ? fmt::format("{} ${}/h", profile, fixed(*dollars, 2))
                            : profile + " no price");
  }
  const std::string& title = study.sources.prices.title;
  return {fmt::format("prices: {} ({})", join(parts, ", "), title.empty() ? "no snapshot" : title)};
}

Lines costs_note(const Study& study) {
  std::string text = "cost here: steps x the median step time of equal work in these runs";
  if (const std::string machines = machine_text(study); !machines.empty())
    text += " (" + machines + ")";
  if (!study.timing.speeds().others().empty()) text += " x the relative speed";
  text += " x the price of the phase's device";
  // Trained on a processor, priced as a GPU: the ratio of the arms is measured, the devices' is
  // not.
  if (study.experiment().match.device == "cpu" && study.baseline().last().profile != "cpu")
    text += "; no run was made on that device";
  return {text};
}

// "Qwen 25 % C4, <= 4 % WikiText-2; Llama ...": the judged quantity had hours been counted so.
std::string verdict_at(const Study& study, const claims::Quantity& judged,
                       const findings::Timing& timing) {
  Lines models;
  for (const StudyRow& row : study.rows) {
    const auto value = findings::value_at(judged, study, row, timing);
    if (!value) continue;
    const std::string number = judged.unit == "%"
                                   ? fixed(100 * value->value, 0) + " %"
                                   : findings::format_value(value->value, judged.unit);
    const bool first = models.empty() || starts_new_model(study, row);
    const std::string cell = value->sign + number + " " + row.corpus_title;
    if (first)
      models.push_back(row.model_title + " " + cell);
    else
      models.back() += ", " + cell;
  }
  return join(models, "; ");
}

// Dollars follow seconds: where equal steps took unequal time, the reader is told what would have
// been said had each run's own clock counted.
Lines timing_note(const Study& study) {
  constexpr double kSteady = 1.1;
  const double spread = study.timing.worst_spread();
  if (spread < kSteady) return {};
  std::string text = fmt::format(
      "timing: equal steps took up to {}x as long in one run as in another; hours and dollars here "
      "are at their median",
      fixed(spread, 2));
  const claims::Quantity* judged = judged_quantity(study);
  if (judged == nullptr || !findings::depends_on_speed(*judged)) return {text};
  if (const std::string billed = verdict_at(study, *judged, study.timing.as_billed());
      !billed.empty())
    text += fmt::format("; by each run's own clock, without a relative speed, the {} would be {}",
                        judged->title, billed);
  return {text};
}

struct BreakEven {
  const StudyRow* row = nullptr;
  double here = kInfinity;
  double low_paper = kInfinity, high_paper = -kInfinity;
  double high_here = -kInfinity;
  int64_t holds = 0, reached = 0;
  int64_t left_out = 0;  // reach the target of a baseline that fails its check
};

BreakEven break_even(const Study& study, const std::vector<Finding>& found) {
  BreakEven result;
  for (const StudyRow& row : study.rows) {
    const Finding& ratio = findings::finding(found, study, row, "break_even_ratio");
    if (ratio.paper) {
      result.low_paper = std::min(result.low_paper, *ratio.paper);
      result.high_paper = std::max(result.high_paper, *ratio.paper);
    }
    if (!row.first() || row.count(Reach::not_reached) > 0) continue;
    // Against a baseline that fails its check a saving shows nothing.
    const auto& check = row.baseline;
    if (check && check->state == measure::BaselineState::fails) {
      ++result.left_out;
      continue;
    }
    ++result.reached;
    result.holds += findings::finding(found, study, row, study.view.verdict).here.value_or(-1) > 0;
    result.high_here = std::max(result.high_here, *ratio.here);
    if (*ratio.here < result.here) {
      result.here = *ratio.here;
      result.row = &row;
    }
  }
  return result;
}

std::string span_text(double low, double high) {
  const std::string from = fixed(low, 2), to = fixed(high, 2);
  return from == to ? from : from + " to " + to;
}

// The method's first phase that is priced on another device than the baseline: whose price decides.
const plan::PhasePlan& cheap_phase(const Study& study) {
  for (const plan::PhasePlan& phase : arm_of(study).phases)
    if (!phase.overhead && phase.profile != study.baseline().last().profile) return phase;
  return arm_of(study).phases.front();
}

// What the cell with the lowest break-even asks of the prices.
std::string condition_sentence(const Study& study, const BreakEven& found) {
  const std::string& cheap = cheap_phase(study).profile;
  const std::string cell = found.row->text();
  // The last phase alone costs as much as the baseline.
  if (found.here <= 0)
    return fmt::format("no price of {}, not even 0, brings a saving in {}", cheap, cell);
  return fmt::format(
      "the saving holds here only if an hour of {} costs less than {} of an hour of {} ({})", cheap,
      fixed(found.here, 2), study.baseline().last().profile, cell);
}

Lines break_even_note(const Study& study, const std::vector<Finding>& findings_) {
  const BreakEven found = break_even(study, findings_);
  const std::string paper = std::isfinite(found.low_paper)
                                ? " (paper " + span_text(found.low_paper, found.high_paper) + ")"
                                : "";
  if (!found.row)
    return {"break-even price ratio: none here, because no cell reached the target" +
            std::string(found.left_out > 0 ? " of a baseline that passes its check" : "") + paper};
  const plan::PhasePlan& cheap = cheap_phase(study);
  const auto low = study.prices.of(cheap.profile);
  const auto high = study.prices.of(study.baseline().last().profile);
  return {fmt::format("break-even price ratio ({} device / {} device): {} here{}; the prices' "
                      "ratio is {}",
                      cheap.title, study.baseline().name, span_text(found.here, found.high_here),
                      paper, low && high ? fixed(*low / *high, 2) : "unknown"),
          fmt::format("{}; at these prices {} of the {} cells that reach the target save money{}",
                      condition_sentence(study, found), found.holds, found.reached,
                      found.left_out == 0 ? ""
                                          : fmt::format(", {} left out because the baseline fails",
                                                        found.left_out))};
}

// The phase whose time a view of one phase shows.
Lines time_note(const Study& study) {
  const plan::PhasePlan& phase = cheap_phase(study);
  return {
      fmt::format("steps are set by the manifest; time is that of the longest {}: its steps x "
                  "the median step time of equal work in these runs, on its device by the relative "
                  "speed",
                  phase.title)};
}

Lines share_note(const Study& study) {
  return {
      fmt::format("the share compares two devices in the paper (its {}s ran on cheaper ones) "
                  "and one machine here, with a relative speed of the two",
                  cheap_phase(study).title)};
}

Lines budget_note(const Study& study) {
  const plan::Budget& budget = study.experiment().budget;
  return {
      fmt::format("budget: every arm has as many {} as the {} arm spends in all; train: mean "
                  "training loss of the last {} steps, nats a token",
                  budget.equal, study.baseline().name, study.experiment().target.window)};
}

// "passes in 4 of 6 cells that were checked; fails in Qwen / C4 (...)": of all rows.
Lines baseline_note(const Study& study) {
  int64_t checked = 0, passed = 0;
  Lines failed;
  for (const StudyRow& row : study.rows) {
    const auto& check = row.baseline;
    if (!check) continue;
    checked += check->state != measure::BaselineState::not_checked;
    passed += check->state == measure::BaselineState::passes;
    if (check->state == measure::BaselineState::fails)
      failed.push_back(fmt::format("{} ({})", row.text(), join(check->reasons, "; ")));
  }
  if (checked == 0) return {"baseline: not checked against other rates"};
  return {fmt::format("baseline check: passes in {} of the {} cells that were checked{}", passed,
                      checked, failed.empty() ? "" : "; fails in " + join(failed, ", "))};
}

// At each arm's own rate, counted over the cells whose runs decide it.
Lines equal_work_note(const Study& study) {
  struct Count {
    int64_t cells = 0, lower = 0, arm_better = 0, baseline_better = 0;
  };
  std::map<std::string, Count> counts;
  for (const StudyRow& row : study.rows)
    for (const findings::EqualWork& one : findings::equal_work_of(study, row)) {
      if (one.arm != method_arm(study) || one.rate != 1 || one.baseline_rate != 1 || !one.decides())
        continue;
      Count& count = counts[one.measure];
      ++count.cells;
      count.lower += one.difference.centre < 0;
      count.arm_better += one.better() < 0;
      count.baseline_better += one.better() > 0;
    }
  Lines parts;
  const plan::ArmPlan& arm = arm_of(study);
  for (const std::string& measure : findings::equal_measures()) {
    const Count& count = counts[measure];
    if (count.cells == 0) continue;
    std::string text = fmt::format("{} {} of {}", measure, count.lower, count.cells);
    if (count.arm_better + count.baseline_better > 0)
      text += fmt::format(" ({} clear, {} the other way)", count.arm_better, count.baseline_better);
    parts.push_back(std::move(text));
  }
  if (parts.empty()) return {};
  return {fmt::format("cells in which {} ends lower than {} at equal work: {}", arm.title,
                      study.baseline().title, join(parts, ", "))};
}

}  // namespace

std::vector<std::string> fairness_notes(const Study& study) {
  if (study.experiment().protocol != plan::Protocol::target) return {};
  Lines notes = baseline_note(study);
  for (std::string& line : equal_work_note(study)) notes.push_back(std::move(line));
  return notes;
}

std::vector<std::string> speed_note(const Study& study) {
  const auto& others = study.timing.speeds().others();
  const claims::Quantity* judged = judged_quantity(study);
  const bool depends = judged != nullptr ? findings::depends_on_speed(*judged)
                                         : findings::needs_costs(study.experiment());
  if (others.empty() || !depends) return {};
  Lines devices;
  for (const auto& [profile, speed] : others)
    devices.push_back(fmt::format(
        "{} is taken to be {}as fast as {} ({})", study.experiment().baseline_profile(),
        speed.ratio == 1 ? "" : findings::times(speed.ratio) + " ", profile, speed.origin));
  std::string text = "speed: " + join(devices, ", ");
  if (judged == nullptr) return {text};
  for (const findings::OtherSpeeds& other : findings::other_speeds(study)) {
    const std::string values = verdict_at(study, *judged, study.timing.with_speeds(other.speeds));
    if (values.empty()) continue;
    const double ratio = other.speeds.others().begin()->second.ratio;
    text +=
        fmt::format("; at {}{} the {} would be {}", other.name,
                    ratio == 1 ? "" : " (" + findings::times(ratio) + ")", judged->title, values);
  }
  return {text};
}

std::vector<std::string> note(const std::string& name, const Study& study,
                              const std::vector<Finding>& found) {
  if (name == "break_even" && judged_quantity(study) != nullptr)
    return break_even_note(study, found);
  if (name == "verdicts") return verdict_notes(study, found);
  using Note = Lines (*)(const Study&);
  static const std::map<std::string, Note> kNotes = {
      {"target", target_note}, {"measures", measures_note}, {"steps", steps_note},
      {"prices", prices_note}, {"costs", costs_note},       {"timing", timing_note},
      {"time", time_note},     {"share", share_note},       {"budget", budget_note},
      {"cuts", cuts_note},     {"scores", scores_note},     {"equal_work", equal_work_notes},
      {"saved", saved_notes},  {"trend", trend_notes}};
  const auto known = kNotes.find(name);
  if (known != kNotes.end()) return known->second(study);
  std::vector<std::string> names = {"break_even", "verdicts"};
  for (const auto& [one, ignored] : kNotes) names.push_back(one);
  throw Error("view '{}' of the claims '{}': no note '{}'{}; there are: {}", study.view.id,
              study.sources.claims.name, name, did_you_mean(name, names), join(names, ", "));
}

}  // namespace repro::report
