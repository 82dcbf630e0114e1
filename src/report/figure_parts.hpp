#pragma once
// What a picture's script is made of: texts, colours, and the plots of a panel.

#include <string>
#include <string_view>
#include <vector>

#include "report/figure.hpp"

namespace repro::report {

struct FigureColours {
  std::string_view ground, ink, axis, grid, faint, target;
  std::vector<std::string_view> curves;  // the first is what others are held against
};
const FigureColours& colours_of(Theme theme);
constexpr double kPalestPart = 0.25;  // of the ground, in the palest shade of a colour
// "#0072b2", paler by its shade.
std::string colour_of(const Curve& curve, const FigureColours& colours);

// In double quotes, whatever its signs.
std::string gnuplot_string(std::string_view text);
// At most so many columns; what is cut off ends in "…".
std::string cut_text(std::string_view text, size_t columns);

struct AxisRange {
  double low = 0, high = 1;
};
// Over panels that share the axis; those without curves have no say.
AxisRange y_range(const std::vector<const Panel*>& panels);
AxisRange x_range(const std::vector<const Panel*>& panels);

// The data that panel_plots() names $d0, $d1, ... from `first` on; moves `first` behind them.
std::string panel_data(const Panel& panel, size_t& first);
// What `plot` plots, one a line.
std::string panel_plots(const Panel& panel, size_t first, const FigureColours& colours);
// Labels where curves end.
std::string end_labels(const Panel& panel, const FigureColours& colours);

// The legend's entries, each label once, as plots of nothing; then the target and the crossing.
struct LegendEntry {
  std::string label;
  std::string plot;
};
std::vector<LegendEntry> legend_of(const Picture& picture, const FigureColours& colours);

}  // namespace repro::report
