// Table 3: dollars to the full-training loss, and whether the saving is one.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/numbers.hpp"
#include "report/quantities.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using measure::Outcome;

// Stand-in runs cost cents; the unit keeps their digits in sight.
struct MoneyUnit {
  double factor = 1;
  std::string name = "$";
  std::string text(double dollars) const { return significant(dollars * factor); }
};

MoneyUnit unit_for(const Study& study) {
  double greatest = 0;
  for (const StudyRow& row : study.rows)
    if (const Comparison* first = row.first(); first && first->at.full_dollars)
      greatest = std::max(greatest, *first->at.full_dollars);
  return greatest > 0 && greatest < 1 ? MoneyUnit{100, "¢"} : MoneyUnit{};
}

std::string paper_money(const Study& study, const StudyRow& row, const char* column) {
  const auto value = study.paper(row, "table3", column);
  return value ? fixed(*value, 2) : "-";
}

Cell paper_disco(const Study& study, const StudyRow& row) {
  return {fmt::format("{} = {}+{}", paper_money(study, row, "total_cost"),
                      paper_money(study, row, "s_cost"), paper_money(study, row, "f_cost")),
          study.paper(row, "table3", "total_cost")};
}

Cell here_disco(const Study& study, const StudyRow& row, const std::vector<Finding>& findings,
                const MoneyUnit& unit) {
  const auto dollars = [&](const char* key) { return *finding(findings, study, row, key).here; };
  return {fmt::format("{}{} = {}+{}", bound_sign(row), unit.text(dollars("total_cost")),
                      unit.text(dollars("s_cost")), unit.text(dollars("f_cost"))),
          dollars("total_cost")};
}

std::string saving_text(const StudyRow& row, const Finding& saving) {
  const size_t missed = row.count(Outcome::not_reached);
  if (missed == row.seeds.size()) return "not reached";
  if (missed > 0) return fmt::format("{} of {} reach", row.seeds.size() - missed, row.seeds.size());
  if (row.count(Outcome::at_most) == row.seeds.size())
    return ">= " + fixed(100 * *saving.here, 0) + " %";
  return saving.range ? percent_range(*saving.here, *saving.range)
                      : fixed(100 * *saving.here, 0) + " %";
}

void add_row(const Study& study, const StudyRow& row, const std::vector<Finding>& findings,
             const MoneyUnit& unit, Table& table) {
  const Finding& saving = finding(findings, study, row, "saving");
  Cell full = "-", disco = "-", here = saving.here_text;
  if (saving.here) {
    const Finding& full_cost = finding(findings, study, row, "full_cost");
    full = {unit.text(*full_cost.here), full_cost.here};
    disco = here_disco(study, row, findings, unit);
    here = {saving_text(row, saving), saving.here};
  }
  const std::string remark = row_remark(row, saving.judgement);
  if (!remark.empty()) here.mark = Footnotes(table).mark(remark);
  table.add({row.model_title,
             row.corpus_text(),
             {paper_money(study, row, "full_cost"), study.paper(row, "table3", "full_cost")},
             full,
             paper_disco(study, row),
             disco,
             {saving.paper_text, saving.paper},
             here,
             verdict_text(saving)},
            starts_new_model(study, row));
}

struct BreakEven {
  const StudyRow* row = nullptr;
  double here = INFINITY;
  double low_paper = INFINITY, high_paper = -INFINITY;
  double high_here = -INFINITY;
  int64_t holds = 0, reached = 0;
};

BreakEven break_even(const Study& study, const std::vector<Finding>& findings) {
  BreakEven result;
  for (const StudyRow& row : study.rows) {
    const Finding& ratio = finding(findings, study, row, "break_even_ratio");
    if (ratio.paper) {
      result.low_paper = std::min(result.low_paper, *ratio.paper);
      result.high_paper = std::max(result.high_paper, *ratio.paper);
    }
    if (!row.compared() || !row.first()->reached()) continue;
    ++result.reached;
    result.holds += row.first()->at.saving.value_or(-1) > 0;
    result.high_here = std::max(result.high_here, *ratio.here);
    if (*ratio.here < result.here) {
      result.here = *ratio.here;
      result.row = &row;
    }
  }
  return result;
}

std::vector<std::string> break_even_sentences(const Study& study,
                                              const std::vector<Finding>& findings) {
  const BreakEven found = break_even(study, findings);
  const config::Experiment& experiment = study.experiment();
  const std::string paper =
      std::isfinite(found.low_paper)
          ? fmt::format(" (paper {} to {})", fixed(found.low_paper, 2), fixed(found.high_paper, 2))
          : "";
  if (!found.row)
    return {"break-even price ratio: none here, because no cell reached the target" + paper};
  const auto ratio = study.prices.ratio();
  return {
      fmt::format("break-even price ratio (submodel device / full device): {} to {} here{}; the "
                  "prices' ratio is {}",
                  fixed(found.here, 2), fixed(found.high_here, 2), paper,
                  ratio ? fixed(*ratio, 2) : "unknown"),
      fmt::format("the saving holds here only if an hour of {} costs less than {} of an hour of {} "
                  "({}); at these prices it holds in {} of the {} cells that reach the target",
                  experiment.disco.submodel.profile, fixed(std::max(found.here, 0.0), 2),
                  experiment.full.profile, found.row->text(), found.holds, found.reached)};
}

std::string price_sentence(const Study& study) {
  const config::Experiment& experiment = study.experiment();
  const auto price = [](const std::string& profile, const std::optional<double>& dollars) {
    return dollars ? fmt::format("{} ${}/h", profile, fixed(*dollars, 2)) : profile + " no price";
  };
  return fmt::format(
      "prices: {}, {} ({})", price(experiment.disco.submodel.profile, study.prices.submodel),
      price(experiment.full.profile, study.prices.full),
      study.options.prices.title.empty() ? "no snapshot" : study.options.prices.title);
}

}  // namespace

View table3_view(const Study& study, const std::vector<Finding>& findings) {
  const MoneyUnit unit = unit_for(study);
  View view;
  view.table.columns = {
      {.heading = "model", .align = Align::left},
      {.heading = "corpus", .align = Align::left},
      {.heading = "paper $", .group = "full", .key = "full_paper_usd"},
      {.heading = "here " + unit.name, .group = "full", .key = "full_here_usd"},
      {.heading = "paper $", .group = "MoE-DisCo = S + F", .key = "disco_paper_usd"},
      {.heading = "here " + unit.name, .group = "MoE-DisCo = S + F", .key = "disco_here_usd"},
      {.heading = "paper", .group = "saving", .key = "saving_paper"},
      {.heading = "here (range)", .group = "saving", .key = "saving_here"},
      {.heading = "verdict", .align = Align::left}};
  for (const StudyRow& row : study.rows) add_row(study, row, findings, unit, view.table);
  view.sentences = {price_sentence(study),
                    "cost here = billed wall time of these runs x the price of the phase's device; "
                    "no run was made on that device"};
  for (std::string& sentence : break_even_sentences(study, findings))
    view.sentences.push_back(std::move(sentence));
  return view;
}

}  // namespace repro::report
