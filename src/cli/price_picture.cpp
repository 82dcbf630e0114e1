#include <fmt/format.h>

#include <algorithm>

#include "cli/price_view.hpp"

namespace repro::cli {
namespace {

using claims::PricedRow;
using claims::PricedTable;

double ratio_here(const PricedTable& table) { return table.low_price / table.high_price; }

// To the right of every price ratio that can be had, and of the break-evens that are not far
// beyond: one in the hundreds would squeeze all else into the axis.
double last_ratio(const PricedTable& table, const std::vector<OfferedRatio>& offers) {
  constexpr double kFar = 10;
  double last = std::max(table.paper_ratio, ratio_here(table));
  for (const OfferedRatio& offer : offers) last = std::max(last, offer.price_ratio);
  double even = last;
  for (const PricedRow& row : table.rows)
    if (row.priced && row.line.break_even() < kFar * last)
      even = std::max(even, row.line.break_even());
  return 1.1 * even;
}

std::vector<report::Point> points_at(const PricedRow& row, const std::vector<double>& ratios) {
  std::vector<report::Point> points;
  for (const double ratio : ratios) points.push_back({ratio, 100 * row.line.at(ratio)});
  return points;
}

std::string printed_title(const PricedTable& priced) {
  return priced.title.empty() ? priced.table : priced.title;
}

// The paper's prices, those asked about, the break-even, and what catalogs offer.
void add_marks(const PricedTable& priced, const std::vector<double>& offered, double last,
               report::Panel& panel) {
  const auto marks = [](const char* label, size_t mark) {
    return report::Curve{.label = label, .draw = report::Draw::marks, .mark = mark};
  };
  std::vector<report::Curve> kinds = {marks("paper's prices", 0), marks("prices here", 1),
                                      marks("break-even", 2), marks("offers", 3)};
  const auto append = [](report::Curve& to, const std::vector<report::Point>& points) {
    to.points.insert(to.points.end(), points.begin(), points.end());
  };
  for (const PricedRow& row : priced.rows) {
    if (!row.priced || row.family != panel.title) continue;
    append(kinds[0], points_at(row, {priced.paper_ratio}));
    if (ratio_here(priced) != priced.paper_ratio)
      append(kinds[1], points_at(row, {ratio_here(priced)}));
    if (row.line.break_even() <= last) append(kinds[2], points_at(row, {row.line.break_even()}));
    append(kinds[3], points_at(row, offered));
  }
  for (report::Curve& kind : kinds)
    if (!kind.points.empty()) panel.curves.push_back(std::move(kind));
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

report::Picture price_picture(const PricedTable& priced, const std::vector<OfferedRatio>& offers) {
  report::Picture picture{
      .title = fmt::format("{}: saving over the price ratio", printed_title(priced)),
      .y_label = "saving (%)",
      .target_label = "no saving",
      .panels = {}};
  const double last = last_ratio(priced, offers);
  std::vector<double> offered;
  for (const OfferedRatio& offer : offers) offered.push_back(offer.price_ratio);
  for (const PricedRow& row : priced.rows) {
    if (!row.priced) continue;
    if (picture.panels.empty() || picture.panels.back().title != row.family)
      picture.panels.push_back({.title = row.family,
                                .x_label = fmt::format("price of {} / price of {}",
                                                       priced.low_device, priced.high_device),
                                .targets = {0.0},
                                .whole_range = true});
    report::Panel& panel = picture.panels.back();
    report::Curve line{.label = row.member, .colour = 1 + panel.curves.size()};
    for (const auto& point : claims::saving_curve(row.line, last, 60))
      line.points.push_back({point.price_ratio, 100 * point.saving});
    panel.curves.push_back(std::move(line));
  }
  // Marks after the lines, so that they lie above.
  for (report::Panel& panel : picture.panels) add_marks(priced, offered, last, panel);
  return picture;
}

}  // namespace repro::cli
