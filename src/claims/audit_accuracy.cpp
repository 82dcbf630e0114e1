#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "claims/audit_checks.hpp"
#include "config/rule.hpp"
#include "measure/stats.hpp"

namespace repro::claims {
namespace {

// The cell of a column of the check's own table.
const ClaimCell& cell_of(const AuditInput& input, const CheckHead& head, const ClaimRow& row,
                         const std::string& column) {
  return row.cells[*input.claims.table(head.table)->column(column)];
}

std::string column_title(const AuditInput& input, const CheckHead& head, const std::string& id) {
  const ClaimTable& table = *input.claims.table(head.table);
  const ClaimColumn& column = table.columns[*table.column(id)];
  return column.title.empty() ? id : column.title;
}

int64_t item_count(double value) {
  if (!(value >= 1) || value != std::floor(value) || value > config::kMostCounted)
    throw Error("{} items; a test set has a whole number of them, at most {:.0e}", value,
                config::kMostCounted);
  return static_cast<int64_t>(value);
}

// "960 of 1838 is 52.23, 961 is 52.29".
std::string neighbours(double percent, int decimals, int64_t n) {
  const auto below =
      static_cast<int64_t>(std::clamp(percent, 0.0, 100.0) * static_cast<double>(n) / 100);
  const auto shown = [&](int64_t k) {
    return fmt::format("{:.{}f}", 100.0 * static_cast<double>(k) / static_cast<double>(n),
                       decimals);
  };
  return fmt::format("{} of {} is {}, {} is {}", below, n, shown(below), below + 1,
                     shown(below + 1));
}

void rule_grim(AuditFinding& finding, const ClaimCell& cell, int64_t n) {
  const FeasibleCounts counts = feasible_counts(*cell.value, cell.decimals, n);
  finding.numbers["items"] = static_cast<double>(n);
  finding.numbers["counts"] = static_cast<double>(counts.last - counts.first + 1);
  if (counts.empty()) {
    finding.ruling = Ruling::impossible;
    finding.arithmetic = neighbours(*cell.value, cell.decimals, n);
    finding.sentence = fmt::format("no count of {} items gives {} %", with_commas(n), cell.printed);
    return;
  }
  finding.numbers["first_count"] = static_cast<double>(counts.first);
  finding.numbers["last_count"] = static_cast<double>(counts.last);
  const bool unique = counts.first == counts.last;
  finding.arithmetic =
      unique ? fmt::format("{} of {} is {} %", counts.first, n, cell.printed)
             : fmt::format("{} to {} of {} are {} %", counts.first, counts.last, n, cell.printed);
  finding.ruling = unique ? Ruling::holds : Ruling::not_checkable;
  finding.sentence = unique ? "one count gives this percentage"
                            : "several counts print the same, so the check has no power";
}

}  // namespace

FeasibleCounts feasible_counts(double percent, int decimals, int64_t n) {
  const double half = 0.5 * std::pow(10.0, -decimals);
  const auto items = static_cast<double>(n);
  // Slack for the binary fractions, far below the distance of two counts; halves round either way.
  constexpr double kSlack = 1e-7;
  const double first = std::ceil((percent - half) * items / 100 - kSlack);
  const double last = std::floor((percent + half) * items / 100 + kSlack);
  return {static_cast<int64_t>(std::clamp(first, 0.0, items + 1)),
          static_cast<int64_t>(std::clamp(last, -1.0, items))};
}

AuditFindings run(const GrimCheck& check, const AuditInput& input) {
  const Formula items(input.claims, check.head, check.items);
  AuditFindings findings;
  for (const ClaimRow* row : rows_of(input.claims, check.head))
    for (const std::string& column : check.columns) {
      const Formula printed(input.claims, check.head, column);
      AuditFinding finding = start_finding(input.claims, row, {&printed, &items});
      finding.subject += ", " + column_title(input, check.head, column);
      if (!lacks_input(finding, row, {&printed, &items})) {
        const ClaimCell& cell = cell_of(input, check.head, *row, column);
        rule_grim(finding, cell, item_count(items.value(row)));
        for (const std::string& text : check.alternatives) {
          const Formula other(input.claims, check.head, text);
          if (finding.ruling != Ruling::impossible || !other.at(row)) continue;
          const int64_t n = item_count(other.value(row));
          const bool possible = !feasible_counts(*cell.value, cell.decimals, n).empty();
          finding.numbers["possible over " + text] = possible ? 1 : 0;
          finding.arithmetic +=
              fmt::format("; over {} = {}: {}", text, n, possible ? "possible" : "none either");
        }
      }
      findings.push_back(std::move(finding));
    }
  return findings;
}

namespace {

// The label whose constant answer scores nearest, in standard errors.
struct Nearest {
  std::string label;
  double errors = 0;
};
std::optional<Nearest> nearest_constant(const ChanceCheck& check, const AuditInput& input,
                                        const ClaimRow* row, double rate, int64_t n) {
  std::optional<Nearest> best;
  for (const std::string& text : check.constant_rates) {
    const Formula formula(input.claims, check.head, text);
    if (!formula.at(row)) continue;
    const double errors =
        std::abs(measure::one_proportion(rate, n, formula.value(row) / 100).statistic);
    if (!best || errors < best->errors) best = Nearest{text, errors};
  }
  return best;
}

void rule_chance(AuditFinding& finding, const ChanceCheck& check, const measure::TestResult& test,
                 const std::optional<Nearest>& constant) {
  std::vector<std::string> doubts;
  if (test.p > check.alpha)
    doubts.push_back("cannot be told from guessing");
  else if (test.statistic < 0)
    doubts.push_back("is below guessing");
  if (constant && constant->errors <= check.constant_within)
    doubts.push_back(fmt::format("is {:.1f} standard errors from one constant answer ({})",
                                 constant->errors, constant->label));
  finding.ruling = doubts.empty() ? Ruling::holds : Ruling::suspect;
  finding.sentence =
      "the accuracy " + (doubts.empty() ? "differs from guessing" : join(doubts, " and "));
}

}  // namespace

AuditFindings run(const ChanceCheck& check, const AuditInput& input) {
  const Formula items(input.claims, check.head, check.items);
  const Formula chance(input.claims, check.head, check.chance);
  AuditFindings findings;
  for (const ClaimRow* row : rows_of(input.claims, check.head))
    for (const std::string& column : check.columns) {
      const Formula accuracy(input.claims, check.head, column);
      AuditFinding finding = start_finding(input.claims, row, {&accuracy, &items, &chance});
      finding.subject += ", " + column_title(input, check.head, column);
      if (!lacks_input(finding, row, {&accuracy, &items, &chance})) {
        const double rate = accuracy.value(row) / 100;
        const int64_t n = item_count(items.value(row));
        const measure::TestResult test = measure::one_proportion(rate, n, chance.value(row) / 100);
        const auto constant = nearest_constant(check, input, row, rate, n);
        finding.numbers = {{"z", test.statistic}, {"p", test.p}};
        if (constant) finding.numbers["constant_errors"] = constant->errors;
        finding.arithmetic = fmt::format("{} % against {} % on {} items: z = {:.2f}, p = {:.2g}",
                                         accuracy.substituted(row), chance.substituted(row), n,
                                         test.statistic, test.p);
        rule_chance(finding, check, test, constant);
      }
      findings.push_back(std::move(finding));
    }
  return findings;
}

AuditFindings run(const ProportionCheck& check, const AuditInput& input) {
  const Formula base(input.claims, check.head, check.base);
  const Formula other(input.claims, check.head, check.other);
  const Formula items(input.claims, check.head, check.items);
  AuditFindings findings;
  std::vector<size_t> tested;
  std::vector<double> p_values;
  for (const ClaimRow* row : rows_of(input.claims, check.head)) {
    AuditFinding finding = start_finding(input.claims, row, {&base, &other, &items});
    if (!lacks_input(finding, row, {&base, &other, &items})) {
      const int64_t n = item_count(items.value(row));
      const measure::TestResult test =
          measure::two_proportion(other.value(row) / 100, n, base.value(row) / 100, n);
      finding.numbers = {{"z", test.statistic}, {"p", test.p}};
      finding.arithmetic =
          fmt::format("{} % against {} % on {} items each, unpaired: z = {:.2f}, p = {:.2g}",
                      other.substituted(row), base.substituted(row), n, test.statistic, test.p);
      tested.push_back(findings.size());
      p_values.push_back(test.p);
    }
    findings.push_back(std::move(finding));
  }
  const std::vector<double> adjusted = measure::holm(p_values);
  for (size_t i = 0; i < tested.size(); ++i) {
    AuditFinding& finding = findings[tested[i]];
    const bool differs = adjusted[i] <= check.alpha;
    const bool better = finding.numbers["z"] > 0;
    finding.numbers["holm_p"] = adjusted[i];
    finding.arithmetic +=
        fmt::format(", {:.2g} after Holm over {} rows", adjusted[i], tested.size());
    finding.ruling = !differs ? Ruling::suspect : better ? Ruling::holds : Ruling::contradicts;
    finding.sentence = !differs ? "the difference cannot be told from chance"
                       : better ? "the difference is larger than chance"
                                : "the difference goes the other way";
  }
  return findings;
}

}  // namespace repro::claims
