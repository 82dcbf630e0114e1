#pragma once
// Line charts through gnuplot, and the only place that knows gnuplot. A picture is a row of panels
// with one legend; it is drawn as SVG (for pages) and PNG (for places that take no SVG).

#include <filesystem>
#include <string>
#include <vector>

namespace repro::report {

struct Point {
  double x = 0;
  double y = 0;
};

enum class Stroke {
  reference,  // dark: what others are compared with
  ladder,     // blues, paler to darker in the order of the curves
};

struct Curve {
  // In the legend, which the first panel's curves make; "" = one more of the curve before: in its
  // colour and without an entry of its own.
  std::string label;
  Stroke stroke = Stroke::ladder;
  std::vector<Point> points;
  bool mark_points = false;  // sparse data: a dot at each; otherwise at the last only
  bool connected = true;     // false: marks without a line between them
};

struct Panel {
  std::string title;
  std::string x_label;
  std::vector<Curve> curves = {};    // none: the panel says `empty`
  std::vector<double> targets = {};  // dashed horizontal lines, one entry in the legend
  std::string empty = "not run";
  bool whole_range =
      false;  // every point sets the range; otherwise a training's first fall does not
};

struct Picture {
  std::string y_label;
  std::string target_label;
  std::vector<Panel> panels = {};
};

bool gnuplot_found();

// Writes `base`.svg and `base`.png. Error with gnuplot's own words when it fails.
void draw(const Picture& picture, const std::filesystem::path& base);

// The script without terminal and output: a pure function of the picture.
std::string gnuplot_script(const Picture& picture);

}  // namespace repro::report
