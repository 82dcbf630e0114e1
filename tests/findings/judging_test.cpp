#include "findings/judging.hpp"

#include <nlohmann/json.hpp>

#include "findings/findings.hpp"
#include "findings/interval_text.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::findings {
namespace {

using measure::Verdict;
using report::Fixture;

// A fixture's findings; `change` edits the experiment before it is planned.
struct Judged {
  explicit Judged(
      const Fixture& fixture, const std::function<void(plan::Experiment&)>& change = [](auto&) {}) {
    plan::Experiment experiment = report::plan_of(fixture).experiment;
    change(experiment);
    plan = plan::make_plan(std::move(experiment));
    report::write_runs(plan, fixture, folder.path());
    sources = report::sources_of(folder.path());
    study.emplace(plan, sources);
    findings = findings_of(*study);
  }
  const Finding& operator[](const std::string& quantity) const {
    return finding(findings, *study, study->rows[0], quantity);
  }
  const claims::Quantity& quantity(const std::string& id) const {
    return *sources.claims.quantity(id);
  }

  TemporaryDirectory folder;
  plan::Plan plan;
  Sources sources;
  std::optional<Study> study;
  std::vector<Finding> findings;
};

Fixture of_seeds(int64_t count) {
  Fixture fixture;
  fixture.seeds.clear();
  for (int64_t seed = 0; seed < count; ++seed) fixture.seeds.push_back(seed);
  // Reaches between 20 and 40 steps, a little later in each seed.
  fixture.tune_loss = [](const std::string&, int64_t steps, int64_t seed) {
    return 5.9 - 0.9 * std::log(static_cast<double>(steps) / 10) / std::log(3.0) +
           0.01 * static_cast<double>(seed);
  };
  return fixture;
}

// Written once: tests only read it.
const Judged& judged_of_three() {
  static const Judged judged(of_seeds(3));
  return judged;
}

SeedValue estimate(double value) {
  SeedValue seed;
  seed.value = value;
  seed.range = {value, value};
  return seed;
}

std::optional<RowEffect> effect_of(const std::vector<SeedValue>& seeds) {
  return effect_over(seeds, std::nullopt, std::nullopt);
}

}  // namespace

TEST_CASE("seeds within one bracket of the ladder have the interval of their own spread",
          "[findings]") {
  const Judged& judged = judged_of_three();
  const Finding& speedup = judged["step_speedup"];
  REQUIRE(speedup.effect);
  std::vector<double> values;
  for (const Seed& seed : judged.study->rows[0].seeds)
    values.push_back(value_of(judged.quantity("step_speedup"), *judged.study, seed)->value);
  const auto student = measure::mean_interval(measure::summarise(values));
  CHECK(speedup.range->low == Approx(student->low));
  CHECK(speedup.range->high == Approx(student->high));
  CHECK(speedup.range->low > 2);  // the bracket is 2 to 4
  CHECK(speedup.range->high < 4);
}

TEST_CASE("a stand-in's verdict says so: what was found, or that it is inconclusive",
          "[findings]") {
  const Judged& three = judged_of_three();
  CHECK(three["step_speedup"].judgement.verdict == Verdict::not_reproduced);
  CHECK(verdict_text(three["step_speedup"]) == "not reproduced at stand-in scale");
  const Judged one(of_seeds(1));
  CHECK(verdict_text(one["step_speedup"]) == "inconclusive (stand-in)");
  CHECK(verdict_text(one["full_cost"]) == "not tested (stand-in)");
}

TEST_CASE("a stand-in of fewer than three seeds decides nothing, the paper's scale may",
          "[findings]") {
  Fixture fixture = of_seeds(2);
  fixture.tune_loss = [](const std::string&, int64_t steps, int64_t) {
    return steps < 40 ? 5.9 : 5.0;
  };
  const Judged judged(fixture);
  CHECK(judged["step_speedup"].judgement.verdict == Verdict::inconclusive);
  CHECK_THAT(judged["step_speedup"].judgement.reason,
             Catch::Contains("a stand-in is judged from 3 seeds on"));
  fixture.stand_in = false;
  CHECK(verdict_text(Judged(fixture)["step_speedup"]) == "not reproduced");
}

TEST_CASE("a corpus alone that stands in is named as such", "[findings]") {
  const Judged judged(of_seeds(3), [](plan::Experiment& e) { e.scale.stand_in = false; });
  CHECK(verdict_text(judged["step_speedup"]) == "not reproduced on a stand-in corpus");
}

TEST_CASE("of a scale that is not judged no number is tested, whatever the runs say",
          "[findings]") {
  const Judged judged(of_seeds(3), [](plan::Experiment& e) { e.scale.judged = false; });
  for (const Finding& finding : judged.findings) {
    CHECK(finding.judgement.verdict == Verdict::not_tested);
    CHECK_THAT(finding.judgement.reason, Catch::Contains("its numbers mean nothing"));
    CHECK_FALSE(finding.judgement.p);
  }
}

TEST_CASE("all numbers of the table that can be judged are judged together", "[findings]") {
  const Judged& judged = judged_of_three();
  int64_t tested = 0;
  for (const Finding& finding : judged.findings)
    tested += finding.judgement.verdict != Verdict::not_tested;
  CHECK(tested > 10);
  for (const Finding& finding : judged.findings) {
    if (!finding.judgement.p) continue;
    CHECK(finding.judgement.judged == tested);
    CHECK(*finding.judgement.p_holm >= *finding.judgement.p);
  }
}

TEST_CASE("what the manifest fixes is not tested", "[findings]") {
  const Judged& judged = judged_of_three();
  const auto reason = [&](const std::vector<SeedValue>& seeds) {
    return untested_reason(judged.quantity("sample_ratio"), *judged.study, judged.study->rows[0],
                           1.0, effect_of(seeds));
  };
  SeedValue fixed = estimate(1.3);
  fixed.room = measure::Interval{1.3, 1.3};
  CHECK(reason({fixed, fixed}) == "set by the manifest: the runs cannot change it");
  CHECK(reason({estimate(1.3), fixed}).empty());
}

TEST_CASE("a price that unsteady clocks alone could halve is not judged, a count of steps is",
          "[findings]") {
  const Judged& judged = judged_of_three();
  const auto reason = [&](const char* quantity, double paper, double timing) {
    SeedValue seed = estimate(0.4);
    seed.open.timing = timing;
    return untested_reason(judged.quantity(quantity), *judged.study, judged.study->rows[0], paper,
                           effect_of({seed, seed}));
  };
  CHECK(reason("saving", 0.7, 0.14).empty());
  CHECK(reason("saving", 0.7, 0.16) ==
        "too noisy to price: unsteady step times alone leave +- 16.0 points open");
  CHECK(reason("saving", 0.2, 0.11).starts_with("too noisy to price"));
  CHECK(reason("wall_speedup", 2.6, 1.2).empty());
  CHECK(reason("wall_speedup", 2.6, 1.4).starts_with("too noisy to price"));
  CHECK(reason("step_speedup", 2.6, 1.4).empty());
}

TEST_CASE("a seed that did not reach lies beyond its bound, as far as any steps could bring it",
          "[findings]") {
  SeedValue missed = estimate(1.33);
  missed.not_reached = missed.falls = true;
  const RowEffect row =
      effect_over({estimate(2.0), estimate(1.8), missed}, measure::Interval{0, 100}, std::nullopt);
  CHECK(row.effect.censored == 1);
  CHECK(row.effect.shown.low == 0);
  CHECK(row.effect.shown.high == 2.0);
  CHECK(row.effect.interval.low >= 0);
}

TEST_CASE("parts of the seeds are averaged, never divided by their number", "[findings]") {
  SeedValue seed = estimate(0.4);
  seed.open = {.rungs = 0.03, .target = 0.01, .timing = 0.02, .prices = 0.05};
  const RowEffect row = *effect_of({seed, seed, seed, seed});
  CHECK(row.effect.parts.rungs == Approx(0.03));
  CHECK(row.effect.parts.prices == Approx(0.05));
  CHECK(row.effect.above == Approx(seed.open.rungs * std::sqrt(39.0) / 3));
}

TEST_CASE("one seed's range is what its ladder allows, widened by what else is open",
          "[findings]") {
  SeedValue seed = estimate(2.5);
  seed.range = {2.2, 2.9};
  seed.open = {.rungs = 0.1, .target = 0, .timing = 0.3, .prices = 0};
  const auto range = effect_of({seed})->shown_range();
  REQUIRE(range);
  CHECK(range->low == Approx(2.5 - std::hypot(0.3, 0.3)));
  CHECK(range->high == Approx(2.5 + std::hypot(0.4, 0.3)));
}

TEST_CASE("a saving of no steps at all is the most that is possible", "[findings]") {
  Fixture fixture = of_seeds(2);
  fixture.slowness = [](const std::string&, const std::string&) { return 1.0; };
  fixture.tune_loss = [](const std::string&, int64_t steps, int64_t seed) {
    const double first = seed == 0 ? 11 : 59;  // hardly the same number of steps
    return static_cast<double>(steps) < first ? 5.9 : 5.0;
  };
  const Judged judged(fixture);
  const Finding& speedup = judged["step_speedup"];
  REQUIRE(speedup.range);
  CHECK(speedup.effect->centre - speedup.effect->below < 0);
  CHECK(speedup.range->low == Approx(0).margin(1e-6));
  // 1 - S / full: four submodels of 20 steps on the slower device at $0.35, 80 full steps at $2.28.
  const double s = 4 * 20 * 0.06 * (312 / 165.2) * 0.35, full = 80 * 0.1 * 2.28;
  CHECK(judged["saving"].range->high == Approx(1 - s / full).epsilon(1e-6));
}

TEST_CASE("an interval is told part by part, with its p among all", "[findings]") {
  const Judged& judged = judged_of_three();
  const Finding& saving = judged["saving"];
  const auto lines = part_lines(saving);
  REQUIRE(lines.size() == 6);
  CHECK_THAT(lines[0],
             Catch::StartsWith("seeds   +- ") && Catch::EndsWith(" points (3 seeds, t = 4.30)"));
  CHECK(lines[4] == "timing  +- 0.0 points");
  CHECK_THAT(p_text(saving.judgement),
             Catch::Contains("by Holm") && Catch::EndsWith(" numbers judged"));
  const nlohmann::json json = interval_json(saving);
  CHECK(json["parts"]["seeds"] == saving.effect->parts.seeds);
  CHECK(json["p_holm"] == *saving.judgement.p_holm);
  const Judged one(of_seeds(1));
  CHECK(part_lines(one["saving"])[0] == "seeds   unknown (1 seed, nothing measures their noise)");
  CHECK(p_text(one["saving"].judgement).empty());
  CHECK(interval_json(one["saving"])["parts"]["seeds"].is_null());
}

TEST_CASE("within a tenth of the published number counts as it, in the quantity's own sense",
          "[findings]") {
  const Judged& judged = judged_of_three();
  const measure::Effect effect;
  const auto of = [&](const char* quantity, double paper) {
    return question_of(judged.quantity(quantity), paper, effect);
  };
  CHECK(of("saving", 0.7).margin == Approx(0.07));
  CHECK(of("saving", -0.2).margin == Approx(0.02));
  CHECK(of("saving", 0.7).claimed == 0.7);
  CHECK(of("saving", 0.7).sense == measure::Sense::at_least);
  CHECK(of("sample_ratio", 0.9).sense == measure::Sense::at_most);
  CHECK(of("full_cost", 20).sense == measure::Sense::about);
}

TEST_CASE("a cell of one seed is judged by the noise of the cells that were repeated",
          "[findings]") {
  Judged judged(of_seeds(3));
  for (const plan::Cell& cell : judged.plan.cells)
    if (cell.corpus == "wikitext2" && cell.seed > 0)
      fs::remove_all(judged.folder.path() /
                     judged.plan.graph[cell.arms[0].endings[0].job].directory);
  judged.study.emplace(judged.plan, judged.sources);
  judged.findings = findings_of(*judged.study);
  std::vector<double> repeated;
  for (const Seed& seed : judged.study->rows[0].seeds)
    repeated.push_back(value_of(judged.quantity("step_speedup"), *judged.study, seed)->value);
  const Finding& alone =
      finding(judged.findings, *judged.study, judged.study->rows[1], "step_speedup");
  REQUIRE(alone.effect);
  CHECK(alone.effect->seeds == 1);
  CHECK(alone.effect->borrowed);
  CHECK(alone.effect->degrees_of_freedom == 2);
  CHECK(alone.effect->parts.seeds ==
        Approx(measure::student_quantile(0.975, 2) * measure::standard_deviation(repeated)));
  CHECK_FALSE(judged["step_speedup"].effect->borrowed);
}

TEST_CASE("only a verdict that a claim holds is kept back by a baseline that fails", "[findings]") {
  Finding finding;
  const measure::BaselineCheck weak{.state = measure::BaselineState::fails,
                                    .reasons = {"seeds spread"},
                                    .luck = {},
                                    .luck_text = ""};
  measure::BaselineCheck sound = weak;
  sound.state = measure::BaselineState::passes;
  finding.judgement.verdict = Verdict::reproduced;
  limit_baseline(sound, finding);
  limit_baseline(std::nullopt, finding);
  CHECK(finding.judgement.verdict == Verdict::reproduced);
  limit_baseline(weak, finding);
  CHECK(finding.judgement.verdict == Verdict::inconclusive);
  CHECK(finding.judgement.reason == "the baseline fails its check: seeds spread");
  finding.judgement.verdict = Verdict::not_reproduced;
  limit_baseline(weak, finding);
  CHECK(finding.judgement.verdict == Verdict::not_reproduced);
}

TEST_CASE("the room of a claim decides what the manifest fixes, its edges included", "[findings]") {
  const Judged& judged = judged_of_three();
  const auto reason = [&](double low, double high) {
    SeedValue seed = estimate(1.2);
    seed.room = measure::Interval{low, high};
    return untested_reason(judged.quantity("sample_ratio"), *judged.study, judged.study->rows[0],
                           1.0, effect_of({seed, seed}));
  };
  // At most 1.1 counts as the published 1.0.
  CHECK(reason(1.0, 1.1) == "set by the manifest: whatever is measured lies between 1.00 and 1.10");
  CHECK(reason(1.0, 1.11).empty());
  CHECK(reason(1.1, 1.75).empty());
  CHECK(reason(1.2, 1.75) ==
        "set by the manifest: whatever is measured lies between 1.20 and 1.75");
}

}  // namespace repro::findings
