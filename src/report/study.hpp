#pragma once
// Everything a report is made from, read once: the plan's cells with their seeds, compared arm with
// arm, and the paper's row for each.

#include <optional>
#include <string>
#include <vector>

#include "report/arms.hpp"
#include "report/gather.hpp"
#include "report/report.hpp"

namespace repro::report {

struct Seed {
  CellOutcome cell;
  std::optional<Comparison> comparison;  // empty: a run that it needs is not done
};

// One model on one corpus: a row of the paper's tables.
struct StudyRow {
  std::string model, corpus;              // keys: "qwen_moe", "c4"
  std::string model_title, corpus_title;  // "Qwen", "C4"
  std::string stand_in;                   // "web"; "" when the corpus is the paper's own
  std::vector<Seed> seeds;

  std::string claim() const { return model + "/" + corpus; }  // the row's id in the claims
  std::string corpus_text() const;                            // "C4 > web"
  std::string text() const { return model_title + " / " + corpus_text(); }
  std::string text(const Seed& seed) const;  // "..., seed 1" when there are several

  std::vector<const Seed*> compared() const;     // seeds whose arms could be compared
  const Seed* first() const;                     // the first of them, or null
  size_t count(measure::Outcome outcome) const;  // how many of them ended so
  bool all(measure::Outcome outcome) const;      // there are some, and all ended so
  // The first job of any seed that is not done, failed ones before the others; null when all are.
  const Status* obstacle() const;
};

struct Study {
  const run::Plan& plan;
  const ReportOptions& options;
  Prices prices;
  std::vector<StudyRow> rows;  // in the plan's order

  const config::Experiment& experiment() const { return plan.experiment; }
  bool stand_in() const;  // the scale's models or steps, or any corpus, are not the paper's
  // Value of a claims table at a row; empty when the paper gives none.
  std::optional<double> paper(const StudyRow& row, std::string_view table,
                              std::string_view column) const;
  std::string paper_text(const StudyRow& row, std::string_view table,
                         std::string_view column) const;  // as printed; "-"
};

Study make_study(const run::Plan& plan, const ReportOptions& options);

// "not run", "unfinished", "failed: loss is not finite at step 12".
std::string obstacle_text(const Status& status);

}  // namespace repro::report
