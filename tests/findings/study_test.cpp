#include "findings/study.hpp"

#include "base/error.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::findings {
namespace {

using measure::Reach;
using report::Fixture;

// The runs of a fixture of two seeds; each seed's fine-tunes end at a loss of their own.
struct TwoSeeds {
  explicit TwoSeeds(double first, double second)
      : plan(report::plan_of(of(first, second))), sources(report::sources_of(folder.path())) {
    report::write_runs(plan, of(first, second), folder.path());
    study.emplace(plan, sources);
  }
  static Fixture of(double first, double second) {
    Fixture fixture;
    fixture.seeds = {0, 1};
    fixture.tune_loss = [=](const std::string&, int64_t, int64_t seed) {
      return seed == 0 ? first : second;
    };
    return fixture;
  }
  const StudyRow& row() const { return study->rows[0]; }
  run::RunDirectory directory(size_t job) const {
    return run::RunDirectory(folder.path() / plan.graph[job].directory);
  }

  TemporaryDirectory folder;
  plan::Plan plan;
  Sources sources;
  std::optional<Study> study;
};

constexpr double kMisses = 5.4, kHolds = 4.9;

}  // namespace

TEST_CASE("all seeds of a row ended so when each did, and none where one did otherwise",
          "[findings]") {
  const TwoSeeds both(kMisses, kMisses), one(kHolds, kMisses), none(kHolds, kHolds);
  CHECK(both.row().count(Reach::not_reached) == 2);
  CHECK(both.row().all(Reach::not_reached));
  CHECK(one.row().count(Reach::not_reached) == 1);
  CHECK(one.row().count(Reach::at_most) == 1);
  CHECK_FALSE(one.row().all(Reach::not_reached));
  CHECK_FALSE(one.row().all(Reach::at_most));
  CHECK(none.row().all(Reach::at_most));
  CHECK_FALSE(none.row().all(Reach::not_reached));
}

TEST_CASE("a row counts the seeds that can be compared, and names what keeps the others",
          "[findings]") {
  TwoSeeds seeds(kHolds, kHolds);
  CHECK(seeds.row().compared().size() == 2);
  CHECK(seeds.row().obstacle() == nullptr);
  CHECK(seeds.row().first() == &seeds.row().seeds[0]);
  CHECK(seeds.row().text(seeds.row().seeds[1]) == seeds.row().text() + ", seed 1");
  const run::RunDirectory lost = seeds.directory(seeds.plan.cells[0].arms[0].endings[0].job);
  fs::remove_all(lost.path());
  seeds.study.emplace(seeds.plan, seeds.sources);
  REQUIRE(seeds.row().compared().size() == 1);
  CHECK(seeds.row().first() == &seeds.row().seeds[1]);
  REQUIRE(seeds.row().obstacle() != nullptr);
  CHECK(seeds.row().obstacle()->directory == lost.path().filename());
  CHECK(obstacle_text(*seeds.row().obstacle()) == "not run");
  // No seed at all ended in any way.
  fs::remove_all(seeds.directory(seeds.plan.cells[1].arms[0].endings[0].job).path());
  seeds.study.emplace(seeds.plan, seeds.sources);
  CHECK(seeds.row().first() == nullptr);
  CHECK_FALSE(seeds.row().all(Reach::not_reached));
}

TEST_CASE("what failed is the obstacle, before what was not run", "[findings]") {
  TwoSeeds seeds(kHolds, kHolds);
  fs::remove_all(seeds.directory(seeds.plan.cells[0].arms[0].endings[0].job).path());
  const run::RunDirectory failed = seeds.directory(seeds.plan.cells[1].arms[1].phases[1].jobs[2]);
  fs::remove(failed.done_file());
  failed.mark_failed("the disk is full");
  seeds.study.emplace(seeds.plan, seeds.sources);
  REQUIRE(seeds.row().obstacle() != nullptr);
  CHECK(obstacle_text(*seeds.row().obstacle()) == "failed: the disk is full");
}

TEST_CASE("a study at the paper's scale stands in where one of its corpora does", "[findings]") {
  Fixture fixture;
  fixture.stand_in = false;
  const TemporaryDirectory folder;
  const Sources sources = report::sources_of(folder.path());
  const plan::Plan whole = report::plan_of(fixture);
  CHECK_FALSE(Study(whole, sources).stand_in());
  plan::Experiment experiment = whole.experiment;
  experiment.corpus_entries["wikitext2"].published.clear();
  const plan::Plan mixed = plan::make_plan(std::move(experiment));
  const Study study(mixed, sources);
  CHECK(study.stand_in());
  CHECK(study.rows[0].corpus_text() == "C4");
  CHECK(study.rows[1].corpus_text() == "WikiText-2 > wikitext2");
  CHECK(&study.baseline() == &study.plan.cells[0].arms[0]);
}

}  // namespace repro::findings
