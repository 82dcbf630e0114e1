#include "report/report.hpp"

#include <cstdlib>
#include <regex>

#include "base/error.hpp"
#include "base/text.hpp"
#include "findings/judging.hpp"
#include "report/fixture_runs.hpp"
#include "report/table.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

// Keys of jobs change with the meaning of their specs, and every test has its own folder.
std::string without_keys(std::string text, const fs::path& runs) {
  for (size_t at; (at = text.find(runs.string())) != std::string::npos;)
    text.replace(at, runs.string().size(), "RUNS");
  return std::regex_replace(text, std::regex("-[0-9a-f]{8}\\b"), "-KEY");
}

// Compares with tests/report/golden/NAME; REPRO_UPDATE_GOLDEN=1 rewrites it instead, for a reader
// of the difference to judge.
void check_golden(const std::string& name, const std::string& text) {
  const fs::path golden = fs::path(REPRO_TESTS) / "report/golden" / name;
  if (std::getenv("REPRO_UPDATE_GOLDEN")) write_file_atomically(golden, text);
  CHECK(text == read_file(golden));
}

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder))
    files[entry.path().filename().string()] = read_file(entry.path());
  return files;
}

Report rendered(const plan::Plan& plan, const fs::path& runs, std::vector<Format> formats = {}) {
  ReportOptions options;
  options.formats = std::move(formats);
  return render(plan, sources_of(runs), options);
}

plan::Plan viewed(plan::Plan plan, const std::string& view) {
  plan.experiment.view = plan.experiment.name = view;
  return plan;
}

const findings::Finding& found(const std::vector<findings::Finding>& findings,
                               const std::string& id) {
  for (const findings::Finding& finding : findings)
    if (finding.id == id) return finding;
  FAIL("no finding " << id);
  return findings.front();
}

run::RunDirectory directory_of(const plan::Plan& plan, size_t job, const fs::path& runs) {
  return run::RunDirectory(runs / plan.graph[job].directory);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a report of fixture runs equals its golden text", "[report]") {
  const TemporaryDirectory folder;
  const fs::path& runs = folder.path();
  const Fixture fixture{.seeds = {0}, .ladder = true};
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, runs);
  const Report report =
      rendered(plan, runs, {Format::markdown, Format::latex, Format::csv, Format::json});
  const fs::path out = runs / "reports/table3-tiny";
  check_golden("table3.txt", without_keys(report.terminal, runs));
  for (const char* name : {"report.md", "report.tex", "table.tex", "table.csv"})
    check_golden(name, without_keys(read_file(out / name), runs));
  check_golden("table1.txt", without_keys(rendered(viewed(plan, "table1"), runs).terminal, runs));
  check_golden("table6.txt", without_keys(rendered(viewed(plan, "table6"), runs).terminal, runs));
}

TEST_CASE("the same runs written in another order give the same bytes in every format",
          "[report]") {
  const TemporaryDirectory first, second;
  const Fixture fixture;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, first.path());
  write_runs(plan, fixture, second.path(), /*backwards=*/true);
  for (const TemporaryDirectory* folder : {&first, &second}) {
    ReportOptions options;
    options.output = folder->path() / "out";
    render(plan, sources_of(folder->path()), options);
  }
  const auto files = contents(first.path() / "out");
  CHECK(files == contents(second.path() / "out"));
  CHECK(files.count("report.html") == 1);
  CHECK(files.count("loss-steps.png") == 1);
  CHECK(files.count("loss-dollars-dark.svg") == 1);
}

TEST_CASE("the page holds its pictures and refers to no other file", "[report]") {
  const TemporaryDirectory folder;
  const Fixture fixture;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  rendered(plan, folder.path(), {Format::html, Format::figures});
  const std::string page = read_file(folder.path() / "reports/table3-tiny/report.html");
  CHECK(has(page, "<svg"));
  CHECK_FALSE(has(page, "<?xml"));
  for (const char* reference :
       {" src=\"", "href=\"http", "@import", "<link", "<script src", "sourceMappingURL"})
    CHECK_FALSE(has(page, reference));
  CHECK(has(page, "default-src &#39;none&#39;"));
}

TEST_CASE("the first line says stand-in, and so does each verdict", "[report]") {
  const TemporaryDirectory folder;
  const Fixture fixture;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const Report report = rendered(plan, folder.path(), {Format::markdown});
  const std::string page = read_file(folder.path() / "reports/table3-tiny/report.md");
  CHECK(has(split(report.terminal, '\n')[0], "STAND-IN scale tiny, STAND-IN corpora web/wiki"));
  CHECK(has(split(page, '\n')[0], "STAND-IN scale tiny"));
  for (const findings::Finding& finding : report.findings)
    CHECK(has(findings::verdict_text(finding), "stand-in"));
}

TEST_CASE("without any run there is no number, only 'not run'", "[report]") {
  const TemporaryDirectory folder;
  const Report report = rendered(plan_of({}), folder.path(), {Format::markdown});
  CHECK(report.counts.cells == 2);
  CHECK(report.counts.measured == 0);
  CHECK(has(report.terminal, "evidence: none yet"));
  for (const findings::Finding& finding : report.findings) {
    CHECK(finding.here_text == "not run");
    CHECK_FALSE(finding.here);
    CHECK(finding.judgement.verdict == measure::Verdict::not_tested);
  }
}

TEST_CASE("a failed run takes its cell's numbers away and is named with its reason", "[report]") {
  const TemporaryDirectory folder;
  const Fixture fixture;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const run::RunDirectory broken =
      directory_of(plan, plan.cells[1].arms[1].phases[1].jobs[2], folder.path());
  fs::remove(broken.done_file());
  broken.mark_failed("loss is not finite at step 12");
  const Report report = rendered(plan, folder.path());
  CHECK(report.counts.failed == 1);
  const findings::Finding& saving = found(report.findings, "table3:qwen_moe:wikitext2:saving");
  CHECK(saving.here_text == "failed");
  CHECK(has(saving.judgement.reason, "failed: loss is not finite at step 12"));
  CHECK(has(saving.judgement.reason, broken.path().filename().string()));
  CHECK(found(report.findings, "table3:qwen_moe:c4:saving").here.has_value());
}

TEST_CASE("a failed rung leaves the ladder's other rungs standing", "[report]") {
  const TemporaryDirectory folder;
  const Fixture fixture;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const run::RunDirectory rung =
      directory_of(plan, plan.cells[0].arms[1].endings[1].job, folder.path());
  fs::remove(rung.done_file());
  rung.mark_failed("killed by signal 9");
  const Report report = rendered(plan, folder.path());
  const findings::Finding& saving = found(report.findings, "table3:qwen_moe:c4:saving");
  REQUIRE(saving.range);
  // Between 10 and 40 steps now: the rung at 20 no longer bounds it.
  CHECK(saving.range->high > 0.45);
  CHECK(report.counts.failed == 1);
}

TEST_CASE("a target that is not reached is shown as a bound, never dropped", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.tune_loss = [](const std::string&, int64_t, int64_t) { return 5.4; };
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const Report report = rendered(plan, folder.path());
  CHECK(report.counts.not_reached == 2);
  CHECK(has(report.terminal, "not reached: the longest fine-tune ended at 60 steps"));
  const findings::Finding& saving = found(report.findings, "table3:qwen_moe:c4:saving");
  CHECK(has(saving.here_text, "<= "));
  REQUIRE(saving.range);
  CHECK(std::isinf(saving.range->low));
  CHECK(has(report.terminal, "no cell reached the target"));
}

TEST_CASE("a target reached by the smallest rung already is shown as a bound", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.tune_loss = [](const std::string&, int64_t, int64_t) { return 4.9; };
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const Report report = rendered(viewed(plan, "table1"), folder.path());
  CHECK(found(report.findings, "table1:qwen_moe:c4:disco_steps").here_text == "<= 10");
  CHECK(found(report.findings, "table1:qwen_moe:c4:step_speedup").here_text == ">= 8.00");
  CHECK(has(report.terminal, "reached by the shortest fine-tune already, 10 steps"));
}

TEST_CASE("several seeds carry a verdict, one does not", "[report]") {
  const TemporaryDirectory one, three;
  const Fixture single;
  Fixture several;
  several.seeds = {0, 1, 2};
  write_runs(plan_of(single), single, one.path());
  write_runs(plan_of(several), several, three.path());
  const auto verdict = [](const Report& report) {
    return found(report.findings, "table3:qwen_moe:c4:saving").judgement.verdict;
  };
  CHECK(verdict(rendered(plan_of(single), one.path())) == measure::Verdict::inconclusive);
  CHECK(verdict(rendered(plan_of(several), three.path())) == measure::Verdict::not_reproduced);
}

TEST_CASE("a missing seed is said beside the numbers of the others", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.seeds = {0, 1, 2};
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  fs::remove_all(directory_of(plan, plan.cells[1].arms[0].endings[0].job, folder.path()).path());
  const Report report = rendered(plan, folder.path());
  CHECK(found(report.findings, "table3:qwen_moe:c4:saving").here.has_value());
  CHECK(has(report.terminal, "2 of 3 seeds measured, one is not run"));
}

TEST_CASE("absolute numbers are judged at the paper's own scale only", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.seeds = {0, 1};
  fixture.stand_in = false;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const Report report = rendered(plan, folder.path());
  const findings::Finding& cost = found(report.findings, "table3:qwen_moe:c4:full_cost");
  CHECK(cost.judgement.verdict == measure::Verdict::not_reproduced);
  CHECK(cost.scope.empty());
  CHECK_FALSE(has(report.terminal, "STAND-IN"));
}

TEST_CASE("files of a user's in a published corpus' place stand in, at the paper's scale too",
          "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.seeds = {0, 1, 2};
  fixture.stand_in = false;
  plan::Experiment experiment = plan_of(fixture).experiment;
  experiment.corpus_entries["c4"].name = "mine";
  experiment.corpus_entries["c4"].published.clear();
  const plan::Plan plan = plan::make_plan(std::move(experiment));
  write_runs(plan, fixture, folder.path());
  const Report report = rendered(plan, folder.path());
  CHECK(has(split(report.terminal, '\n')[0], "the paper's scale, STAND-IN corpora mine"));
  CHECK(has(report.terminal, "C4 > mine"));
  const auto text = [&](const char* id) {
    return findings::verdict_text(found(report.findings, id));
  };
  CHECK(text("table3:qwen_moe:c4:saving") == "not reproduced on a stand-in corpus");
  CHECK(text("table3:qwen_moe:wikitext2:saving") == "not reproduced");
  // An absolute number means nothing beside another text.
  CHECK(has(text("table3:qwen_moe:c4:full_cost"), "not tested"));
}

TEST_CASE("unsteady clocks are said, with the savings by each run's own clock", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.slowness = [](const std::string& corpus, const std::string& phase) {
    return corpus == "c4" && phase == "full" ? 1.5 : 1.0;
  };
  fixture.tune_loss = [](const std::string&, int64_t steps, int64_t) {
    return steps < 40 ? 5.9 : 5.005 - 1e-9;
  };
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const Report report = rendered(plan, folder.path());
  CHECK(has(report.terminal, "equal steps took up to 1.50x as long"));
  // 1 - (4 x 20 x 0.06 s x 0.35 x 312 / 165.2 + 40 x 0.1 s x 2.28) / (80 x 0.1 s x 2.28).
  for (const char* corpus : {"c4", "wikitext2"})
    CHECK(*found(report.findings, fmt::format("table3:qwen_moe:{}:saving", corpus)).here ==
          Approx(0.32605).margin(1e-4));
  // 1 - (4 x 2.7 s x 0.35 + 5.5 s x 2.28) / (13.5 s x 2.28), and / (9.5 s x 2.28).
  CHECK(has(report.terminal, "the saving would be Qwen 47 % C4, 25 % WikiText-2"));
}

TEST_CASE("a bound is marked as one in the sentence on timing", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.slowness = [](const std::string& corpus, const std::string& phase) {
    return corpus == "c4" && phase == "full" ? 1.5 : 1.0;
  };
  // Reached by the first rung in C4, by none in WikiText-2.
  fixture.tune_loss = [](const std::string& corpus, int64_t, int64_t) {
    return corpus == "c4" ? 4.9 : 5.4;
  };
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const std::string text =
      std::regex_replace(rendered(plan, folder.path()).terminal, std::regex("\\s+"), " ");
  CHECK(std::regex_search(
      text, std::regex("the saving would be Qwen >= \\d+ % C4, <= \\d+ % WikiText-2")));
}

TEST_CASE("the first caveat names the speed, its source and what other speeds would say",
          "[report]") {
  const TemporaryDirectory folder;
  const Fixture fixture;
  plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const auto first_note = [&] {
    const std::string text =
        std::regex_replace(rendered(plan, folder.path()).terminal, std::regex("\\s+"), " ");
    const size_t begin = text.find(" speed: "), end = text.find(" prices: ");
    REQUIRE(begin < end);
    return text.substr(begin, end - begin);
  };
  CHECK(has(first_note(),
            "a100-80g is taken to be 1.89x as fast as rtx-4090 (data-sheet peaks, "
            "bf16: 312.0 / 165.2 TFLOP/s)"));
  CHECK(has(first_note(), "at equal speed the saving would be Qwen 41 % C4"));
  CHECK(has(first_note(), "at the paper's speed (1.54x) the saving would be Qwen 36 % C4"));
  plan.experiment.speed = {plan::Speed::Rule::equal};
  CHECK(has(first_note(),
            "a100-80g is taken to be as fast as rtx-4090 (an assumption that favours "
            "the cheap device: table3)"));
  CHECK_FALSE(has(first_note(), "at equal speed"));
}

TEST_CASE("a fine-tune dearer than full training is saved by no price", "[report]") {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.tune_loss = [](const std::string&, int64_t steps, int64_t) {
    return steps < 100 ? 5.9 : 5.005 - 1e-9;
  };
  plan::Experiment experiment = plan_of(fixture).experiment;
  std::get<plan::DiscoArm>(experiment.arms[1]).finetune.horizons = {0.5, 1.25};
  const plan::Plan plan = plan::make_plan(std::move(experiment));
  write_runs(plan, fixture, folder.path());
  CHECK(has(rendered(plan, folder.path()).terminal,
            "no price of rtx-4090, not even 0, brings a saving in Qwen"));
}

TEST_CASE("steady clocks need no remark", "[report]") {
  const TemporaryDirectory folder;
  const Fixture fixture;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  CHECK_FALSE(has(rendered(plan, folder.path()).terminal, "timing:"));
}

TEST_CASE("a device without a price leaves dollars out and says so", "[report]") {
  const TemporaryDirectory folder;
  const Fixture fixture;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  findings::Sources sources = sources_of(folder.path());
  sources.prices.offers.pop_back();
  ReportOptions options;
  options.formats = {};
  const Report report = render(plan, sources, options);
  const findings::Finding& saving = found(report.findings, "table3:qwen_moe:c4:saving");
  CHECK_FALSE(saving.here);
  CHECK(has(saving.judgement.reason, "price"));
  CHECK(found(report.findings, "table3:qwen_moe:c4:step_speedup").here.has_value());
  CHECK(has(report.terminal, "a100-80g no price"));
}

TEST_CASE("a damaged result is an error that names the file", "[report]") {
  const TemporaryDirectory folder;
  const Fixture fixture;
  const plan::Plan plan = plan_of(fixture);
  write_runs(plan, fixture, folder.path());
  const run::RunDirectory full =
      directory_of(plan, plan.cells[0].arms[0].endings[0].job, folder.path());
  write_file_atomically(full.result_file(), "{\"steps\": 80}");
  CHECK_THROWS_WITH(rendered(plan, folder.path()), Catch::Contains(full.result_file().string()));
}

TEST_CASE("an unknown view is an error that lists the known ones", "[report]") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(
      rendered(viewed(plan_of({}), "table9"), folder.path()),
      Catch::Contains("no view 'table9'") && Catch::Contains("there are: table3, table1, table6"));
}

}  // namespace repro::report
