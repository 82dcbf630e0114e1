// Table 3: dollars to the full-training loss, and whether the saving is one.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.hpp"
#include "report/numbers.hpp"
#include "report/quantities.hpp"
#include "report/timing.hpp"
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
    for (const Seed* seed : row.compared())
      greatest = std::max(greatest, seed->comparison->at.full_dollars.value_or(0));
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
  const std::string total = bound_sign(row) + unit.text(dollars("total_cost"));
  // Of a bound the parts say nothing that the whole does not.
  if (!bound_sign(row).empty()) return {total, dollars("total_cost")};
  return {
      fmt::format("{} = {}+{}", total, unit.text(dollars("s_cost")), unit.text(dollars("f_cost"))),
      dollars("total_cost")};
}

std::string saving_text(const StudyRow& row, const Finding& saving) {
  const size_t missed = row.count(Outcome::not_reached);
  const size_t compared = row.compared().size();
  if (missed == compared) return "not reached";
  if (missed > 0) return fmt::format("{} of {} reach", compared - missed, compared);
  if (row.all(Outcome::at_most)) return ">= " + fixed(100 * *saving.here, 0) + " %";
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
             {saving.paper ? percent(*saving.paper) : "-", saving.paper},
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
    if (!row.first() || row.count(Outcome::not_reached) > 0) continue;
    ++result.reached;
    result.holds += finding(findings, study, row, "saving").here.value_or(-1) > 0;
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

// What the cell with the lowest break-even asks of the prices.
std::string condition_sentence(const config::Experiment& experiment, const BreakEven& found) {
  const std::string& cheap = experiment.disco.submodel.profile;
  const std::string cell = found.row->text();
  // Fine-tuning alone costs as much as full training.
  if (found.here <= 0)
    return fmt::format("no price of {}, not even 0, brings a saving in {}", cheap, cell);
  return fmt::format(
      "the saving holds here only if an hour of {} costs less than {} of an hour of {} ({})", cheap,
      fixed(found.here, 2), experiment.full.profile, cell);
}

std::vector<std::string> break_even_sentences(const Study& study,
                                              const std::vector<Finding>& findings) {
  const BreakEven found = break_even(study, findings);
  const std::string paper = std::isfinite(found.low_paper)
                                ? " (paper " + span_text(found.low_paper, found.high_paper) + ")"
                                : "";
  if (!found.row)
    return {"break-even price ratio: none here, because no cell reached the target" + paper};
  const auto ratio = study.prices.ratio();
  return {fmt::format(
              "break-even price ratio (submodel device / full device): {} here{}; the prices' "
              "ratio is {}",
              span_text(found.here, found.high_here), paper, ratio ? fixed(*ratio, 2) : "unknown"),
          fmt::format("{}; at these prices {} of the {} cells that reach the target save money",
                      condition_sentence(study.experiment(), found), found.holds, found.reached)};
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

std::string cost_sentence(const Study& study) {
  const config::Experiment& experiment = study.experiment();
  std::string text = "cost here: billed wall time of these runs";
  if (const std::string machines = machine_text(study); !machines.empty())
    text += " (" + machines + ")";
  text += " x the price of the phase's device";
  // Trained on a processor, priced as a GPU: the ratio of the arms is measured, the devices' is
  // not.
  if (experiment.match.device == "cpu" && experiment.full.profile != "cpu")
    text += "; no run was made on that device";
  return text;
}

// Dollars follow seconds: where equal steps took unequal time, the reader is told what the savings
// would be had they not.
std::vector<std::string> timing_sentences(const Study& study) {
  constexpr double kSteady = 1.1;
  const double spread = worst_spread(study);
  if (spread < kSteady) return {};
  std::map<std::string, std::vector<std::string>> savings;
  for (const StudyRow& row : study.rows)
    if (const auto saving = steady_saving(study, row))
      savings[row.model].push_back((row.all(Outcome::not_reached) ? "< " : "") +
                                   fixed(100 * *saving, 0) + " % " + row.corpus_title);
  std::string text = fmt::format(
      "timing: equal steps took up to {}x as long in one run as in another, and dollars carry that",
      fixed(spread, 2));
  std::vector<std::string> parts;
  for (const StudyRow& row : study.rows) {
    const bool listed = &row != &study.rows.front() && !starts_new_model(study, row);
    if (!listed && savings.contains(row.model))
      parts.push_back(row.model_title + " " + join(savings[row.model], ", "));
  }
  if (!parts.empty()) text += "; at median step times the savings are " + join(parts, "; ");
  return {text};
}

}  // namespace

Table table3_view(const Study& study, const std::vector<Finding>& findings) {
  const MoneyUnit unit = unit_for(study);
  Table table;
  table.columns = {
      {.heading = "model", .align = Align::left},
      {.heading = "corpus", .align = Align::left},
      {.heading = "paper $", .group = "full", .key = "full_paper_usd"},
      {.heading = "here " + unit.name, .group = "full", .key = "full_here_usd"},
      {.heading = "paper $", .group = "MoE-DisCo = S + F", .key = "disco_paper_usd"},
      {.heading = "here " + unit.name, .group = "MoE-DisCo = S + F", .key = "disco_here_usd"},
      {.heading = "paper", .group = "saving", .key = "saving_paper"},
      {.heading = "here (range)", .group = "saving", .key = "saving_here"},
      {.heading = "verdict", .align = Align::left}};
  for (const StudyRow& row : study.rows) add_row(study, row, findings, unit, table);
  table.notes = {price_sentence(study), cost_sentence(study)};
  for (std::string& sentence : timing_sentences(study)) table.notes.push_back(std::move(sentence));
  for (std::string& sentence : break_even_sentences(study, findings))
    table.notes.push_back(std::move(sentence));
  return table;
}

}  // namespace repro::report
