#include "findings/study.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "claims/quantities.hpp"
#include "findings/baseline.hpp"
#include "findings/ending_costs.hpp"

namespace repro::findings {
namespace {

std::string title_of(const claims::Claims& claims, const std::string& key,
                     const std::string& otherwise) {
  const auto at = claims.titles.find(key);
  return at == claims.titles.end() ? otherwise : at->second;
}

StudyRow make_row(const Study& study, const plan::Cell& cell) {
  const config::Corpus& corpus = study.experiment().corpus_entries.at(cell.corpus);
  StudyRow row;
  row.model = cell.model;
  row.corpus = cell.corpus;
  row.model_title = title_of(study.sources.claims, cell.model,
                             study.experiment().model_entries.at(cell.model).title);
  row.corpus_title = title_of(study.sources.claims, cell.corpus, cell.corpus);
  if (!corpus.is(cell.corpus)) row.stand_in = corpus.name;
  return row;
}

std::vector<claims::ArmNames> names_of(const plan::Plan& plan) {
  std::vector<claims::ArmNames> names;
  if (plan.cells.empty()) return names;
  for (const plan::ArmPlan& arm : plan.cells.front().arms) {
    claims::ArmNames one{arm.name, {}};
    for (const plan::PhasePlan& phase : arm.phases) one.phases.push_back(phase.name);
    for (const plan::Reading& reading : arm.readings)
      if (!reading.name.empty()) one.phases.push_back(reading.name);
    names.push_back(std::move(one));
  }
  return names;
}

std::vector<std::optional<RateChoice>> choose_rates(const StudyRow& row, double tolerance) {
  std::vector<const plan::Cell*> cells;
  for (const Seed& seed : row.seeds) cells.push_back(&seed.runs.cell());
  // Of whichever seed: an ending knows its jobs.
  const CellRuns& runs = row.seeds.front().runs;
  const auto read = [&](const plan::Ending& ending) { return runs.result(ending); };
  std::vector<std::optional<RateChoice>> choices;
  for (size_t arm = 0; arm < cells.front()->arms.size(); ++arm)
    choices.push_back(choose_rate(cells, arm, tolerance, read));
  return choices;
}

CostReader cost_reader(const Study& study) {
  return [&study](const plan::Cell& cell, size_t arm, int64_t steps) {
    return cost_of(CellRuns(study.plan, cell, study.outcomes, study.timing), arm, steps,
                   study.prices);
  };
}

// What no search asks for is no gap.
void mark_unwanted(const Study& study, Outcomes& outcomes) {
  const plan::Plan& plan = study.plan;
  if (plan.cells.empty()) return;
  const CellRuns runs(plan, plan.cells.front(), outcomes, study.timing);
  const std::vector<bool> wanted = wanted_jobs(
      plan, [&](const plan::Ending& ending) { return runs.result(ending); }, cost_reader(study));
  for (size_t job = 0; job < wanted.size(); ++job) outcomes[job].status.wanted = wanted[job];
}

// Of every arm where the experiment asks for tasks.
std::vector<std::vector<std::optional<CutStanding>>> stand_at_cuts(const Study& study,
                                                                   const CellRuns& runs) {
  const plan::Experiment& experiment = study.experiment();
  std::vector<std::vector<std::optional<CutStanding>>> standings(runs.cell().arms.size());
  if (experiment.evaluate.tasks.empty()) return standings;
  const auto read = [&](const plan::Ending& ending) { return runs.result(ending); };
  for (size_t arm = 0; arm < standings.size(); ++arm)
    for (const std::string& cut : experiment.evaluate.cuts)
      standings[arm].push_back(stand_at_cut(cut, runs.cell(), arm, experiment.target.tolerance,
                                            read, cost_reader(study)));
  return standings;
}

const claims::View& view_of(const plan::Experiment& experiment, const claims::Claims& claims) {
  std::vector<std::string> known;
  for (const claims::View& view : claims.views) {
    if (view.id == experiment.view) return view;
    known.push_back(view.id);
  }
  const config::Node* named = experiment.resolved.find("view");
  throw Error("{}: no view '{}' in the claims '{}'{}; there are: {}",
              named ? named->source.text() : experiment.name, experiment.view, experiment.claims,
              did_you_mean(experiment.view, known), join(known, ", "));
}

// A view of scores speaks of arms too, and shows what the experiment asks.
void check_scores(const plan::Plan& plan, const claims::View& view,
                  const std::vector<claims::ArmNames>& names, config::Problems& problems) {
  if (view.layout != "scores") return;
  if (plan.experiment.evaluate.tasks.empty())
    problems.add(view.source,
                 "view '{}' shows scores, but {} asks for no task; name some in evaluate.tasks",
                 view.id, plan.experiment.name);
  for (const auto& [arm, column] : view.scores.columns)
    if (std::none_of(names.begin(), names.end(),
                     [&](const claims::ArmNames& one) { return one.name == arm; }))
      problems.add(view.source, "view '{}': scores: the experiment has no arm '{}'", view.id, arm);
}

// Every formula of the view must speak of arms and phases that the experiment has.
void check_view(const plan::Plan& plan, const claims::Claims& claims) {
  config::Problems problems;
  const auto names = names_of(plan);
  for (const claims::Quantity* quantity :
       claims::quantities_of(claims, view_of(plan.experiment, claims)))
    claims::check_here(*quantity, names, problems);
  check_scores(plan, view_of(plan.experiment, claims), names, problems);
  problems.throw_if_any();
}

// All but the runs and the prices, checked against the experiment.
Sources checked_sources(const std::filesystem::path& root, const plan::Plan& plan) {
  const plan::Experiment& experiment = plan.experiment;
  Sources sources;
  sources.claims = claims::find_claims(root, experiment.claims);
  check_view(plan, sources.claims);
  for (const std::string& name : experiment.profiles())
    sources.profiles.emplace(name, config::find_profile(root, name));
  sources.machine = experiment.match.device == "cpu"
                        ? config::find_profile(root, "cpu")
                        : sources.profiles.at(experiment.baseline_profile());
  speeds_by(experiment.speed, sources.speed(experiment));
  return sources;
}

}  // namespace

Sources load_sources(const std::filesystem::path& root, const plan::Plan& plan,
                     const std::filesystem::path& runs, const std::string& prices) {
  Sources sources = checked_sources(root, plan);
  sources.runs = runs;
  sources.prices = config::find_prices(root, prices);
  return sources;
}

void check_claims(const std::filesystem::path& root, const plan::Plan& plan) {
  checked_sources(root, plan);
}

SpeedSources Sources::speed(const plan::Experiment& experiment) const {
  return {experiment, claims, profiles, machine ? machine->name : ""};
}

bool Seed::compared() const {
  return comparison && std::all_of(comparison->arms.begin(), comparison->arms.end(),
                                   [](const auto& standing) { return standing.has_value(); });
}

std::string StudyRow::corpus_text() const {
  return stand_in.empty() ? corpus_title : corpus_title + " > " + stand_in;
}

std::string StudyRow::text(const Seed& seed) const {
  return seeds.size() == 1 ? text() : text() + ", seed " + std::to_string(seed.runs.cell().seed);
}

std::vector<const Seed*> StudyRow::compared() const {
  std::vector<const Seed*> all;
  for (const Seed& seed : seeds)
    if (seed.compared()) all.push_back(&seed);
  return all;
}

const Seed* StudyRow::first() const {
  const auto all = compared();
  return all.empty() ? nullptr : all.front();
}

size_t StudyRow::count(measure::Reach reach) const {
  size_t number = 0;
  for (const Seed* seed : compared())
    number += std::any_of(seed->comparison->arms.begin(), seed->comparison->arms.end(),
                          [&](const auto& standing) { return standing->reach == reach; });
  return number;
}

bool StudyRow::all(measure::Reach reach) const {
  return first() && count(reach) == compared().size();
}

std::optional<measure::StepsToTarget> StudyRow::tuned(const Seed& seed, size_t arm) const {
  const plan::Cell& cell = seed.runs.cell();
  if (!rates[arm] || !rates[cell.baseline] || rates[arm]->rates.size() < 2) return std::nullopt;
  const plan::Experiment& experiment = seed.runs.plan().experiment;
  const auto read = [&](const plan::Ending& ending) { return seed.runs.result(ending); };
  const auto threshold =
      threshold_of(cell, rates[cell.baseline]->best, experiment.target.tolerance, read);
  if (!threshold) return std::nullopt;
  const auto ladder =
      seed.runs.ladder(cell.arms[arm].endings_at(rates[arm]->best), experiment.target.metric);
  if (ladder.empty()) return std::nullopt;
  return measure::smallest_horizon(ladder, {*threshold, 0});
}

const Status* StudyRow::obstacle() const {
  const Status* first_found = nullptr;
  for (const Seed& seed : seeds) {
    const Status* status = seed.runs.obstacle();
    if (!status) continue;
    if (status->state == run::State::failed) return status;
    if (!first_found) first_found = status;
  }
  return first_found;
}

const plan::ArmPlan& Study::baseline() const {
  return plan.cells.front().arms[plan.cells.front().baseline];
}

bool Study::stand_in() const {
  return experiment().scale.stand_in ||
         std::any_of(rows.begin(), rows.end(),
                     [](const StudyRow& row) { return !row.stand_in.empty(); });
}

Study::Study(const plan::Plan& planned, const Sources& from)
    : plan(planned),
      sources(from),
      view(view_of(planned.experiment, from.claims)),
      prices(from.prices),
      outcomes(read_outcomes(planned, from.runs)),
      timing(planned, outcomes,
             speeds_by(planned.experiment.speed, from.speed(planned.experiment))) {
  mark_unwanted(*this, outcomes);
  for (const plan::Cell& cell : plan.cells) {
    const bool same_row =
        !rows.empty() && rows.back().model == cell.model && rows.back().corpus == cell.corpus;
    if (!same_row) rows.push_back(make_row(*this, cell));
    CellRuns runs(plan, cell, outcomes, timing);
    auto comparison = compare(runs, prices);
    rows.back().seeds.push_back({runs, std::move(comparison), stand_at_cuts(*this, runs)});
  }
  for (StudyRow& row : rows) {
    row.rates = choose_rates(row, experiment().target.tolerance);
    row.baseline = check_baseline(experiment(), row);
  }
}

std::string obstacle_text(const Status& status) {
  return status.failure.empty() ? status.text() : status.text() + ": " + status.failure;
}

}  // namespace repro::findings
