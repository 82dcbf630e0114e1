#include "cli/price_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace repro::cli {
namespace {

using claims::PhaseHours;
using claims::PricedRow;
using claims::PricedTable;
using measure::Evidence;
using report::Align;
using report::TableCell;

// Beside each number, what it rests on; explained below the table where it occurs.
std::string mark_of(Evidence evidence) {
  switch (evidence) {
    case Evidence::published:
      return "p";
    case Evidence::calibrated:
      return "c";
    case Evidence::mixed:
      return "m";
    case Evidence::projected:
      return "~";
    default:
      return "";
  }
}

std::string meaning_of(Evidence evidence) {
  switch (evidence) {
    case Evidence::published:
      return "published: from the paper's hours";
    case Evidence::calibrated:
      return "calibrated: from step times measured on this device and the paper's steps";
    case Evidence::mixed:
      return "mixed: published and calibrated hours together";
    case Evidence::projected:
      return "projected: not run on this device at this size; see what the hours rest on";
    default:
      return "not measured";
  }
}

// Decimals say nothing beside thousands.
std::string rounded(double value, int digits) {
  return std::abs(value) < 1000 ? fmt::format("{:.{}f}", value, digits)
                                : with_commas(std::llround(value));
}
report::TableCell number(std::optional<double> value, int digits, Evidence evidence) {
  if (!value) return "n/m";
  return {rounded(*value, digits), value, mark_of(evidence)};
}
report::TableCell plain(std::optional<double> value, int digits) {
  return value ? report::TableCell(fmt::format("{:.{}f}", *value, digits), value)
               : report::TableCell("n/m");
}
std::optional<double> percent(std::optional<double> fraction) {
  return fraction ? std::optional(100 * *fraction) : std::nullopt;
}

Evidence method_evidence(const PricedRow& row) {
  return measure::combined(row.low_time.evidence, row.high_time.evidence);
}
void add_legend(report::Table& table) {
  for (const Evidence evidence :
       {Evidence::published, Evidence::calibrated, Evidence::mixed, Evidence::projected}) {
    const auto used = [&](const report::TableRow& row) {
      return std::any_of(row.cells.begin(), row.cells.end(), [&](const report::TableCell& cell) {
        return cell.mark == mark_of(evidence);
      });
    };
    if (std::any_of(table.rows.begin(), table.rows.end(), used))
      table.footnotes.push_back({mark_of(evidence), meaning_of(evidence)});
  }
}

std::string range_text(const PricedRow& row) {
  if (!row.range) return "-";
  return fmt::format("{:.1f} to {:.1f}", 100 * row.range->low, 100 * row.range->high);
}

// "$0.40", "$0.3475": cents, and more where there is more.
std::string price_text(double dollars) {
  const bool cents = std::abs(100 * dollars - std::round(100 * dollars)) < 1e-6;
  return cents ? fmt::format("${:.2f}", dollars) : fmt::format("${:.4g}", dollars);
}

// "the saving holds here only if": the two ways to it.
std::string condition(const PricedRow& row, const PricedTable& table) {
  if (!row.priced) return "n/m: " + row.missing();
  const std::string price = fmt::format("{} below ${:.4g}/h (here {})", table.low_device,
                                        row.break_even_low_price, price_text(table.low_price));
  if (!row.step_ratio) return price;
  if (!row.needed_step_ratio) return price + "; no step ratio is enough at these prices";
  return price + fmt::format("; {} in less than 1/{:.{}f} of the full steps (paper 1/{:.2f})",
                             table.high_title, *row.needed_step_ratio,
                             *row.needed_step_ratio < 100 ? 2 : 0, *row.step_ratio);
}

std::string share_text(const PhaseHours& phase) {
  return phase.utilisation ? fmt::format("{:.1f}", 100 * *phase.utilisation) : "n/m";
}

// "Qwen full, Qwen F: step extrapolated ...": what equal grounds are said of, once.
std::vector<std::string> grounds(const PricedTable& priced) {
  std::vector<std::pair<std::string, std::vector<std::string>>> said;
  const auto say = [&](const std::string& basis, const std::string& of) {
    auto found =
        std::find_if(said.begin(), said.end(), [&](const auto& one) { return one.first == basis; });
    if (found == said.end()) found = said.insert(said.end(), {basis, {}});
    if (std::find(found->second.begin(), found->second.end(), of) == found->second.end())
      found->second.push_back(of);
  };
  for (const PricedRow& row : priced.rows) {
    const std::string& model = row.family;
    say(row.full_time.basis, model + " full");
    say(row.low_time.basis, model + " S");
    say(row.high_time.basis, model + " F");
  }
  std::vector<std::string> lines;
  for (const auto& [basis, of] : said)
    lines.push_back((said.size() == 1 ? "all" : join(of, ", ")) + ": " + basis);
  return lines;
}

// Hours that no device can reach cannot carry a cost.
std::optional<std::string> impossible_hours(const PricedTable& priced) {
  std::vector<std::string> cells;
  for (const PricedRow& row : priced.rows)
    for (const auto& [phase, time] :
         {std::pair{"full", &row.full_time}, {"S", &row.low_time}, {"F", &row.high_time}})
      if (time->utilisation.value_or(0) > 1) cells.push_back(row.subject + " " + phase);
  if (cells.empty()) return std::nullopt;
  return fmt::format(
      "more than the device's peak, so these hours are too short to be true if every "
      "step has all its tokens: {}",
      join(cells, ", "));
}

}  // namespace

std::vector<std::string> price_doubts(const PricedTable& priced) {
  std::vector<std::string> doubts;
  const auto priced_row =
      std::find_if(priced.rows.begin(), priced.rows.end(), [](const auto& r) { return r.priced; });
  if (priced_row != priced.rows.end() && !priced_row->method.unknown.empty())
    doubts.push_back("not measured and not included (n/m): " +
                     join(priced_row->method.unknown, ", "));
  doubts.insert(doubts.end(), priced.doubts.begin(), priced.doubts.end());
  if (const auto impossible = impossible_hours(priced)) doubts.push_back(*impossible);
  for (const PricedRow& row : priced.rows)
    if (!row.priced) doubts.push_back(row.subject + " is not priced: " + row.missing());
  return doubts;
}

report::Table price_rows(const PricedTable& priced) {
  report::Table table{.title = fmt::format("{}: {} at {}/h, {} at {}/h", priced.title,
                                           priced.low_device, price_text(priced.low_price),
                                           priced.high_device, price_text(priced.high_price)),
                      .columns = {{.heading = "cell", .align = Align::left},
                                  {.heading = "full $", .group = "paper (published)"},
                                  {.heading = "method $", .group = "paper (published)"},
                                  {.heading = "saving %", .group = "paper (published)"},
                                  {.heading = "full $", .group = "here"},
                                  {.heading = "S $", .group = "here"},
                                  {.heading = "F $", .group = "here"},
                                  {.heading = "method $", .group = "here"},
                                  {.heading = "saving %", .group = "here"}}};
  const auto saving = [](const PricedRow& row) {
    report::TableCell cell = number(percent(row.if_priced(row.saving)), 1, row.evidence());
    if (row.timing_range)
      cell.text += fmt::format(" ({:.1f} to {:.1f})", 100 * row.timing_range->low,
                               100 * row.timing_range->high);
    return cell;
  };
  for (const PricedRow& row : priced.rows)
    table.add({row.subject, plain(row.paper_full, 2), plain(row.paper_method, 2),
               plain(percent(row.paper_saving()), 1),
               number(row.if_priced(row.full.dollars), 2, row.full_time.evidence),
               number(row.phase_dollars(0), 2, row.low_time.evidence),
               number(row.phase_dollars(1), 2, row.high_time.evidence),
               number(row.if_priced(row.method.dollars), 2, method_evidence(row)), saving(row)});
  add_legend(table);
  if (std::any_of(priced.rows.begin(), priced.rows.end(),
                  [](const auto& row) { return row.timing_range.has_value(); }))
    table.notes.push_back(
        "saving (a to b): 95 %, by what the timings of the measured steps leave open");
  table.notes.push_back(fmt::format("price ratio here {:.4g}, in the paper {:.4g}",
                                    priced.low_price / priced.high_price, priced.paper_ratio));
  for (const std::string& doubt : price_doubts(priced)) table.notes.push_back(doubt);
  return table;
}

report::Table price_hours(const PricedTable& priced) {
  const std::string full = "full on " + priced.high_device;
  const std::string low = "S on " + priced.low_device;
  const std::string high = "F on " + priced.high_device;
  report::Table table{.title = fmt::format("Hours of one device, and the share of its {} peak they "
                                           "imply ({} FLOPs)",
                                           priced.dtype, priced.convention),
                      .columns = {{.heading = "cell", .align = Align::left},
                                  {.heading = "hours", .group = full},
                                  {.heading = "% of peak", .group = full},
                                  {.heading = "hours", .group = low},
                                  {.heading = "% of peak", .group = low},
                                  {.heading = "hours", .group = high},
                                  {.heading = "% of peak", .group = high}}};
  for (const PricedRow& row : priced.rows) {
    const auto hours = [](const PhaseHours& phase) {
      report::TableCell cell = number(phase.hours, 2, phase.evidence);
      if (phase.range)
        cell.text +=
            fmt::format(" ({} to {})", rounded(phase.range->low, 2), rounded(phase.range->high, 2));
      return cell;
    };
    table.add({row.subject, hours(row.full_time), share_text(row.full_time), hours(row.low_time),
               share_text(row.low_time), hours(row.high_time), share_text(row.high_time)});
  }
  add_legend(table);
  table.notes = grounds(priced);
  return table;
}

report::Table price_conditions(const PricedTable& priced) {
  report::Table table{
      .title = "What would have to be true for a saving",
      .columns = {{.heading = "cell", .align = Align::left},
                  {.heading = "saving % over offers"},
                  {.heading = "break-even ratio"},
                  {.heading = "the method is cheaper only if", .align = Align::left}}};
  for (const PricedRow& row : priced.rows) {
    report::TableCell range = range_text(row);
    if (row.range) range.mark = mark_of(row.evidence());
    table.add({row.subject, range, number(row.if_priced(row.line.break_even()), 3, row.evidence()),
               condition(row, priced)});
  }
  add_legend(table);
  return table;
}

}  // namespace repro::cli
