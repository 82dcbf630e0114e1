#include "report/pictures.hpp"

#include <numeric>

#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

struct Drawn {
  explicit Drawn(const Fixture& fixture = {})
      : plan(plan_of(fixture)), sources(sources_of(folder.path())) {
    write_runs(plan, fixture, folder.path());
  }
  findings::Study study() const { return {plan, sources}; }
  TemporaryDirectory folder;
  plan::Plan plan;
  findings::Sources sources;
};

// Of a rectangle whose first and last points stand on the axis.
double area(const Curve& curve) {
  REQUIRE(curve.points.size() == 4);
  CHECK(curve.points[0].y == 0);
  CHECK(curve.points[3].y == 0);
  return (curve.points[2].x - curve.points[1].x) * curve.points[1].y;
}

// "C4 > web: USD 0.01 against 0.02": the number behind a word.
double number_after(const std::string& text, const std::string& word) {
  return std::stod(text.substr(text.find(word) + word.size()));
}

}  // namespace

TEST_CASE("the areas of a cost profile are the phases' dollars, one behind the other", "[report]") {
  const Drawn drawn;
  const findings::Study study = drawn.study();
  const auto pictures = cost_profiles(study);
  REQUIRE(pictures.size() == 1);
  CHECK(pictures[0].name == "profile-qwen_moe");
  REQUIRE(pictures[0].picture.panels.size() == 2);
  const Panel& panel = pictures[0].picture.panels[0];
  REQUIRE(panel.curves.size() == 3);  // two phases of the method, one of the baseline
  CHECK(panel.x_label == "seconds");
  // Three digits.
  CHECK((area(panel.curves[0]) + area(panel.curves[1])) / 3600 ==
        Approx(number_after(panel.title, "USD ")).epsilon(0.01));
  CHECK(area(panel.curves[2]) / 3600 ==
        Approx(number_after(panel.title, "against ")).epsilon(0.01));
  CHECK(panel.curves[0].draw == Draw::area);
  CHECK(panel.curves[1].points[0].x == panel.curves[0].points[3].x);
  CHECK(panel.curves[2].draw == Draw::line);
  // Four cheap devices for 20 steps: what an hour costs is their price together.
  CHECK(panel.curves[0].points[1].y == Approx(4 * 0.35));
  CHECK(panel.curves[2].points[1].y == Approx(2.28));
}

TEST_CASE("a plane shows each cluster's recorded documents, and none of an arm without clusters",
          "[report]") {
  const Drawn drawn;
  const findings::Study study = drawn.study();
  const auto pictures = cluster_planes(study);
  REQUIRE(pictures.size() == 1);
  CHECK(pictures[0].name == "plane-disco-qwen_moe");
  const Panel& panel = pictures[0].picture.panels[0];
  REQUIRE(panel.curves.size() == 4);
  CHECK(panel.curves[0].points.size() == 2);
  CHECK(panel.curves[3].label == "cluster 3");
  CHECK(panel.curves[3].points[0].x == -7);
  // Nothing is cut off on the left.
  CHECK(gnuplot_script(pictures[0].picture).find("set xrange [-7.28:5.2]") != std::string::npos);
}

TEST_CASE("published rates are dots, and a line through the two smallest goes on beyond them",
          "[report]") {
  Drawn drawn;
  claims::Claims own = claims::find_claims(REPRO_SOURCE_ROOT, "moe_disco");
  drawn.sources.claims = own;
  drawn.plan.experiment.view = "figure1";
  const findings::Study study = drawn.study();
  const auto pictures = view_pictures(study);
  REQUIRE(pictures.size() == 1);
  const Panel& panel = pictures[0].picture.panels.at(0);
  CHECK(panel.curves.size() == 8);  // four schemes
  for (const Curve& curve : panel.curves)
    for (const Point& point : curve.points) {
      CHECK(point.y > 0);
      CHECK(point.y < 100);
    }
  CHECK(pictures[0].caption.find("projected") != std::string::npos);
  CHECK(pictures[0].caption.find("45 and 45 %") != std::string::npos);  // 141 of 312, held out
}

TEST_CASE("an area is filled down to 0, which its panel shows", "[report]") {
  Picture picture{.y_label = "USD an hour", .target_label = ""};
  Panel panel{.title = "web", .x_label = "hours"};
  panel.curves = {{.label = "a", .colour = 1, .points = {{0, 2}, {1, 2}}, .draw = Draw::area},
                  {.label = "b", .colour = 2, .points = {{1, 1}, {2, 1}}, .draw = Draw::area}};
  picture.panels = {panel};
  const std::string script = gnuplot_script(picture);
  CHECK(script.find("filledcurves y1=0 fs solid 0.75 lc rgb '#0072b2'") != std::string::npos);
  CHECK(script.find("filledcurves y1=0 fs solid 0.75 lc rgb '#00734f'") != std::string::npos);
  CHECK(script.find("set yrange [0:2.1]") != std::string::npos);
}

}  // namespace repro::report
