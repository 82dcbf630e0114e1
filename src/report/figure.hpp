#pragma once
// Line charts through gnuplot, and the only place that knows gnuplot. A picture is a grid of panels
// with one legend below them; it is drawn as SVG (for pages), as SVG on a dark ground, and as PNG
// (for places that take no SVG). Its colours are told apart by those who see few of them (after
// Okabe and Ito), and each keeps a contrast of 3 to its ground.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repro::report {

struct Point {
  double x = 0;
  double y = 0;
};

enum class Draw {
  line,    // with a dot where it ends
  joined,  // a mark at each point, and a thin line from one to the next
  marks,   // marks alone
  dots,    // small ones, for many
  area,    // all between the line and y = 0, which the panel then shows
};

struct Curve {
  std::string label = {};  // in the legend, once for all curves of the name; "" = in no legend
  size_t colour = 0;       // 0: what others are held against; 1, 2, ...: each its own
  double shade = 1;        // 1 = the colour itself, 0 = the palest that can still be seen
  std::vector<Point> points = {};
  Draw draw = Draw::line;
  size_t mark = 0;             // which of four signs marks are drawn with
  std::string end_label = {};  // beside its last point
};

// Where a curve meets the target, and between which ends that is known.
struct Crossing {
  double x = 0, y = 0;
  double low = 0, high = 0;
};

struct Panel {
  std::string title;
  std::string x_label;
  std::vector<Curve> curves = {};    // none: the panel says `empty`
  std::vector<double> targets = {};  // dashed horizontal lines
  std::vector<Crossing> crossings = {};
  std::string empty = "not run";
  bool whole_range =
      false;  // every point sets the range; otherwise a training's first fall does not
  bool below_zero = false;  // the x axis begins where the points do, not at 0
};

struct Picture {
  std::string title = {};  // above all panels
  std::string y_label;
  std::string target_label;
  std::string crossing_label = {};
  std::string note = {};  // below all panels
  std::vector<Panel> panels = {};
  size_t columns = 0;  // panels of a row, which share their y axis; 0 = all in one row
};

bool gnuplot_found();

// The endings of the files that draw() writes: ".svg", "-dark.svg", ".png".
const std::vector<std::string>& drawn_endings();

// Writes `base` with each of drawn_endings(). Error with gnuplot's own words when it fails.
void draw(const Picture& picture, const std::filesystem::path& base);

enum class Theme { light, dark };

// The script without terminal and output: a pure function of the picture.
std::string gnuplot_script(const Picture& picture, Theme theme = Theme::light);

// gnuplot's SVG as it can stand beside others in one page: every id begins with `name`, no part
// shows a name of gnuplot's as a tooltip, and what it shows is said to those who do not see it.
std::string tidy_svg(std::string_view svg, const std::string& name, const std::string& says);

}  // namespace repro::report
