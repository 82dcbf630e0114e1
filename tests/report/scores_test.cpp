// The view of scores on downstream tasks, as people and as programs are shown it.

#include "report/scores.hpp"

#include <nlohmann/json.hpp>

#include "report/details.hpp"
#include "report/fixture_runs.hpp"
#include "report/machine_table.hpp"
#include "report/report.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

using Catch::Contains;

// Of 400 items the full arm has half right, a guess; a tune 340.
struct Scored {
  explicit Scored(std::vector<int64_t> seeds = {0, 1, 2}) {
    Fixture fixture;
    fixture.tasks = {"pairs"};
    fixture.seeds = std::move(seeds);
    fixture.is_right = [](int64_t item, const std::string& phase, int64_t, int64_t) {
      return item < (phase == "full" ? 200 : 340);
    };
    plan::Experiment experiment = plan_of(fixture).experiment;
    experiment.view = experiment.name = "scores";
    plan = plan::make_plan(std::move(experiment));
    write_runs(plan, fixture, folder.path());
    sources = sources_of(folder.path());
  }
  Report rendered() const {
    ReportOptions options;
    options.width = 1000;  // no sentence is broken
    options.formats = {Format::markdown, Format::html, Format::csv, Format::json};
    return render(plan, sources, options);
  }
  std::string file(const Report& report, const std::string& name) const {
    for (const fs::path& path : report.files)
      if (path.filename() == name) return read_file(path);
    return "";
  }

  TemporaryDirectory folder;
  plan::Plan plan;
  findings::Sources sources;
};

}  // namespace

TEST_CASE("a view of scores shows each task at each cut, beside the paper's number", "[report]") {
  const Scored scored;
  const Report report = scored.rendered();
  INFO(report.terminal);
  CHECK_THAT(report.terminal, Contains("Table 2, STAND-IN scale tiny"));
  for (const char* part : {"pairs",
                           "acc_norm",
                           "loss",
                           "steps",
                           "dollars",
                           "52.25",
                           "57.0",
                           "50.0",
                           "85.0",
                           "35.0",
                           "within noise of chance (50.0 %)",
                           "52.25: no count of 1,838 items prints so",
                           "the longest fine-tune of 60 steps has 0.750x of the steps",
                           "equal dollars: the whole arm as dear as full training",
                           "the paper names none of them",
                           "scores here are within two standard errors of guessing",
                           "of the paper's 2 percentages 1 are no share of the items of that task",
                           "items that tell a gain of one point from none",
                           "inconclusive (stand-in)",
                           "a100-80g is taken to be 1.89x as fast"})
    CHECK_THAT(report.terminal, Contains(part));
  for (const char* name : {"report.md", "report.html"}) {
    const std::string text = scored.file(report, name);
    CHECK_THAT(text, Contains("Downstream tasks: every score") &&
                         Contains("Downstream tasks: the arms item by item") &&
                         Contains("Where the arms are compared on tasks"));
  }
}

TEST_CASE("every score is a line of the table for programs, with its number", "[report]") {
  const Scored scored;
  const Report report = scored.rendered();
  const MachineTable table = read_machine_table(scored.file(report, "table.csv"));
  check_convention(table, {"paper", "here", "low", "high", "here_over_paper"});
  const auto ids = table.column("id"), here = table.column("here"), bounds = table.column("bound");
  const auto at = [&](const std::string& id) {
    const auto found = std::find(ids.begin(), ids.end(), id);
    REQUIRE(found != ids.end());
    return static_cast<size_t>(found - ids.begin());
  };
  CHECK(std::stod(here[at("scores:qwen_moe:c4:pairs.acc.full")]) == 0.5);
  CHECK(std::stod(here[at("scores:qwen_moe:c4:pairs.acc.disco.loss")]) == 0.85);
  CHECK(std::stod(here[at("scores:qwen_moe:c4:pairs.acc.disco.loss.gain")]) == Approx(0.35));
  CHECK(bounds[at("scores:qwen_moe:c4:pairs.acc.disco.steps.gain")] == ">=");
  CHECK(bounds[at("scores:qwen_moe:c4:pairs.acc.disco.loss.gain")] == "=");
  // Two cells, two metrics: the baseline's score, and of three cuts score and gain.
  CHECK(ids.size() == 2 * 2 * (1 + 3 * 2));
  const auto written = nlohmann::json::parse(scored.file(report, "report.json"));
  for (const auto& row : written.at("table").at("rows"))
    for (const char* key : {"cell", "task", "metric", "equal", "verdict"})
      CHECK(row.at(key).at("text") != "");
  CHECK(
      std::any_of(written.at("doubts").begin(), written.at("doubts").end(), [](const auto& doubt) {
        return doubt.template get<std::string>().find("pairs, acc: full training: within noise") !=
               std::string::npos;
      }));
}

TEST_CASE("every link of a page of scores leads to a place of it, and every gain has one",
          "[report]") {
  const Scored scored;
  const std::string page = scored.file(scored.rendered(), "report.html");
  size_t links = 0;
  const std::string link = "href=\"#";
  for (size_t at = page.find(link); at != std::string::npos; at = page.find(link, at + 1)) {
    const size_t from = at + link.size();
    const std::string id = page.substr(from, page.find('"', from) - from);
    CAPTURE(id);
    CHECK(page.find(" id=\"" + id + "\"") != std::string::npos);
    ++links;
  }
  CHECK(links > 50);
  CHECK_THAT(page, Contains("href=\"#e-scores-qwen_moe-c4-pairs-acc-disco-loss-gain\""));
}

TEST_CASE("the scores' details name guesses, unlike pairs and the ending of each cut", "[report]") {
  const Scored scored({0});
  const findings::Study study(scored.plan, scored.sources);
  const Table scores = task_scores(study);
  // Of each cell all that answered: here full and four tunes.
  CHECK(scores.rows.size() == 2 * 5);
  CHECK(scores.rows[0].cells[4].text == "50.00 ± 2.50");
  CHECK(scores.rows[0].cells.back().text.find("within noise of chance") != std::string::npos);
  const Table pairs = task_pairs(study);
  CHECK(pairs.rows.size() == 2 * 2 * 3);
  CHECK(pairs.rows[0].cells[7].text == "0");
  CHECK(pairs.rows[0].cells[8].text == "140");
  const Table cuts = cut_standings(study);
  REQUIRE(cuts.rows.size() == 2 * 3);
  CHECK(cuts.rows[0].cells[3].text == "40");
  CHECK(cuts.rows[0].cells[5].text == "an equal ending");
  CHECK(cuts.rows[1].cells[4].text == "0.750x");
}

TEST_CASE("before anything has run a view of scores says so in every line", "[report]") {
  Scored scored({0});
  for (const run::Job& job : scored.plan.graph.jobs())
    fs::remove_all(scored.folder.path() / job.directory);
  const Report report = scored.rendered();
  CHECK_THAT(report.terminal, Contains("not run") && Contains("no task is answered yet") &&
                                  Contains("evidence: none yet"));
}

TEST_CASE("without tasks a report has no section of them", "[report]") {
  const TemporaryDirectory folder;
  const plan::Plan plan = plan_of({});
  write_runs(plan, {}, folder.path());
  const findings::Sources sources = sources_of(folder.path());
  const findings::Study study(plan, sources);
  CHECK(task_scores(study).rows.empty());
  CHECK(task_pairs(study).rows.empty());
  CHECK(cut_standings(study).rows.empty());
  CHECK(score_doubts(study).empty());
}

}  // namespace repro::report
