// The words of the first screen and what they mean here.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "findings/findings.hpp"
#include "findings/judging.hpp"
#include "measure/evidence.hpp"
#include "report/card.hpp"
#include "report/card_tally.hpp"
#include "report/details.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::StudyRow;
using measure::Verdict;

std::string priced_on(const plan::PhasePlan& phase) {
  return phase.profile.empty() ? "" : ", priced on " + phase.profile;
}

// "the PHASEs of ARM, 4 side by side, priced on rtx-4090".
std::string phase_meaning(const plan::ArmPlan& arm, const plan::PhasePlan& phase) {
  std::string text = fmt::format("the {} of {}", phase.title, arm.title);
  if (&phase != &arm.last() && phase.jobs.size() > 1)
    text = fmt::format("the {}s of {}, {} side by side", phase.title, arm.title, phase.jobs.size());
  return text + priced_on(phase);
}

// One for each symbol, whichever arm has it first.
void add_phases(const Study& study, std::vector<CardWord>& words) {
  const plan::Cell& cell = study.plan.cells.front();
  std::set<std::string> seen;
  for (const size_t index : other_arms(cell))
    for (const plan::PhasePlan& phase : cell.arms[index].phases)
      if (!phase.overhead && phase.symbol != phase.title && seen.insert(phase.symbol).second)
        words.push_back({phase.symbol, phase_meaning(cell.arms[index], phase)});
  const plan::ArmPlan& baseline = study.baseline();
  words.push_back({baseline.name, baseline.title + priced_on(baseline.last()) +
                                      ": what the others are held against"});
}

void add_sides(const Study& study, const std::vector<Finding>& found,
               std::vector<CardWord>& words) {
  const std::string machines = machine_text(study);
  words.push_back({"here", "what these runs say" + (machines.empty() ? "" : " (" + machines + ")") +
                               ", at the prices below"});
  const auto has_paper = [](const Finding& one) { return one.paper.has_value(); };
  if (std::any_of(found.begin(), found.end(), has_paper))
    words.push_back({"paper", "the number as it is printed"});
  const auto ranged = [](const claims::ViewColumn& column) { return column.range; };
  if (std::any_of(study.view.columns.begin(), study.view.columns.end(), ranged))
    words.push_back({"range",
                     "95 % interval of the number here: seeds, rungs, finite text, step "
                     "times and prices together"});
  if (shows_cents(study, found)) words.push_back({"¢", "cents of a dollar"});
  words.push_back({"cell", "one model on one corpus: a row"});
}

void add_stand_ins(const Study& study, std::vector<CardWord>& words) {
  if (!study.stand_in()) return;
  words.push_back({"stand-in",
                   "a smaller model or another text in the place of the paper's: its "
                   "verdicts speak of itself alone"});
  const auto replaced = [](const StudyRow& row) { return !row.stand_in.empty(); };
  const auto row = std::find_if(study.rows.begin(), study.rows.end(), replaced);
  if (row != study.rows.end())
    words.push_back({row->corpus_text(),
                     fmt::format("{} in the place of {}", row->stand_in, row->corpus_title)});
}

std::string verdict_meaning(Verdict verdict, const Finding& one) {
  switch (verdict) {
    case Verdict::reproduced:
      return "the effect is as published or stronger, clear of chance among all numbers judged";
    case Verdict::not_reproduced:
      return "the effect is not the published one, clear of chance among all numbers judged";
    case Verdict::inconclusive:
      return "the runs do not tell: too few seeds, or too much else is open";
    case Verdict::not_tested:
      return "no test was made: " + one.judgement.reason;
  }
  return "";
}

void add_verdicts(const Study& study, const std::vector<Finding>& found,
                  std::vector<CardWord>& words) {
  std::set<Verdict> seen;
  for (const Finding* one : judged_findings(study, found)) {
    const Verdict verdict = one->judgement.verdict;
    if (seen.insert(verdict).second)
      words.push_back({std::string(measure::name(verdict)), verdict_meaning(verdict, *one)});
  }
}

void add_evidence(const Study& study, const std::vector<Finding>& found,
                  std::vector<CardWord>& words) {
  const std::string calibrated(measure::name(measure::Evidence::calibrated));
  for (const Finding* one : judged_findings(study, found))
    if (one->evidence == calibrated) {
      words.push_back(
          {calibrated, "steps x measured step time, on a device by its relative speed"});
      return;
    }
}

}  // namespace

std::vector<CardWord> words_of(const Study& study, const std::vector<Finding>& found) {
  std::vector<CardWord> words;
  add_phases(study, words);
  add_sides(study, found, words);
  add_evidence(study, found, words);
  add_stand_ins(study, words);
  add_verdicts(study, found, words);
  return words;
}

}  // namespace repro::report
