#include "report/figure.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

Picture picture() {
  Picture picture{.y_label = "loss", .target_label = "target"};
  Panel panel{.title = "it's \"C4\" \\ web", .x_label = "steps"};
  panel.curves = {{"full_run", Stroke::reference, {{1, 7}, {2, 6}, {3, 5}}},
                  {"fine-tune", Stroke::ladder, {{1, 6}, {2, 5.5}}}};
  panel.targets = {5.1};
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
    hostile.y_label = hostile.target_label = payload;
    for (Panel& panel : hostile.panels) {
      panel.title = panel.x_label = panel.empty = payload;
      for (Curve& curve : panel.curves) curve.label = payload;
    }
    CHECK(lines_of(gnuplot_script(hostile)) == lines_of(gnuplot_script(picture())));
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

TEST_CASE("one more run of a kind has the colour of the one before and no name of its own",
          "[report]") {
  Picture seeds{.y_label = "loss", .target_label = "target"};
  seeds.panels = {{.title = "C4", .x_label = "steps"}};
  seeds.panels[0].curves = {{"F 10", Stroke::ladder, {{1, 7}, {2, 6}}},
                            {"", Stroke::ladder, {{1, 7}, {2, 5}}},
                            {"F 20", Stroke::ladder, {{1, 7}, {2, 4}}}};
  seeds.panels[0].targets = {5, 5.1};
  const std::string script = gnuplot_script(seeds);
  const auto line_of = [&](const std::string& start) {
    const size_t at = script.find(start);
    REQUIRE(at != std::string::npos);
    return script.substr(at, script.find(", ", at) - at);
  };
  const auto colour = [](const std::string& line) { return line.substr(line.find("rgb"), 13); };
  CHECK(mentions(line_of("$d0 using"), "title \"F 10\""));
  CHECK(mentions(line_of("$d1 using"), "notitle"));
  CHECK(colour(line_of("$d1 using")) == colour(line_of("$d0 using")));
  CHECK(colour(line_of("$d2 using")) != colour(line_of("$d0 using")));
  CHECK(mentions(line_of("5 with lines dt 2"), "title \"target\""));
  CHECK(mentions(line_of("5.1 with lines dt 2"), "notitle"));
  CHECK(mentions(script, "maxrows 1"));  // three names, in up to three columns
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
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 2);
}

TEST_CASE("a figure that cannot be written is an error with gnuplot's words", "[report]") {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path() / "taken.svg");
  CHECK_THROWS_WITH(draw(picture(), folder.path() / "taken"), Catch::Contains("gnuplot failed"));
}

}  // namespace repro::report
