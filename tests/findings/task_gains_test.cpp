#include "findings/task_gains.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "findings/findings.hpp"
#include "findings/judging.hpp"
#include "findings/score_texts.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::findings {
namespace {

using measure::Normalised;
using measure::Verdict;
using report::Fixture;
using report::kItems;

// Of 400 items with two choices, so many are right in each model.
Fixture with_right(std::function<int64_t(const std::string& phase, int64_t steps)> right,
                   std::vector<int64_t> seeds = {0, 1, 2}) {
  Fixture fixture;
  fixture.tasks = {"pairs"};
  fixture.seeds = std::move(seeds);
  fixture.is_right = [=](int64_t item, const std::string& phase, int64_t steps, int64_t) {
    return item < right(phase, steps);
  };
  return fixture;
}

Fixture with_right(int64_t full, int64_t tuned) {
  return with_right(
      [=](const std::string& phase, int64_t) { return phase == "full" ? full : tuned; });
}

struct Answered {
  explicit Answered(
      const Fixture& fixture, const std::function<void(plan::Experiment&)>& change = [](auto&) {}) {
    plan::Experiment experiment = report::plan_of(fixture).experiment;
    experiment.view = "scores";
    change(experiment);
    plan = plan::make_plan(std::move(experiment));
    report::write_runs(plan, fixture, folder.path());
    sources = report::sources_of(folder.path());
    study.emplace(plan, sources);
    gains = task_gains(*study);
    findings = findings_of(*study);
  }
  const TaskGain& gain(const std::string& cut, size_t row = 0) const {
    for (const TaskGain& one : gains.at(row))
      if (one.question.cut == cut && one.question.metric == Normalised::none) return one;
    FAIL("no cut " << cut);
    return gains[0][0];
  }
  const Finding& finding_at(const std::string& cut) const {
    return finding(findings, *study, study->rows[0], gain_name(*study, gain(cut).question));
  }

  TemporaryDirectory folder;
  plan::Plan plan;
  Sources sources;
  std::optional<Study> study;
  std::vector<std::vector<TaskGain>> gains;
  std::vector<Finding> findings;
};

}  // namespace

TEST_CASE("an arm's gain is over the same items, at the ending that stands for the cut",
          "[findings]") {
  const Answered answered(with_right(280, 340));
  const TaskGain& loss = answered.gain("loss");
  REQUIRE(loss.seeds.size() == 3);
  CHECK(loss.scores[0].value == Approx(0.85));
  CHECK(loss.baseline_scores[0].value == Approx(0.7));
  CHECK(loss.pairs[0].only_a == 0);
  CHECK(loss.pairs[0].only_b == 60);
  CHECK(loss.pairs[0].clusters == 20);
  CHECK(loss.own->bound == 0);
  CHECK(loss.gain->centre == Approx(0.15));
  CHECK(loss.gain->parts.items > 0);
  CHECK(loss.gain->parts.seeds == Approx(0).margin(1e-12));
  // Both metrics, three cuts, of both corpora.
  CHECK(answered.gains.size() == 2);
  CHECK(answered.gains[0].size() == 6);
}

TEST_CASE("where the ladder ends below the cut a score is at least what its longest ending has",
          "[findings]") {
  const Answered answered(with_right(280, 340));
  for (const char* cut : {"steps", "dollars"}) {
    const TaskGain& gain = answered.gain(cut);
    CHECK(gain.own->bound == 1);
    CHECK(gain.gain->censored == 3);
    CHECK(answered.finding_at(cut).here_text.starts_with(">= "));
    CHECK_THAT(cut_remark(gain.standing(0), answered.plan.cells[0].arms[1]),
               Catch::StartsWith("the longest fine-tune of 60 steps has"));
  }
}

TEST_CASE("between two endings an arm's answers count in proportion, and the spacing stays open",
          "[findings]") {
  const auto right = [](const std::string& phase, int64_t steps) -> int64_t {
    return phase == "full" ? 200 : 4 * steps;
  };
  const Answered answered(with_right(right), [](plan::Experiment& experiment) {
    std::get<plan::DiscoArm>(experiment.arms[1]).finetune.horizons = {0.25, 0.5, 0.75, 1};
  });
  const TaskGain& dollars = answered.gain("dollars");
  const CutStanding& standing = dollars.standing(0);
  REQUIRE(standing.endings().size() == 2);
  const double part = standing.part();
  CHECK(part > 0.1);
  CHECK(part < 0.5);
  CHECK(dollars.scores[0].value == Approx((1 - part) * 0.6 + part * 0.8));
  CHECK(dollars.scores[0].rungs == Approx((1 - part) * 0.2));
  CHECK(dollars.gain->parts.rungs == Approx((1 - part) * 0.2));
  CHECK(answered.gain("steps").scores[0].value == Approx(0.8));
  CHECK(answered.finding_at("dollars").evidence == "calibrated");
  CHECK(answered.finding_at("steps").evidence == "measured");
}

TEST_CASE("seeds and items both leave a gain open, and one seed decides nothing", "[findings]") {
  Fixture fixture;
  fixture.tasks = {"pairs"};
  fixture.seeds = {0, 1, 2};
  const Answered three(fixture);
  const auto& gain = three.gain("loss").gain;
  CHECK(gain->has_noise());
  CHECK(gain->parts.seeds > 0);
  CHECK(gain->interval.low < gain->centre);
  fixture.seeds = {0};
  const Answered one(fixture);
  CHECK_FALSE(one.gain("loss").gain->has_noise());
  CHECK(one.finding_at("loss").judgement.verdict == Verdict::inconclusive);
  CHECK_THAT(one.finding_at("loss").judgement.reason, Catch::Contains("one seed"));
}

TEST_CASE("a clear gain is reproduced, unless a score of it is within noise of guessing",
          "[findings]") {
  CHECK(verdict_text(Answered(with_right(260, 380)).finding_at("loss")) ==
        "reproduced at stand-in scale");
  const Answered blind(with_right(205, 380));
  CHECK(blind.finding_at("loss").judgement.verdict == Verdict::inconclusive);
  CHECK(blind.finding_at("loss").judgement.reason == "a score is within noise of guessing");
  CHECK(blind.gain("loss").baseline->is_blind());
  CHECK_FALSE(blind.gain("loss").own->is_blind());
}

TEST_CASE("where every score is a guess not even a missing gain is a finding", "[findings]") {
  CHECK(Answered(with_right(300, 300)).finding_at("loss").judgement.verdict ==
        Verdict::not_reproduced);
  const Answered guessed(with_right(200, 200));
  CHECK(guessed.finding_at("loss").judgement.verdict == Verdict::inconclusive);
  CHECK_THAT(guessed.finding_at("loss").judgement.reason,
             Catch::StartsWith("every score is within noise of guessing"));
}

TEST_CASE("a score of a stand-in is not tested, and a cell that the paper has not shows no number",
          "[findings]") {
  const Answered answered(with_right(280, 340));
  const TaskQuestion& question = answered.gain("loss").question;
  const auto of_row = [&](size_t row, const std::string& name) {
    return finding(answered.findings, *answered.study, answered.study->rows[row], name);
  };
  const Finding score = of_row(0, score_name(*answered.study, question));
  CHECK(score.id == "table3:qwen_moe:c4:pairs.acc.disco.loss");
  CHECK(score.paper_text == "57.0");
  CHECK(score.judgement.verdict == Verdict::not_tested);
  CHECK(of_row(0, baseline_score_name(*answered.study, question)).paper_text == "52.25");
  CHECK(*of_row(0, gain_name(*answered.study, question)).paper == Approx(0.0475));
  CHECK_FALSE(of_row(1, gain_name(*answered.study, question)).paper);
  CHECK(of_row(1, gain_name(*answered.study, question)).judgement.reason ==
        "the paper gives no number");
  CHECK(score.inputs.size() > 6);
}

TEST_CASE("printed percentages are held against counts of the paper's items", "[findings]") {
  const Answered answered(with_right(280, 340));
  const auto counts = [&](const std::string& arm, size_t row = 0) {
    return printed_counts(*answered.study, answered.study->rows[row], "pairs", arm);
  };
  CHECK(counts("full") == "52.25: no count of 1,838 items prints so");
  CHECK(counts("disco") == "57.0: 1,047 to 1,048 of 1,838");
  CHECK(counts("full", 1).empty());
}

TEST_CASE("how many items show a point follows from how many answers are unlike", "[findings]") {
  const Answered answered(with_right(280, 340));
  // 60 of 400 pairs differ: (1.96 sqrt(0.15) + 0.8416 sqrt(0.1499))^2 / 0.0001.
  CHECK(answered.gain("loss").items_to_see() == 11771);
  CHECK(Answered(with_right(300, 300)).gain("loss").items_to_see() > 0);
  // Who always gives the first choice is right where that is the right one, and differs from
  // nobody.
  Fixture first_always = with_right(0, 0);
  first_always.is_right = [](int64_t item, const std::string&, int64_t, int64_t) {
    return item / 7 % 2 == 0;
  };
  CHECK(Answered(first_always).gain("loss").items_to_see() == 0);
}

TEST_CASE("answers to other items are no pairs", "[findings]") {
  const Fixture fixture = with_right(280, 340);
  Answered answered(fixture);
  const size_t job = answered.plan.cells[0].arms[0].endings[0].answers[0].job;
  const run::RunDirectory directory(answered.folder.path() / answered.plan.graph[job].directory);
  const fs::path file = directory.path() / "answers-pairs.jsonl";
  std::string lines = read_file(file);
  write_file_atomically(file, lines.substr(0, lines.rfind("{\"bytes\"")));
  directory.mark_done();  // as if it had left this
  const Study study(answered.plan, answered.sources);
  CHECK_THROWS_WITH(task_gains(study), Catch::Contains("full and disco answered other items"));
  write_file_atomically(file, "{\"id\": 0}\n");
  directory.mark_done();
  CHECK_THROWS_WITH(Study(answered.plan, answered.sources),
                    Catch::Contains("answers-pairs.jsonl:1: is no answer"));
}

TEST_CASE("arms that have not answered yet have no gain, and the report says what is missing",
          "[findings]") {
  const Fixture fixture = with_right(280, 340);
  Answered answered(fixture);
  const size_t job = answered.plan.cells[0].arms[0].endings[0].answers[0].job;
  fs::remove_all(answered.folder.path() / answered.plan.graph[job].directory);
  const Study study(answered.plan, answered.sources);
  const auto gains = task_gains(study);
  CHECK(gains[0][0].seeds.size() == 2);
  const Status* obstacle = study.rows[0].obstacle();
  REQUIRE(obstacle);
  CHECK_THAT(obstacle->directory, Catch::StartsWith("eval-qwen_moe-c4-full-pairs-s0"));
}

}  // namespace repro::findings
