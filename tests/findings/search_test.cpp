#include "findings/search.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "report/fixture_runs.hpp"

namespace repro::findings {
namespace {

using plan::Ending;

// Endings of 10, 20, ... steps whose losses are looked up; what is not in the map has not run.
struct Ladder {
  explicit Ladder(size_t size) {
    for (size_t i = 0; i < size; ++i)
      endings.push_back({static_cast<int64_t>(10 * (i + 1)), i, {}});
  }
  LadderSearch search(std::optional<double> threshold = 4.0) const {
    return search_ladder(
        endings,
        [this](const Ending& ending) -> EndingResult {
          if (failed.contains(ending.job)) return {true, std::nullopt};
          const auto at = losses.find(ending.job);
          return at == losses.end() ? EndingResult{} : EndingResult{true, at->second};
        },
        threshold);
  }
  // Runs what is asked for until nothing is; `holds_from`: the first ending that reaches the
  // target.
  LadderSearch run(size_t holds_from) {
    while (true) {
      const LadderSearch found = search();
      if (found.settled) return found;
      const size_t next = found.asked.back();
      REQUIRE_FALSE(losses.contains(next));
      losses[next] = next >= holds_from ? 3.9 : 4.1;
    }
  }

  std::vector<Ending> endings;
  std::map<size_t, double> losses;
  std::set<size_t> failed;
};

// The manifest of the fixture with rates 0.5 and 2 and ladders on both arms.
plan::Plan tuned_plan() {
  plan::Experiment experiment = report::plan_of({}).experiment;
  experiment.check.rates = {0.5, 2};
  std::get<plan::FullArm>(experiment.arms[0]).horizons = {1, 1.5};
  return plan::make_plan(std::move(experiment));
}

// Runs what is wanted, with these losses, until nothing more is; the jobs of all that.
std::set<size_t> run_all(const plan::Plan& plan,
                         const std::function<double(const Ending&)>& loss_of) {
  std::set<size_t> done;
  const EndingReader read = [&](const Ending& ending) -> EndingResult {
    return done.contains(ending.job) ? EndingResult{true, loss_of(ending)} : EndingResult{};
  };
  while (true) {
    const std::vector<bool> wanted = wanted_jobs(plan, read);
    const size_t before = done.size();
    for (size_t job = 0; job < wanted.size(); ++job)
      if (wanted[job]) done.insert(job);
    if (done.size() == before) return done;
  }
}

}  // namespace

TEST_CASE("a search finds the smallest ending that reaches the target, wherever it is",
          "[findings]") {
  for (size_t holds_from = 0; holds_from <= 8; ++holds_from) {
    Ladder ladder(8);
    const LadderSearch found = ladder.run(holds_from);
    if (holds_from == 8)
      CHECK_FALSE(found.holds);
    else
      CHECK(found.holds == holds_from);
    CHECK(ladder.losses.size() <= 4);
    // Its neighbour below was tried: the bracket is as narrow as the ladder allows.
    if (holds_from > 0) CHECK(ladder.losses.contains(holds_from - 1));
  }
}

TEST_CASE("before the target is known the search asks for one ending only", "[findings]") {
  Ladder ladder(4);
  CHECK(ladder.search(std::nullopt).asked == std::vector<size_t>{2});
  ladder.losses[2] = 3;
  CHECK_FALSE(ladder.search(std::nullopt).settled);
}

TEST_CASE("an ending whose run failed is passed over", "[findings]") {
  Ladder ladder(4);
  ladder.failed = {2};
  const LadderSearch found = ladder.run(3);
  CHECK(found.holds == 3);
  CHECK(ladder.losses.contains(1));
}

TEST_CASE("a loss that is not a number reaches no target", "[findings]") {
  Ladder ladder(1);
  ladder.losses[0] = NAN;
  CHECK(ladder.search().settled);
  CHECK_FALSE(ladder.search().holds);
}

TEST_CASE("rates are compared where the search ended; only the best gets a ladder", "[findings]") {
  const plan::Plan plan = tuned_plan();
  const plan::Cell& cell = plan.cells.front();
  const plan::ArmPlan& full = cell.arms[0];
  std::set<size_t> twice;
  for (const plan::Cell& one : plan.cells)
    for (const plan::ArmPlan& arm : one.arms)
      for (const Ending& ending : arm.endings_at(2)) twice.insert(ending.job);
  const std::set<size_t> ran = run_all(plan, [&](const Ending& ending) {
    return 5.0 - 0.01 * static_cast<double>(ending.steps) / 80 -
           (twice.contains(ending.job) ? 1 : 0);
  });
  CHECK(ran.contains(full.endings_at(2)[1].job));          // the equal-work rung, at the best rate
  CHECK_FALSE(ran.contains(full.endings_at(0.5)[1].job));  // and at no other
  CHECK(ran.contains(full.endings_at(0.5)[0].job));
}

TEST_CASE("no search takes more than was planned", "[findings]") {
  const plan::Plan plan = tuned_plan();
  const std::vector<bool> most = most_jobs(plan);
  const auto planned = static_cast<size_t>(std::count(most.begin(), most.end(), true));
  CHECK(planned < plan.graph.jobs().size());
  for (const double shift : {-2.0, -0.5, 0.0, 0.5, 2.0})
    CHECK(run_all(plan, [&](const Ending& ending) {
            return 5.0 + shift * static_cast<double>(ending.job % 7) / 7 -
                   0.2 * std::log(static_cast<double>(ending.steps));
          }).size() <= planned);
}

TEST_CASE("under a budget every ending is wanted", "[findings]") {
  plan::Experiment experiment = report::plan_of({}).experiment;
  experiment.protocol = plan::Protocol::budget;
  const plan::Plan plan = plan::make_plan(std::move(experiment));
  const std::vector<bool> wanted = wanted_jobs(plan, [](const Ending&) { return EndingResult{}; });
  CHECK(std::count(wanted.begin(), wanted.end(), false) == 0);
}

}  // namespace repro::findings
