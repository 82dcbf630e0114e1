#include "report/figure.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <regex>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "report/figure_parts.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

Picture picture() {
  Picture picture{.title = "losses",
                  .y_label = "loss",
                  .target_label = "target",
                  .crossing_label = "met",
                  .note = "a note"};
  Panel panel{.title = "it's \"C4\" \\ web", .x_label = "steps"};
  panel.curves = {
      {.label = "full_run", .points = {{1, 7}, {2, 6}, {3, 5}}},
      {.label = "fine-tune", .colour = 1, .points = {{1, 6}, {2, 5.5}}, .end_label = "2"}};
  panel.targets = {5.1};
  panel.crossings = {{1.5, 5.1, 1.2, 1.9}};
  Panel empty{.title = "wiki", .x_label = "steps"};
  empty.empty = "failed";
  picture.panels = {panel, empty};
  return picture;
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int64_t lines_of(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

TEST_CASE("quotes and backslashes of a title do not end gnuplot's string", "[report]") {
  CHECK(mentions(gnuplot_script(picture()), R"(set title "it\047s \042C4\042 \134 web")"));
}

TEST_CASE("a title is shown as it is, whatever its signs", "[report]") {
  const TemporaryDirectory folder;
  for (const std::string title : {"'leading", "two''quotes",
                                  "three"
                                  "'"
                                  "''",
                                  "a_b^c{d}@e", "\\n \\101 %d"}) {
    INFO(title);
    Picture shown = picture();
    shown.panels[0].title = title;
    draw(shown, folder.path() / "figure");
    CHECK(mentions(read_file(folder.path() / "figure.svg"), "<text>" + title + "</text>"));
  }
}

TEST_CASE("no text of a picture runs a command or ends its line", "[report]") {
  const TemporaryDirectory folder;
  const fs::path marker = folder.path() / "marker";
  const std::string touch = "touch " + marker.string();
  const std::vector<std::string> payloads = {"`" + touch + "`",
                                             "$(" + touch + ")",
                                             "'; system('" + touch + "') #",
                                             "''; system('" + touch + "') #",
                                             "\"; system(\"" + touch + "\") #",
                                             "\n! " + touch + "\n",
                                             "\\\nsystem('" + touch + "')",
                                             "a\\",
                                             "a\\'",
                                             "@ARG1 $ARG1 ${ARG1}",
                                             "'.system('" + touch + "').'",
                                             std::string("nul\0 \x1b[2J \u009B", 12)};
  for (const std::string& payload : payloads) {
    INFO(payload);
    Picture hostile = picture();
    hostile.title = hostile.y_label = hostile.target_label = hostile.crossing_label = payload;
    for (Panel& panel : hostile.panels) {
      panel.title = panel.x_label = panel.empty = payload;
      for (Curve& curve : panel.curves) curve.label = curve.end_label = payload;
    }
    // One legend entry a label, and all are alike.
    Picture harmless = hostile;
    harmless.title = harmless.y_label = harmless.target_label = harmless.crossing_label = "x";
    for (Panel& panel : harmless.panels) {
      panel.title = panel.x_label = panel.empty = "x";
      for (Curve& curve : panel.curves) curve.label = curve.end_label = "x";
    }
    CHECK(lines_of(gnuplot_script(hostile)) == lines_of(gnuplot_script(harmless)));
    hostile.note = payload;
    draw(hostile, folder.path() / "figure");
    CHECK_FALSE(fs::exists(marker));
    CHECK_FALSE(mentions(read_file(folder.path() / "figure.svg"), "\x1b"));
  }
}

TEST_CASE("the name of a figure's folder is a name, whatever it holds", "[report]") {
  const TemporaryDirectory folder;
  const fs::path marker = folder.path() / "marker";
  for (const std::string& name :
       {std::string("`touch marker`"), std::string("a'; system('touch marker') #"),
        std::string("|touch marker"), std::string("<touch marker"),
        std::string("a\n! touch marker"), std::string("$(touch marker)"), std::string("%d")}) {
    INFO(name);
    const fs::path below = folder.path() / name;
    fs::create_directories(below);
    draw(picture(), below / name);
    CHECK(fs::exists(below / (name + ".svg")));
    CHECK(fs::exists(below / (name + ".png")));
    const fs::path before = fs::current_path();
    fs::current_path(folder.path());
    draw(picture(), name);  // relative: its first character is the name's
    fs::current_path(before);
    CHECK(fs::exists(folder.path() / (name + ".svg")));
    CHECK_FALSE(fs::exists(marker));
    CHECK_FALSE(fs::exists(below / "marker"));
  }
}

TEST_CASE("one legend names each kind of curve once, however many panels and runs have it",
          "[report]") {
  Picture seeds{.y_label = "loss", .target_label = "target"};
  for (const char* title : {"C4", "wiki"}) {
    Panel panel{.title = title, .x_label = "steps"};
    panel.curves = {{.label = "F", .colour = 1, .shade = 0, .points = {{1, 7}, {2, 6}}},
                    {.label = "F", .colour = 1, .shade = 0, .points = {{1, 7}, {2, 5}}},
                    {.label = "F", .colour = 1, .shade = 1, .points = {{1, 7}, {2, 4}}}};
    panel.targets = {5, 5.1};
    seeds.panels.push_back(panel);
  }
  const std::string script = gnuplot_script(seeds);
  const auto count = [&](const std::string& part) {
    size_t found = 0;
    for (size_t at = script.find(part); at != script.npos; at = script.find(part, at + 1)) ++found;
    return found;
  };
  CHECK(count("title \"F\"") == 1);
  CHECK(count("title \"target\"") == 1);
  const auto line_of = [&](const std::string& start) {
    const size_t at = script.find(start);
    REQUIRE(at != std::string::npos);
    return script.substr(at, script.find(", ", at) - at);
  };
  const auto colour = [](const std::string& line) { return line.substr(line.find("rgb"), 13); };
  CHECK(colour(line_of("$d1 using")) == colour(line_of("$d0 using")));
  CHECK(colour(line_of("$d2 using")) != colour(line_of("$d0 using")));
}

TEST_CASE("panels of a row share the losses, all of a picture what they are drawn against",
          "[report]") {
  Picture grid{.y_label = "loss", .target_label = "target", .columns = 2};
  for (const double top : {7.0, 9.0, 3.0, 4.0}) {
    Panel panel{.title = "p", .x_label = "steps", .whole_range = true};
    panel.curves = {{.label = "full", .points = {{1, top}, {top, 1}}}};
    grid.panels.push_back(panel);
  }
  const std::string script = gnuplot_script(grid);
  std::vector<std::string> x, y;
  for (const std::string& line : split(script, '\n')) {
    if (line.starts_with("set xrange [0:9")) x.push_back(line);
    if (line.starts_with("set yrange [") && line != "set yrange [0:1]") y.push_back(line);
  }
  CHECK(x == std::vector<std::string>(4, x.at(0)));
  REQUIRE(y.size() == 4);
  CHECK(y[0] == y[1]);
  CHECK(y[2] == y[3]);
  CHECK(y[1] != y[2]);
}

// Of two colours, by the Web Content Accessibility Guidelines 2.
double contrast(const std::string& a, std::string_view b) {
  const auto luminance = [](std::string_view colour) {
    double sum = 0;
    const double weights[] = {0.2126, 0.7152, 0.0722};
    for (size_t i = 0; i < 3; ++i) {
      const double part = std::stoi(std::string(colour.substr(1 + 2 * i, 2)), nullptr, 16) / 255.0;
      sum += weights[i] * (part <= 0.03928 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4));
    }
    return sum;
  };
  const double one = luminance(a), other = luminance(b);
  return (std::max(one, other) + 0.05) / (std::min(one, other) + 0.05);
}

TEST_CASE("every curve, at its palest too, keeps a contrast of 3 to either ground", "[report]") {
  for (const Theme theme : {Theme::light, Theme::dark}) {
    const FigureColours& colours = colours_of(theme);
    for (size_t colour = 0; colour < colours.curves.size(); ++colour)
      for (const double shade : {0.0, 1.0}) {
        INFO(colour << " shade " << shade);
        CHECK(contrast(colour_of({.colour = colour, .shade = shade}, colours), colours.ground) >=
              3);
      }
    CHECK(contrast(std::string(colours.target), colours.ground) >= 3);
    CHECK(contrast(std::string(colours.ink), colours.ground) >= 4.5);
  }
}

TEST_CASE("a drawn SVG has ids of its own and no name of gnuplot's as a tooltip", "[report]") {
  const TemporaryDirectory folder;
  draw(picture(), folder.path() / "loss-a");
  draw(picture(), folder.path() / "loss-b");
  const std::regex id(R"( id=['"]([^'"]+)['"])"), use(R"(href=['"]#([^'"]+)['"])");
  std::set<std::string> seen;
  for (const char* name : {"loss-a.svg", "loss-a-dark.svg", "loss-b.svg"}) {
    const std::string svg = read_file(folder.path() / name);
    CHECK_FALSE(mentions(svg, "<title>"));
    CHECK_FALSE(mentions(svg, "gnuplot_"));
    CHECK(mentions(svg, "aria-label=\"losses\""));
    std::set<std::string> own;
    for (std::sregex_iterator at(svg.begin(), svg.end(), id), end; at != end; ++at) {
      CHECK(seen.insert((*at)[1]).second);
      own.insert((*at)[1]);
    }
    for (std::sregex_iterator at(svg.begin(), svg.end(), use), end; at != end; ++at)
      CHECK(own.contains((*at)[1]));
  }
}

TEST_CASE("a title too long for its panel ends in a sign that it was cut", "[report]") {
  CHECK(cut_text("abcdef", 6) == "abcdef");
  CHECK(cut_text("abcdefg", 6) == "abcde…");
  CHECK(cut_text("語語語語", 5) == "語語…");
}

TEST_CASE("gnuplot draws SVG and PNG with the titles as given", "[report]") {
  const TemporaryDirectory folder;
  draw(picture(), folder.path() / "it's a figure");
  const std::string svg = read_file(folder.path() / "it's a figure.svg");
  CHECK(mentions(svg, "full_run"));
  CHECK(mentions(svg, "failed"));
  CHECK(mentions(svg, "viewBox"));
  CHECK(read_file(folder.path() / "it's a figure.png").substr(1, 3) == "PNG");
  // Nothing else is left behind.
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 3);
  CHECK(mentions(read_file(folder.path() / "it's a figure-dark.svg"), "#16181c"));
}

TEST_CASE("a figure that cannot be written is an error with gnuplot's words", "[report]") {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path() / "taken.svg");
  CHECK_THROWS_WITH(draw(picture(), folder.path() / "taken"), Catch::Contains("gnuplot failed"));
}

}  // namespace repro::report
