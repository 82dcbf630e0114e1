#include <regex>

#include "report/curves.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

using Catch::Contains;

plan::Plan asked(const Fixture& fixture, std::vector<std::string> settings) {
  plan::Plan plan = plan_of(fixture);
  plan.experiment.asked = std::move(settings);
  return plan;
}

fs::path rendered_to(const plan::Plan& plan, const fs::path& runs,
                     std::vector<Format> formats = {Format::markdown}) {
  ReportOptions options;
  options.formats = std::move(formats);
  return render(plan, sources_of(runs), options).files.front().parent_path();
}

}  // namespace

TEST_CASE("a report of other settings or prices has a folder of its own", "[report]") {
  const TemporaryDirectory folder;
  const fs::path runs = folder.path();
  const Fixture fixture;
  write_runs(plan_of(fixture), fixture, runs);
  const fs::path usual = rendered_to(plan_of(fixture), runs);
  const fs::path smaller = rendered_to(asked(fixture, {"match.batch=8"}), runs);
  const fs::path larger = rendered_to(asked(fixture, {"match.batch=32"}), runs);
  CHECK(usual == runs / "reports/table3-tiny");
  CHECK(std::regex_match(smaller.filename().string(), std::regex("table3-tiny-[0-9a-f]{8}")));
  CHECK(smaller != larger);
  CHECK(rendered_to(asked(fixture, {"match.batch=8"}), runs) == smaller);
  CHECK_THAT(read_file(smaller / "report.md"), Contains("asked besides the scale: match.batch=8"));
  findings::Sources sources = sources_of(runs);
  sources.prices.name = "mine";
  ReportOptions options;
  options.formats = {Format::json};
  const Report dearer = render(plan_of(fixture), sources, options);
  const nlohmann::json json = nlohmann::json::parse(read_file(dearer.files.front()));
  CHECK(dearer.files.front().parent_path() != usual);
  CHECK(json.at("asked") == nlohmann::json{"prices=mine"});
}

TEST_CASE("what an earlier report left goes, what somebody else wrote or changed stays",
          "[report]") {
  const TemporaryDirectory folder;
  const Fixture fixture;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const fs::path out =
      rendered_to(plan, folder.path(), {Format::markdown, Format::csv, Format::html});
  write_file_atomically(out / "notes.txt", "mine");
  write_file_atomically(out / "table.csv", "changed");
  rendered_to(plan, folder.path(), {Format::markdown});
  CHECK(fs::exists(out / "report.md"));
  CHECK_FALSE(fs::exists(out / "report.html"));
  CHECK(read_file(out / "notes.txt") == "mine");
  CHECK(read_file(out / "table.csv") == "changed");
  CHECK_THAT(read_file(out / "report.sha256"),
             Catch::Matches("[0-9a-f]{64}  report.md\n", Catch::CaseSensitive::Yes));
}

TEST_CASE("a figure shows the runs of all seeds, and says how many they are", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.seeds = {0, 1, 2};
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  // The second seed of the second cell has not run.
  for (const plan::Cell& cell : plan.cells)
    if (cell.corpus == "wikitext2" && cell.seed == 1)
      for (const plan::ArmPlan& arm : cell.arms)
        for (const plan::Ending& ending : arm.endings)
          fs::remove_all(folder.path() / plan.graph[ending.job].directory);
  const findings::Sources sources = sources_of(folder.path());
  const findings::Study study(plan, sources);
  const std::vector<NamedPicture> pictures = pictures_of(study);
  CHECK(pictures.size() == 4);  // dollars, steps, time, FLOPs; perplexity has no curve
  const NamedPicture& steps = pictures.at(1);
  CHECK(steps.name == "loss-steps");
  CHECK_THAT(steps.caption, Contains("means over the last 10 steps, a line a seed; ") &&
                                Contains("STAND-IN scale tiny"));
  CHECK_THAT(steps.picture.title, Contains("STAND-IN"));
  const auto lines = [](const Panel& panel) {
    return std::count_if(panel.curves.begin(), panel.curves.end(),
                         [](const Curve& curve) { return curve.draw == Draw::line; });
  };
  const auto ends = [](const Panel& panel) {
    return std::count_if(panel.curves.begin(), panel.curves.end(), [](const Curve& curve) {
      return curve.draw == Draw::line && !curve.end_label.empty();
    });
  };
  const Panel& whole = steps.picture.panels.at(0);
  CHECK(lines(whole) == 3 * 5);  // full, and fine-tunes of 10, 20, 40 and 60 steps
  CHECK(ends(whole) == 5);
  CHECK(whole.targets.size() == 3);
  CHECK(whole.title == "Qwen / C4 > web");
  REQUIRE(whole.crossings.size() == 1);
  CHECK(whole.crossings[0].x == Approx(40).margin(0.5));  // 5.9 - 0.9 log4(steps / 10) = 5.005
  CHECK(whole.crossings[0].low <= whole.crossings[0].x);
  CHECK(whole.crossings[0].x <= whole.crossings[0].high);
  const Panel& part = steps.picture.panels.at(1);
  CHECK(lines(part) == 2 * 5);
  CHECK(part.title == "Qwen / WikiText-2 > wiki, 2 of 3 seeds");
  CHECK(part.crossings.empty());
}

}  // namespace repro::report
