#include "report/figure_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::report {
namespace {

std::array<int, 3> rgb_of(std::string_view colour) {
  std::array<int, 3> parts{};
  for (size_t i = 0; i < 3; ++i)
    parts[i] = std::stoi(std::string(colour.substr(1 + 2 * i, 2)), nullptr, 16);
  return parts;
}

// How a curve is drawn, without its data and its entry.
std::string line_style(const Curve& curve, const FigureColours& colours) {
  // Squares, triangles and diamonds: told apart without their colour.
  constexpr std::array<int, 4> kMarks = {5, 9, 13, 11};
  const std::string ink = colour_of(curve, colours);
  switch (curve.draw) {
    case Draw::line:
      return fmt::format("with lines lc rgb '{}' lw {}", ink, curve.colour == 0 ? 2.2 : 1.7);
    case Draw::joined:
      return fmt::format("with linespoints dt 3 lw 1.2 lc rgb '{}' pt 7 ps 0.6", ink);
    case Draw::marks:
      return fmt::format("with points pt {} ps 0.9 lc rgb '{}'", kMarks[curve.mark % kMarks.size()],
                         ink);
    case Draw::dots:
      return fmt::format("with points pt 7 ps 0.35 lc rgb '{}'", ink);
    case Draw::area:
      return fmt::format("with filledcurves y1=0 fs solid 0.75 lc rgb '{}'", ink);
  }
  return "";
}

std::string target_style(const FigureColours& colours) {
  return fmt::format("with lines dt 2 lw 1.3 lc rgb '{}'", colours.target);
}

std::string crossing_style(const char* with, const FigureColours& colours) {
  return fmt::format("with {} pt 6 ps 1.1 lw 1.6 lc rgb '{}'", with, colours.target);
}

void widen(AxisRange& range, double value) {
  range.low = std::min(range.low, value);
  range.high = std::max(range.high, value);
}

// The first fifth of a training falls so fast that it would flatten all the rest: the reference
// curve after it sets the top.
void widen_by_losses(AxisRange& range, const Panel& panel) {
  double end = 0;
  for (const Curve& curve : panel.curves)
    for (const Point& point : curve.points) end = std::max(end, point.x);
  for (const Curve& curve : panel.curves) {
    for (const Point& point : curve.points) {
      const bool sets_top = panel.whole_range || (curve.colour == 0 && point.x >= 0.2 * end);
      if (sets_top) range.high = std::max(range.high, point.y);
      range.low = std::min(range.low, point.y);
    }
    if (!curve.points.empty()) range.high = std::max(range.high, curve.points.back().y);
  }
}

bool has_area(const Panel* panel) {
  return std::any_of(panel->curves.begin(), panel->curves.end(),
                     [](const Curve& curve) { return curve.draw == Draw::area; });
}

AxisRange empty_range() { return {INFINITY, -INFINITY}; }

}  // namespace

const FigureColours& colours_of(Theme theme) {
  static const FigureColours kLight = {
      "#ffffff",
      "#222222",
      "#666666",
      "#dddddd",
      "#707070",
      "#c04e00",
      {"#222222", "#0072b2", "#00734f", "#8a3fa0", "#7a5c00", "#2c6f91"}};
  static const FigureColours kDark = {
      "#16181c",
      "#e8e8e8",
      "#9aa0a6",
      "#33373d",
      "#a0a6ad",
      "#ff9e4a",
      {"#e8e8e8", "#56b4e9", "#2fc698", "#d9a0e8", "#e6c34a", "#9cc7ff"}};
  return theme == Theme::light ? kLight : kDark;
}

std::string colour_of(const Curve& curve, const FigureColours& colours) {
  const auto ink = rgb_of(colours.curves[curve.colour % colours.curves.size()]);
  const auto ground = rgb_of(colours.ground);
  const double part = kPalestPart * (1 - std::clamp(curve.shade, 0.0, 1.0));
  std::string text = "#";
  for (size_t i = 0; i < ink.size(); ++i)
    text += fmt::format("{:02x}", std::lround((1 - part) * ink[i] + part * ground[i]));
  return text;
}

// gnuplot runs commands in backquotes inside double quotes, and its single quotes end at a doubled
// quote that is the first or follows another. So what could mean anything is told by its number: in
// the script stand letters, digits and spaces alone, and a newline is a space.
std::string gnuplot_string(std::string_view text) {
  constexpr std::string_view kPlain = " .,:-";
  std::string out = "\"";
  for (const char c : printable_line(text)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 || std::isalnum(byte) || kPlain.find(c) != kPlain.npos;
    out += plain ? std::string(1, c) : fmt::format("\\{:03o}", byte);
  }
  return out + "\"";
}

std::string cut_text(std::string_view text, size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string kept;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    next_code_point(text, at);
    const std::string longer = kept + std::string(text.substr(begin, at - begin));
    if (display_width(longer) + 1 > columns) break;
    kept = longer;
  }
  return kept + "…";
}

AxisRange y_range(const std::vector<const Panel*>& panels) {
  AxisRange range = empty_range();
  for (const Panel* panel : panels) {
    if (panel->curves.empty()) continue;
    widen_by_losses(range, *panel);
    for (const double target : panel->targets) widen(range, target);
  }
  if (range.low > range.high) return {};
  const bool areas = std::any_of(panels.begin(), panels.end(), has_area);
  if (areas) widen(range, 0);
  const double margin = 0.05 * std::max(range.high - range.low, 1e-3);
  return {range.low - (areas ? 0 : margin), range.high + margin};
}

AxisRange x_range(const std::vector<const Panel*>& panels) {
  AxisRange range = {0, 0};
  for (const Panel* panel : panels) {
    for (const Curve& curve : panel->curves)
      for (const Point& point : curve.points) widen(range, point.x);
    for (const Crossing& crossing : panel->crossings) widen(range, crossing.high);
  }
  const bool below_zero = std::any_of(panels.begin(), panels.end(),
                                      [](const Panel* panel) { return panel->below_zero; });
  if (below_zero) return {1.04 * range.low, 1.04 * range.high};
  return range.high > 0 ? AxisRange{0, 1.04 * range.high} : AxisRange{};
}

std::string panel_data(const Panel& panel, size_t& first) {
  std::string out;
  for (const Curve& curve : panel.curves) {
    out += fmt::format("$d{} << EOD\n", first++);
    for (const Point& point : curve.points) out += fmt::format("{:.7g} {:.7g}\n", point.x, point.y);
    out += "EOD\n";
  }
  if (panel.crossings.empty()) return out;
  out += fmt::format("$d{} << EOD\n", first++);
  for (const Crossing& one : panel.crossings)
    out += fmt::format("{:.7g} {:.7g} {:.7g} {:.7g}\n", one.x, one.y, one.low, one.high);
  return out + "EOD\n";
}

std::string panel_plots(const Panel& panel, size_t first, const FigureColours& colours) {
  std::vector<std::string> plots;
  for (size_t i = 0; i < panel.curves.size(); ++i) {
    const Curve& curve = panel.curves[i];
    plots.push_back(
        fmt::format("$d{} using 1:2 {} notitle", first + i, line_style(curve, colours)));
    // Where a run ended: the loss that its horizon bought.
    if (curve.draw == Draw::line && !curve.points.empty())
      plots.push_back(
          fmt::format("$d{} every ::{} using 1:2 with points pt 7 ps 0.5 lc rgb '{}' notitle",
                      first + i, curve.points.size() - 1, colour_of(curve, colours)));
  }
  for (const double target : panel.targets)
    plots.push_back(fmt::format("{:.7g} {} notitle", target, target_style(colours)));
  if (!panel.crossings.empty())
    plots.push_back(fmt::format("$d{} using 1:2:3:4 {} notitle", first + panel.curves.size(),
                                crossing_style("xerrorbars", colours)));
  return join(plots, ", \\\n     ");
}

std::string end_labels(const Panel& panel, const FigureColours& colours) {
  std::string out;
  size_t number = 10;
  for (const Curve& curve : panel.curves)
    if (!curve.end_label.empty() && !curve.points.empty())
      out += fmt::format(
          "set label {} {} at {:.7g},{:.7g} center offset 0,{} textcolor rgb '{}' font ',10'\n",
          number++, gnuplot_string(curve.end_label), curve.points.back().x, curve.points.back().y,
          curve.colour == 0 ? 0.8 : -0.8, colour_of(curve, colours));
  return out;
}

std::vector<LegendEntry> legend_of(const Picture& picture, const FigureColours& colours) {
  std::vector<LegendEntry> entries;
  const auto add = [&](const std::string& label, const std::string& style) {
    const bool known = std::any_of(entries.begin(), entries.end(),
                                   [&](const LegendEntry& one) { return one.label == label; });
    if (!label.empty() && !known)
      entries.push_back({label, fmt::format("NaN {} title {}", style, gnuplot_string(label))});
  };
  bool crosses = false, aims = false;
  for (const Panel& panel : picture.panels) {
    for (const Curve& curve : panel.curves) add(curve.label, line_style(curve, colours));
    crosses = crosses || !panel.crossings.empty();
    aims = aims || !panel.targets.empty();
  }
  if (aims) add(picture.target_label, target_style(colours));
  if (crosses) add(picture.crossing_label, crossing_style("points", colours));
  return entries;
}

}  // namespace repro::report
