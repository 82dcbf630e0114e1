#include "report/study.hpp"

#include <algorithm>

namespace repro::report {
namespace {

std::string title_of(const ReportOptions& options, const std::string& key,
                     const std::string& otherwise) {
  const auto at = options.claims.titles.find(key);
  return at == options.claims.titles.end() ? otherwise : at->second;
}

StudyRow make_row(const Study& study, const run::Cell& cell) {
  const config::Corpus& corpus = study.experiment().corpus_entries.at(cell.corpus);
  StudyRow row;
  row.model = cell.model;
  row.corpus = cell.corpus;
  row.model_title =
      title_of(study.options, cell.model, study.experiment().model_entries.at(cell.model).title);
  row.corpus_title = title_of(study.options, cell.corpus, cell.corpus);
  if (!corpus.stands_for.empty()) row.stand_in = corpus.name;
  return row;
}

}  // namespace

std::string StudyRow::corpus_text() const {
  return stand_in.empty() ? corpus_title : corpus_title + " > " + stand_in;
}

std::string StudyRow::text(const Seed& seed) const {
  return seeds.size() == 1 ? text() : text() + ", seed " + std::to_string(seed.cell.cell.seed);
}

std::vector<const Seed*> StudyRow::compared() const {
  std::vector<const Seed*> all;
  for (const Seed& seed : seeds)
    if (seed.comparison) all.push_back(&seed);
  return all;
}

const Seed* StudyRow::first() const {
  const auto all = compared();
  return all.empty() ? nullptr : all.front();
}

size_t StudyRow::count(measure::Outcome outcome) const {
  size_t number = 0;
  for (const Seed* seed : compared()) number += seed->comparison->to_target.outcome == outcome;
  return number;
}

bool StudyRow::all(measure::Outcome outcome) const {
  return first() && count(outcome) == compared().size();
}

const Status* StudyRow::obstacle() const {
  const Status* first_found = nullptr;
  for (const Seed& seed : seeds) {
    const Status* status = seed.cell.obstacle();
    if (!status) continue;
    if (status->state == run::State::failed) return status;
    if (!first_found) first_found = status;
  }
  return first_found;
}

bool Study::stand_in() const {
  return experiment().scale.stand_in ||
         std::any_of(rows.begin(), rows.end(),
                     [](const StudyRow& row) { return !row.stand_in.empty(); });
}

std::optional<double> Study::paper(const StudyRow& row, std::string_view table,
                                   std::string_view column) const {
  return options.claims.value(table, row.claim(), column);
}

std::string Study::paper_text(const StudyRow& row, std::string_view table,
                              std::string_view column) const {
  const config::ClaimCell* cell = options.claims.cell(table, row.claim(), column);
  return cell && !cell->printed.empty() ? cell->printed : "-";
}

Study make_study(const run::Plan& plan, const ReportOptions& options) {
  Study study{plan, options, prices_of(plan.experiment, options.prices), {}};
  for (const run::Cell& cell : plan.cells) {
    const bool same_row = !study.rows.empty() && study.rows.back().model == cell.model &&
                          study.rows.back().corpus == cell.corpus;
    if (!same_row) study.rows.push_back(make_row(study, cell));
    StudyRow& row = study.rows.back();
    CellOutcome outcome = gather(plan, cell, options.runs);
    auto comparison = compare(outcome, plan.experiment, study.prices);
    row.seeds.push_back({std::move(outcome), std::move(comparison)});
  }
  return study;
}

std::string obstacle_text(const Status& status) {
  return status.failure.empty() ? status.text() : status.text() + ": " + status.failure;
}

}  // namespace repro::report
