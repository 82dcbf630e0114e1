#include "cli/price_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace repro::cli {
namespace {

using measure::PricedRow;
using measure::PricedTable;
using report::Align;
using report::Cell;

Cell dollars(std::optional<double> value) {
  return value ? Cell(fmt::format("{:.2f}", *value), value) : Cell("n/m");
}
Cell percent(std::optional<double> value) {
  return value ? Cell(fmt::format("{:.1f}", 100 * *value), 100 * *value) : Cell("n/m");
}
Cell plain(std::optional<double> value, int digits) {
  return value ? Cell(fmt::format("{:.{}f}", *value, digits), value) : Cell("n/m");
}
std::optional<double> when(const PricedRow& row, double value) {
  return row.priced ? std::optional(value) : std::nullopt;
}

std::string range_text(const PricedRow& row) {
  if (!row.range) return "-";
  return fmt::format("{:.1f} to {:.1f}", 100 * row.range->low, 100 * row.range->high);
}

// "the saving holds here only if": the two ways to it.
std::string condition(const PricedRow& row, const PricedTable& table) {
  if (!row.priced) return row.reason;
  const std::string price = fmt::format("{} below ${:.3f}/h (here ${:.3f})", table.low_device,
                                        row.break_even_low_price, table.low_price);
  if (!row.step_ratio) return price;
  if (!row.needed_step_ratio) return price + "; no step ratio is enough at these prices";
  return price +
         fmt::format("; fine-tuning in less than 1/{:.2f} of the full steps (paper 1/{:.2f})",
                     *row.needed_step_ratio, *row.step_ratio);
}

double last_ratio(const PricedTable& table, const std::vector<OfferedRatio>& offers) {
  double last = 1.1 * std::max(table.paper_ratio, table.low_price / table.high_price);
  for (const PricedRow& row : table.rows)
    if (row.priced) last = std::max(last, 1.1 * row.line.break_even());
  for (const OfferedRatio& offer : offers) last = std::max(last, 1.1 * offer.price_ratio);
  return last;
}

std::vector<report::Point> points_at(const PricedRow& row, const std::vector<double>& ratios) {
  std::vector<report::Point> points;
  for (const double ratio : ratios) points.push_back({ratio, 100 * row.line.at(ratio)});
  return points;
}

// First part of "Qwen / C4".
std::string family(const std::string& subject) { return subject.substr(0, subject.find(" / ")); }
std::string member(const std::string& subject) {
  const size_t slash = subject.find(" / ");
  return slash == std::string::npos ? subject : subject.substr(slash + 3);
}

}  // namespace

std::vector<OfferedRatio> offered_ratios(const config::PriceSnapshot& snapshot,
                                         const std::string& low, const std::string& high) {
  std::vector<OfferedRatio> ratios;
  for (const config::Offer& cheap : snapshot.offers)
    for (const config::Offer& dear : snapshot.offers)
      if (cheap.profile == low && dear.profile == high && !cheap.spot && !dear.spot)
        ratios.push_back({fmt::format("{} {:.4g}", cheap.provider, cheap.price_gpu),
                          fmt::format("{} {:.4g}", dear.provider, dear.price_gpu),
                          cheap.price_gpu / dear.price_gpu});
  std::sort(ratios.begin(), ratios.end(),
            [](const auto& a, const auto& b) { return a.price_ratio < b.price_ratio; });
  return ratios;
}

report::Table price_rows(const PricedTable& priced) {
  report::Table table{
      .title = fmt::format("{}: {} at ${:.4g}/h, {} at ${:.4g}/h", priced.title, priced.low_device,
                           priced.low_price, priced.high_device, priced.high_price),
      .columns = {{.heading = "cell", .align = Align::left},
                  {.heading = "full $", .group = "paper"},
                  {.heading = "method $", .group = "paper"},
                  {.heading = "saving %", .group = "paper"},
                  {.heading = "full $", .group = "here"},
                  {.heading = "S $", .group = "here"},
                  {.heading = "F $", .group = "here"},
                  {.heading = "method $", .group = "here"},
                  {.heading = "saving %", .group = "here"},
                  {.heading = "over offers %", .group = "here"},
                  {.heading = "break-even ratio"},
                  {.heading = "evidence", .align = Align::left}}};
  for (const PricedRow& row : priced.rows) {
    const auto part = [&](size_t phase) {
      return row.priced ? row.method.phases[phase].dollars : std::nullopt;
    };
    table.add({row.subject, dollars(row.paper_full), dollars(row.paper_method),
               percent(row.paper_saving()), dollars(when(row, row.full.dollars)), dollars(part(0)),
               dollars(part(1)), dollars(when(row, row.method.dollars)),
               percent(when(row, row.saving)), range_text(row),
               plain(when(row, row.line.break_even()), 3), row.evidence});
  }
  const auto priced_row =
      std::find_if(priced.rows.begin(), priced.rows.end(), [](const auto& r) { return r.priced; });
  if (priced_row != priced.rows.end() && !priced_row->method.not_measured.empty())
    table.notes.push_back(
        "not measured and not included: " + join(priced_row->method.not_measured, ", ") + " (n/m)");
  table.notes.push_back(fmt::format("price ratio here {:.3f}, in the paper {:.3f}",
                                    priced.low_price / priced.high_price, priced.paper_ratio));
  return table;
}

report::Table price_conditions(const PricedTable& priced) {
  report::Table table{
      .title = "What would have to be true for a saving",
      .columns = {{.heading = "cell", .align = Align::left},
                  {.heading = "the method is cheaper only if", .align = Align::left},
                  {.heading = "the hours rest on", .align = Align::left}}};
  for (const PricedRow& row : priced.rows)
    table.add({row.subject, condition(row, priced),
               row.reason.empty() ? row.evidence : row.evidence + ": " + row.reason});
  return table;
}

report::Picture price_picture(const PricedTable& priced, const std::vector<OfferedRatio>& offers) {
  report::Picture picture{.y_label = "saving (%)", .target_label = "zero", .panels = {}};
  const double last = last_ratio(priced, offers);
  std::vector<double> offered;
  for (const OfferedRatio& offer : offers) offered.push_back(offer.price_ratio);
  for (const PricedRow& row : priced.rows) {
    if (!row.priced) continue;
    if (picture.panels.empty() || picture.panels.back().title != family(row.subject))
      picture.panels.push_back({.title = family(row.subject),
                                .x_label = fmt::format("price of {} / price of {}",
                                                       priced.low_device, priced.high_device),
                                .target = 0.0,
                                .whole_range = true});
    report::Panel& panel = picture.panels.back();
    report::Curve line{.label = member(row.subject), .points = {}};
    for (const auto& point : measure::saving_curve(row.line, last, 60))
      line.points.push_back({point.price_ratio, 100 * point.saving});
    panel.curves.push_back(std::move(line));
  }
  // Marks after the lines, so that they lie above and have one entry each in the legend.
  for (report::Panel& panel : picture.panels) {
    report::Curve paper{
        .label = "paper", .stroke = report::Stroke::reference, .points = {}, .connected = false};
    report::Curve even{.label = "break-even",
                       .stroke = report::Stroke::reference,
                       .points = {},
                       .connected = false};
    report::Curve catalog{
        .label = "offers", .stroke = report::Stroke::reference, .points = {}, .connected = false};
    const auto append = [](report::Curve& to, const std::vector<report::Point>& points) {
      to.points.insert(to.points.end(), points.begin(), points.end());
    };
    for (const PricedRow& row : priced.rows) {
      if (!row.priced || family(row.subject) != panel.title) continue;
      append(paper, points_at(row, {priced.paper_ratio}));
      append(even, points_at(row, {row.line.break_even()}));
      append(catalog, points_at(row, offered));
    }
    for (report::Curve* curve : {&paper, &even, &catalog})
      if (!curve->points.empty()) panel.curves.push_back(std::move(*curve));
  }
  return picture;
}

nlohmann::json price_json(const PricedTable& priced, const std::vector<OfferedRatio>& offers) {
  const auto number = [](std::optional<double> value) {
    return value ? nlohmann::json(*value) : nlohmann::json();
  };
  nlohmann::json rows = nlohmann::json::array();
  for (const PricedRow& row : priced.rows) {
    nlohmann::json phases = nlohmann::json::array();
    for (const measure::PhaseCost& phase : row.method.phases)
      phases.push_back({{"phase", phase.name},
                        {"device", phase.device},
                        {"device_hours", number(phase.device_hours)},
                        {"dollars", number(phase.dollars)},
                        {"overhead", phase.overhead}});
    rows.push_back({{"row", row.id},
                    {"title", row.subject},
                    {"evidence", row.evidence},
                    {"reason", row.reason},
                    {"paper_full_dollars", number(row.paper_full)},
                    {"paper_method_dollars", number(row.paper_method)},
                    {"paper_saving", number(row.paper_saving())},
                    {"full_dollars", number(when(row, row.full.dollars))},
                    {"method_dollars", number(when(row, row.method.dollars))},
                    {"saving", number(when(row, row.saving))},
                    {"saving_low", row.range ? nlohmann::json(row.range->low) : nlohmann::json()},
                    {"saving_high", row.range ? nlohmann::json(row.range->high) : nlohmann::json()},
                    {"A", number(when(row, row.line.a))},
                    {"B", number(when(row, row.line.b))},
                    {"break_even_ratio", number(when(row, row.line.break_even()))},
                    {"break_even_low_price", number(when(row, row.break_even_low_price))},
                    {"needed_step_ratio", number(row.needed_step_ratio)},
                    {"step_ratio", number(row.step_ratio)},
                    {"phases", phases}});
  }
  nlohmann::json offered = nlohmann::json::array();
  for (const OfferedRatio& offer : offers)
    offered.push_back(
        {{"low", offer.low}, {"high", offer.high}, {"price_ratio", offer.price_ratio}});
  return {{"table", priced.table},
          {"low", {{"device", priced.low_device}, {"price", priced.low_price}}},
          {"high", {{"device", priced.high_device}, {"price", priced.high_price}}},
          {"paper_price_ratio", priced.paper_ratio},
          {"rows", rows},
          {"offers", offered}};
}

}  // namespace repro::cli
