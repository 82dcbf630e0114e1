#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "report/numbers.hpp"
#include "report/quantities.hpp"

namespace repro::report {
namespace {

using measure::Interval;
using measure::Judgement;
using measure::Outcome;
using measure::Sense;
using measure::Verdict;

// A tenth of the published effect still counts as it: said in the report's notes.
constexpr double kMargin = 0.1;

// One quantity of one row over its seeds.
struct Measured {
  std::vector<double> values;   // at each seed's estimate
  std::vector<Interval> seeds;  // what each seed allows
  bool some_not_reached = false;
  bool some_at_most = false;
};

// With more fine-tune steps a saving falls and a cost rises; how far, nobody knows when the target
// was not reached.
Interval open_interval(Sense sense, double bound) {
  return sense == Sense::at_least ? Interval{-INFINITY, bound} : Interval{bound, INFINITY};
}

std::optional<Measured> measure_row(const Quantity& quantity, const StudyRow& row) {
  if (!row.first()) return std::nullopt;
  Measured measured;
  for (const Seed* seed : row.compared()) {
    const CellOutcome& cell = seed->cell;
    const Comparison& comparison = *seed->comparison;
    const auto value = quantity.here(cell, comparison, comparison.at);
    if (!value) return std::nullopt;
    measured.values.push_back(*value);
    if (!quantity.depends_on_steps) {
      measured.seeds.push_back({*value, *value});
      continue;
    }
    measured.some_not_reached |= comparison.to_target.outcome == Outcome::not_reached;
    measured.some_at_most |= comparison.to_target.outcome == Outcome::at_most;
    const double least = *quantity.here(cell, comparison, comparison.least);
    if (!comparison.most) {
      measured.seeds.push_back(open_interval(quantity.sense, least));
      continue;
    }
    const double most = *quantity.here(cell, comparison, *comparison.most);
    measured.seeds.push_back({std::min(least, most), std::max(least, most)});
  }
  return measured;
}

std::optional<measure::Noise> noise_of(const Quantity& quantity, const Study& study) {
  std::vector<std::vector<double>> cells;
  for (const StudyRow& row : study.rows)
    if (const auto measured = measure_row(quantity, row)) cells.push_back(measured->values);
  return measure::pooled_noise(cells);
}

// The interval shown beside a value: over seeds where there are several, else what censoring and
// the ladder's spacing leave open.
std::optional<Interval> shown_range(const Measured& measured) {
  if (measured.seeds.size() > 1) {
    measure::Question question;
    question.seeds = measured.seeds;
    return measure::effect_interval(question);
  }
  const Interval& only = measured.seeds.front();
  return only.low == only.high ? std::nullopt : std::optional<Interval>(only);
}

// A bound is shown as a bound: "<= 90 steps", ">= 87 %".
std::string here_text(const Quantity& quantity, const Measured& measured) {
  const std::string value = format_value(measure::mean(measured.values), quantity.unit);
  if (measured.some_not_reached == measured.some_at_most)
    return measured.some_at_most ? "some seeds did not reach" : value;
  const bool falls_with_steps = quantity.sense == Sense::at_least;
  const bool is_upper_bound = measured.some_not_reached == falls_with_steps;
  return (is_upper_bound ? "<= " : ">= ") + value;
}

Judgement judge_row(const Quantity& quantity, const Study& study, const StudyRow& row,
                    const std::optional<double>& paper, const std::optional<Measured>& measured) {
  if (const Status* obstacle = row.obstacle(); obstacle && !row.first())
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
  return measure::judge({.sense = quantity.sense,
                         .claimed = *paper,
                         .margin = kMargin * std::fabs(*paper),
                         .seeds = measured->seeds,
                         .noise = noise_of(quantity, study)});
}

std::string run_line(const std::string& what, const Training& run) {
  return fmt::format("{}: {} steps, {} tokens, {} billed ({} of it training): {}", what,
                     with_commas(run.steps), with_commas(run.tokens),
                     human_seconds(run.clocks.wall()), human_seconds(run.clocks.train),
                     run.status.directory);
}

std::vector<std::string> seed_inputs(const CellOutcome& cell, const Comparison& comparison) {
  std::vector<std::string> lines = {
      fmt::format("seed {}: target {} nats (mean of the full arm's last steps) + {} tolerance",
                  cell.cell.seed, loss_text(comparison.target.loss), comparison.target.tolerance),
      run_line("full", cell.full)};
  for (const Training& run : cell.submodels) lines.push_back(run_line("submodel", run));
  size_t rung = 0;
  for (const Training& run : cell.finetunes) {
    if (!run.status.done()) continue;
    const double loss = comparison.ladder[rung++].final_loss;
    lines.push_back(run_line(fmt::format("fine-tune ending at {}{}", loss_text(loss),
                                         loss <= comparison.target.threshold() ? ", reaches" : ""),
                             run));
  }
  lines.push_back("fine-tune steps to the target: " + comparison.to_target.text());
  return lines;
}

std::vector<std::string> inputs_of(const Study& study, const StudyRow& row) {
  std::vector<std::string> lines;
  for (const Seed* seed : row.compared())
    for (std::string& line : seed_inputs(seed->cell, *seed->comparison))
      lines.push_back(std::move(line));
  const config::Experiment& experiment = study.experiment();
  const auto price = [&](const std::string& profile, const std::optional<double>& dollars) {
    lines.push_back(
        dollars ? fmt::format("price of {}: ${}/h ({})", profile, significant(*dollars),
                              study.options.prices.title)
                : fmt::format("price of {}: none in {}", profile, study.options.prices.title));
  };
  price(experiment.full.profile, study.prices.full);
  price(experiment.disco.submodel.profile, study.prices.submodel);
  return lines;
}

std::string scope_of(const Study& study, const StudyRow& row) {
  return study.experiment().scale.stand_in || !row.stand_in.empty() ? " (stand-in)" : "";
}

Finding make_finding(const Quantity& quantity, const Study& study, const StudyRow& row) {
  Finding finding;
  finding.id =
      fmt::format("{}:{}:{}:{}", study.experiment().name, row.model, row.corpus, quantity.key);
  finding.row = row.text();
  finding.quantity = quantity.title;
  finding.unit = quantity.unit;
  finding.paper = quantity.paper(study, row);
  if (finding.paper) finding.paper_text = format_value(*finding.paper, quantity.unit);
  const auto measured = measure_row(quantity, row);
  if (measured) {
    finding.here = measure::mean(measured->values);
    finding.here_text = here_text(quantity, *measured);
    finding.range = shown_range(*measured);
    finding.evidence = "measured";
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
    for (const Quantity& quantity : quantities_of(study.experiment().view))
      findings.push_back(make_finding(quantity, study, row));
  return findings;
}

const Finding& finding(const std::vector<Finding>& findings, const Study& study,
                       const StudyRow& row, const std::string& quantity) {
  const std::string id =
      fmt::format("{}:{}:{}:{}", study.experiment().name, row.model, row.corpus, quantity);
  const auto at = std::find_if(findings.begin(), findings.end(),
                               [&](const Finding& one) { return one.id == id; });
  check(at != findings.end(), "a view shows a quantity that it declares");
  return *at;
}

std::string verdict_text(const Finding& finding) {
  return std::string(measure::name(finding.judgement.verdict)) + finding.scope;
}

std::string format_value(double value, const std::string& unit) {
  if (unit == "%") return std::isfinite(value) ? fixed(100 * value, 1) : significant(value);
  if (unit == "x") return significant(value);
  if (unit == "nats") return loss_text(value);
  if (unit == "steps")
    return std::isfinite(value) ? with_commas(std::llround(value)) : significant(value);
  if (unit == "ppl") return fixed(value, 2);
  return significant(value, 4);
}

}  // namespace repro::report
