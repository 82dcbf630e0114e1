#include "findings/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "findings/values.hpp"
#include "measure/evidence.hpp"

namespace repro::findings {
namespace {

using claims::Quantity;
using measure::Interval;
using measure::Judgement;
using measure::Sense;
using measure::Verdict;

// A tenth of the published effect still counts as it: said in the report's notes.
constexpr double kMargin = 0.1;

Sense sense_of(const Quantity& quantity) {
  if (quantity.sense == "at_least") return Sense::at_least;
  return quantity.sense == "at_most" ? Sense::at_most : Sense::about;
}

// One quantity of one row over its seeds.
struct RowValue {
  std::vector<double> values;   // at each seed's estimate
  std::vector<Interval> seeds;  // what each seed allows
  bool some_not_reached = false;
  bool some_at_most = false;
  bool falls = false;  // with more steps
};

std::optional<RowValue> measure_row(const Quantity& quantity, const Study& study,
                                    const StudyRow& row) {
  RowValue measured;
  for (const Seed& seed : row.seeds) {
    if (!seed.comparison) continue;
    const auto one = value_of(quantity, study, seed);
    if (!one) continue;
    measured.values.push_back(one->value);
    measured.seeds.push_back(one->range);
    measured.some_not_reached |= one->not_reached;
    measured.some_at_most |= one->at_most;
    measured.falls |= one->falls;
  }
  return measured.values.empty() ? std::nullopt : std::optional(measured);
}

std::optional<measure::Noise> noise_of(const Quantity& quantity, const Study& study) {
  std::vector<std::vector<double>> cells;
  for (const StudyRow& row : study.rows)
    if (const auto measured = measure_row(quantity, study, row)) cells.push_back(measured->values);
  return measure::pooled_noise(cells);
}

// The interval shown beside a value: over seeds where there are several, else what censoring and
// the ladder's spacing leave open.
std::optional<Interval> shown_range(const RowValue& measured) {
  if (measured.seeds.size() > 1) {
    measure::Question question;
    question.seeds = measured.seeds;
    return measure::effect_interval(question);
  }
  const Interval& only = measured.seeds.front();
  return only.low == only.high ? std::nullopt : std::optional<Interval>(only);
}

// A bound is shown as a bound: "<= 90 steps", ">= 87 %".
std::string here_text(const Quantity& quantity, const RowValue& measured) {
  const std::string value = format_value(measure::mean(measured.values), quantity.unit);
  if (measured.some_not_reached == measured.some_at_most)
    return measured.some_at_most ? "some seeds did not reach" : value;
  const bool is_upper_bound = measured.some_not_reached == measured.falls;
  return (is_upper_bound ? "<= " : ">= ") + value;
}

Judgement judge_row(const Quantity& quantity, const Study& study, const StudyRow& row,
                    const std::optional<double>& paper, const std::optional<RowValue>& measured) {
  if (const Status* obstacle = row.obstacle(); obstacle && !measured)
    return {Verdict::not_tested, obstacle_text(*obstacle) + " (" + obstacle->directory + ")"};
  if (!measured)
    return {Verdict::not_tested,
            "not measured: " + std::string(quantity.unit == "USD" || quantity.unit == "%"
                                               ? "a device has no price"
                                               : "the runs record no such number")};
  if (!paper) return {Verdict::not_tested, "the paper gives no number"};
  if (study.stand_in() && !quantity.scale_free)
    return {Verdict::not_tested,
            "an absolute number of the paper's models, corpora and machines; these are stand-ins"};
  return measure::judge({.sense = sense_of(quantity),
                         .claimed = *paper,
                         .margin = kMargin * std::fabs(*paper),
                         .seeds = measured->seeds,
                         .noise = noise_of(quantity, study)});
}

std::string run_line(const std::string& what, const Training& run, const Status& status) {
  return fmt::format("{}: {} steps, {} tokens, {} billed ({} of it training): {}", what,
                     with_commas(run.steps), with_commas(run.tokens),
                     human_seconds(run.clocks.wall()), human_seconds(run.clocks.train),
                     status.directory);
}

void add_ending_lines(const Seed& seed, const plan::ArmPlan& arm, std::vector<std::string>& lines) {
  const double threshold = seed.comparison->target.threshold();
  const bool has_target =
      seed.runs.plan().experiment.protocol == plan::Protocol::target && arm.endings.size() > 1;
  for (const plan::Ending& ending : arm.endings) {
    const Training* run = seed.runs.training(ending.job);
    if (run == nullptr) continue;
    const double loss = seed.runs.final_loss(ending.job);
    const std::string what =
        arm.endings.size() == 1
            ? arm.last().title
            : fmt::format("{} ending at {}{}", arm.last().title, loss_text(loss),
                          has_target && loss <= threshold ? ", reaches" : "");
    lines.push_back(run_line(what, *run, seed.runs[ending.job].status));
  }
}

void add_arm_lines(const Seed& seed, size_t index, std::vector<std::string>& lines) {
  const plan::ArmPlan& arm = seed.runs.cell().arms[index];
  for (const plan::PhasePlan& phase : arm.phases)
    for (const size_t job : phase.jobs)
      if (const Training* run = seed.runs.training(job); run && &phase != &arm.last())
        lines.push_back(run_line(phase.title, *run, seed.runs[job].status));
  add_ending_lines(seed, arm, lines);
  const auto& standing = seed.comparison->arms[index];
  if (standing && standing->to_target)
    lines.push_back(arm.last().title + " steps to the target: " + standing->to_target->text());
}

std::vector<std::string> inputs_of(const Study& study, const StudyRow& row) {
  std::vector<std::string> lines;
  for (const Seed& seed : row.seeds) {
    if (!seed.comparison) continue;
    const auto& target = seed.comparison->target;
    lines.push_back(fmt::format(
        "seed {}: target {} nats (mean of the {} arm's last steps) + {} "
        "tolerance",
        seed.runs.cell().seed, loss_text(target.loss), study.baseline().name, target.tolerance));
    for (size_t arm = 0; arm < seed.runs.cell().arms.size(); ++arm) add_arm_lines(seed, arm, lines);
  }
  for (const std::string& profile : study.experiment().profiles()) {
    const auto dollars = study.prices.of(profile);
    lines.push_back(
        dollars ? fmt::format("price of {}: ${}/h ({})", profile, significant(*dollars),
                              study.sources.prices.title)
                : fmt::format("price of {}: none in {}", profile, study.sources.prices.title));
  }
  return lines;
}

std::string scope_of(const Study& study, const StudyRow& row) {
  return study.experiment().scale.stand_in || !row.stand_in.empty() ? " (stand-in)" : "";
}

std::string id_of(const Study& study, const StudyRow& row, const std::string& quantity) {
  return fmt::format("{}:{}:{}:{}", study.experiment().name, row.model, row.corpus, quantity);
}

Finding make_finding(const Quantity& quantity, const Study& study, const StudyRow& row) {
  Finding finding;
  finding.id = id_of(study, row, quantity.id);
  finding.row = row.text();
  finding.quantity = quantity.title;
  finding.unit = quantity.unit;
  finding.paper = paper_value(quantity, study, row);
  if (finding.paper) finding.paper_text = format_value(*finding.paper, quantity.unit);
  const auto measured = measure_row(quantity, study, row);
  if (measured) {
    finding.here = measure::mean(measured->values);
    finding.here_text = here_text(quantity, *measured);
    finding.range = shown_range(*measured);
    finding.evidence = std::string(name(measure::Evidence::measured));
  } else if (const Status* obstacle = row.obstacle()) {
    finding.here_text = obstacle->text();
  }
  finding.judgement = judge_row(quantity, study, row, finding.paper, measured);
  finding.scope = scope_of(study, row);
  finding.inputs = inputs_of(study, row);
  return finding;
}

}  // namespace

std::vector<Finding> findings_of(const Study& study) {
  std::vector<Finding> findings;
  for (const StudyRow& row : study.rows)
    for (const claims::Quantity* quantity : claims::quantities_of(study.sources.claims, study.view))
      findings.push_back(make_finding(*quantity, study, row));
  return findings;
}

const Finding& finding(const std::vector<Finding>& findings, const Study& study,
                       const StudyRow& row, const std::string& quantity) {
  const std::string id = id_of(study, row, quantity);
  const auto at = std::find_if(findings.begin(), findings.end(),
                               [&](const Finding& one) { return one.id == id; });
  check(at != findings.end(), "a view shows a quantity that it declares");
  return *at;
}

std::string verdict_text(const Finding& finding) {
  return std::string(measure::name(finding.judgement.verdict)) + finding.scope;
}

}  // namespace repro::findings
