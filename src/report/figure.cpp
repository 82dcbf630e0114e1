#include "report/figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::report {
namespace {

constexpr std::string_view kReference = "#222222";
constexpr std::array<std::string_view, 6> kLadder = {"#9ecae1", "#6baed6", "#4292c6",
                                                     "#2171b5", "#08519c", "#08306b"};
constexpr std::string_view kTarget = "#d94801";
constexpr double kPanelWidth = 420, kHeight = 430;                 // pixels
constexpr double kLeft = 76, kRight = 16, kBetween = 62;           // pixels
constexpr double kBottom = 0.26 * kHeight, kTop = 0.08 * kHeight;  // pixels

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

std::string data_block(size_t number, const Curve& curve) {
  std::string out = fmt::format("$d{} << EOD\n", number);
  for (const Point& point : curve.points) out += fmt::format("{:.7g} {:.7g}\n", point.x, point.y);
  return out + "EOD\n";
}

std::string_view colour(const Panel& panel, size_t curve) {
  if (panel.curves[curve].stroke == Stroke::reference) return kReference;
  size_t place = 0, of = 0;
  for (size_t i = 0; i < panel.curves.size(); ++i) {
    if (panel.curves[i].stroke == Stroke::reference || panel.curves[i].label.empty()) continue;
    if (i <= curve) place = of;
    ++of;
  }
  // A short ladder takes the darker, better visible half.
  return kLadder[std::min(kLadder.size() - 1, place + (of < 5 ? 1 : 0))];
}

struct Range {
  double low = INFINITY, high = -INFINITY;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// The first tenth of a training falls so fast that it would flatten all the rest: the reference
// curve after it sets the top.
Range y_range(const Panel& panel) {
  Range range;
  double end = 0;
  for (const Curve& curve : panel.curves)
    for (const Point& point : curve.points) end = std::max(end, point.x);
  for (const Curve& curve : panel.curves) {
    for (const Point& point : curve.points) {
      const bool sets_top = curve.stroke == Stroke::reference && point.x >= 0.1 * end;
      if (sets_top) range.high = std::max(range.high, point.y);
      range.low = std::min(range.low, point.y);
    }
    if (!curve.points.empty()) range.high = std::max(range.high, curve.points.back().y);
  }
  for (const Curve& curve : panel.curves)
    for (const Point& point : curve.points)
      if (panel.whole_range) range.add(point.y);
  for (const double target : panel.targets) range.add(target);
  const double margin = 0.05 * std::max(range.high - range.low, 1e-3);
  return {range.low - margin, range.high + margin};
}

std::string legend_entry(const std::string& label) {
  return label.empty() ? "notitle" : "title " + gnuplot_string(label);
}

// Squares, triangles and diamonds, so that marks of several kinds can be told apart.
std::string mark_plot(const Curve& drawn, size_t kind, size_t number) {
  constexpr std::array<int, 4> kMarks = {5, 9, 13, 11};
  return fmt::format("$d{} using 1:2 with points pt {} ps 0.9 lc rgb '{}' {}", number,
                     kMarks[kind % kMarks.size()], kReference, legend_entry(drawn.label));
}

std::string curve_plots(const Panel& panel, size_t curve, size_t number) {
  const Curve& drawn = panel.curves[curve];
  if (!drawn.connected) return mark_plot(drawn, curve, number);
  const std::string_view ink = colour(panel, curve);
  std::string out =
      fmt::format("$d{} using 1:2 with {} lc rgb '{}' lw {} pt 7 ps 0.5 {}", number,
                  drawn.mark_points ? "linespoints" : "lines", ink,
                  drawn.stroke == Stroke::reference ? 2.2 : 1.8, legend_entry(drawn.label));
  // Where a run ended: the loss that its horizon bought.
  if (!drawn.mark_points)
    out += fmt::format(", $d{} every ::{} using 1:2 with points pt 7 ps 0.7 lc rgb '{}' notitle",
                       number, drawn.points.size() - 1, ink);
  return out;
}

std::string empty_panel_script(const Panel& panel) {
  return fmt::format(
      "set label 1 {} at graph 0.5,0.5 center textcolor rgb '#888888'\nset format ''\n"
      "set xrange [0:1]\nset yrange [0:1]\nplot NaN notitle\nunset label 1\nset format\n",
      gnuplot_string(panel.empty));
}

std::string panel_script(const Picture& picture, const Panel& panel, size_t first_block) {
  const std::string titles = fmt::format(
      "set title {}\nset xlabel {}\n", gnuplot_string(panel.title), gnuplot_string(panel.x_label));
  if (panel.curves.empty()) return titles + empty_panel_script(panel);
  const Range range = y_range(panel);
  std::vector<std::string> plots;
  for (size_t i = 0; i < panel.curves.size(); ++i)
    plots.push_back(curve_plots(panel, i, first_block + i));
  for (const double& target : panel.targets)
    plots.push_back(
        fmt::format("{:.7g} with lines dt 2 lw 1.2 lc rgb '{}' {}", target, kTarget,
                    legend_entry(&target == &panel.targets.front() ? picture.target_label : "")));
  return titles + fmt::format("set xrange [0:*]\nset yrange [{:.7g}:{:.7g}]\nplot {}\n", range.low,
                              range.high, join(plots, ", \\\n     "));
}

double picture_width(const Picture& picture) {
  return kPanelWidth * static_cast<double>(std::max<size_t>(picture.panels.size(), 1));
}

// Below the panel's axis title, in up to three columns: inside, it would hide curves.
std::string legend_place(const Picture& picture, size_t panel) {
  const auto count = static_cast<double>(picture.panels.size());
  const double all = picture_width(picture);
  const double width = (all - kLeft - kRight - kBetween * (count - 1)) / count;
  const double centre = (kLeft + static_cast<double>(panel) * (width + kBetween) + width / 2) / all;
  const auto& curves = picture.panels[panel].curves;
  const auto entries = 1 + std::count_if(curves.begin(), curves.end(),
                                         [](const Curve& curve) { return !curve.label.empty(); });
  return fmt::format("set key at screen {:.4f},0.015 maxrows {}\n", centre, (entries + 2) / 3);
}

}  // namespace

bool gnuplot_found() { return find_program("gnuplot").has_value(); }

std::string gnuplot_script(const Picture& picture) {
  std::string out =
      "set border 3 lc rgb '#666666'\nset tics nomirror textcolor rgb '#333333'\n"
      "set grid ytics lc rgb '#dddddd' lw 1\n"
      "set key center bottom vertical reverse Left samplen 1.2 spacing 1.15\n";
  size_t blocks = 0;
  for (const Panel& panel : picture.panels)
    for (const Curve& curve : panel.curves) out += data_block(blocks++, curve);
  const double width = picture_width(picture);
  out += fmt::format(
      "set multiplot layout 1,{} margins {:.5f},{:.5f},{:.5f},{:.5f} spacing {:.5f},0\n",
      picture.panels.size(), kLeft / width, 1 - kRight / width, kBottom / kHeight,
      1 - kTop / kHeight, kBetween / width);
  blocks = 0;
  for (size_t i = 0; i < picture.panels.size(); ++i) {
    const Panel& panel = picture.panels[i];
    out += i == 0 ? "set ylabel " + gnuplot_string(picture.y_label) + "\n" : "unset ylabel\n";
    out += legend_place(picture, i) + panel_script(picture, panel, blocks);
    blocks += panel.curves.size();
  }
  return out + "unset multiplot\n";
}

// Names of files reach gnuplot as arguments, never as text of the script; an absolute one cannot be
// taken for an option or for a pipe ("|command", "<command").
void draw(const Picture& picture, const fs::path& relative_base) {
  const fs::path base = fs::absolute(relative_base);
  const std::string size = fmt::format("size {:.0f},{:.0f}", picture_width(picture), kHeight);
  const std::string body = gnuplot_script(picture);
  const fs::path script = fs::path(base).concat(".gnuplot");
  write_file_atomically(
      script, fmt::format("set terminal svg {} dynamic noenhanced font 'sans-serif,13' background "
                          "'#ffffff'\nset output ARG1\n{}"
                          "set terminal pngcairo {} noenhanced font 'sans-serif,10' background "
                          "'#ffffff'\nset output ARG2\n{}",
                          size, body, size, body));
  const Completed gnuplot = run_to_end(
      {.words = {"gnuplot", "--default-settings", "-c", script.string(),
                 fs::path(base).concat(".svg").string(), fs::path(base).concat(".png").string()}});
  fs::remove(script);
  if (!gnuplot.status.clean())
    throw Error(Exit::run_failed, "{}: gnuplot failed: {}", relative_base.string(),
                trim(gnuplot.errors));
}

}  // namespace repro::report
