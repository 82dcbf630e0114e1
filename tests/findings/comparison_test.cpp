#include "findings/comparison.hpp"

#include "findings/study.hpp"
#include "findings/values.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::findings {
namespace {

using report::Fixture;
using report::plan_of;
using report::sources_of;
using report::write_runs;

// The runs of a fixture with everything that is read of them; `change` edits the plan first.
struct Compared {
  explicit Compared(const Fixture& fixture = {}, plan::Plan planned = plan_of({}))
      : plan(std::move(planned)), sources(sources_of(folder.path())) {
    write_runs(plan, fixture, folder.path());
    study.emplace(plan, sources);
  }
  void read_again() { study.emplace(plan, sources); }
  const Seed& seed() const { return study->rows[0].seeds[0]; }
  const Standing& disco() const { return *seed().comparison->arms[1]; }
  double value(const std::string& quantity) const {
    const auto found = value_of(*sources.claims.quantity(quantity), *study, seed());
    REQUIRE(found);
    return found->value;
  }

  TemporaryDirectory folder;
  plan::Plan plan;
  Sources sources;
  std::optional<Study> study;
};

// The rung of 40 ends at the target's upper edge, so the estimate is that rung.
Fixture reaching_at_40() {
  Fixture fixture;
  fixture.tune_loss = [](const std::string&, int64_t steps, int64_t) {
    return steps < 40 ? 5.9 : 5.005 - 1e-9;
  };
  return fixture;
}

plan::Plan budget_plan(const std::string& equal, std::vector<double> horizons) {
  plan::Experiment experiment = plan_of({}).experiment;
  experiment.protocol = plan::Protocol::budget;
  experiment.budget.equal = equal;
  std::get<plan::DiscoArm>(experiment.arms[1]).finetune.horizons = std::move(horizons);
  return plan::make_plan(std::move(experiment));
}

}  // namespace

TEST_CASE("what a phase leaves, and how the loss jumped in it, is told by the phase's name",
          "[findings]") {
  Compared result(reaching_at_40());
  const auto value = [&](const std::string& name) {
    return value_of(claims::parse_here(name), result.seed(), Positions(2, Position::at),
                    terms_of(*result.study));
  };
  CHECK(value("unseen_loss.disco.merge") == 7.0);
  CHECK(value("bits_per_byte.disco.merge") == 7.0 / 2.5);
  CHECK_FALSE(value("unseen_loss.disco.submodels"));  // nothing was measured there
  CHECK_FALSE(value("gini.disco.merge"));
  CHECK_FALSE(value("spike.disco.finetune"));
  const plan::ArmPlan& disco = result.plan.cells[0].arms[1];
  const size_t job = disco.endings[result.disco().deciding].job;
  const run::RunDirectory directory(result.folder.path() / result.plan.graph[job].directory);
  nlohmann::json trained = directory.result();
  trained["spike"] = {{"loss_before", 5.0}, {"height", 0.5}, {"recovery", nullptr}};
  report::write_text(directory.result_file(), trained.dump());
  directory.mark_done();
  result.read_again();
  CHECK(value("spike.disco.finetune") == 0.5);
  CHECK_FALSE(value("recovery_steps.disco.finetune"));  // not within these steps
}

TEST_CASE("costs follow from step times, speeds and prices by the paper's accounting",
          "[findings]") {
  const Compared result(reaching_at_40());
  // Full: 80 x 0.1 s; a submodel: 20 x 0.06 s, and its device takes 312 / 165.2 as long; the
  // fine-tune: 40 x 0.1 s.
  const double sub = 20 * 0.06 * 312 / 165.2;
  const double full = 8.0 / 3600 * 2.28, s = 4 * sub / 3600 * 0.35, f = 4.0 / 3600 * 2.28;
  CHECK(result.value("full_cost") == Approx(full));
  CHECK(result.value("s_cost") == Approx(s));
  CHECK(result.value("f_cost") == Approx(f));
  CHECK(result.value("total_cost") == Approx(s + f));
  CHECK(result.value("saving") == Approx(1 - (s + f) / full));
  CHECK(result.value("step_speedup") == Approx(2.0));
  CHECK(result.value("wall_speedup") == Approx(8 / (sub + 4)));
  CHECK(result.value("sample_ratio") == Approx((4 * 20 + 40) / 80.0));
  CHECK(result.value("device_hour_ratio") == Approx((4 * sub + 4) / 8));
  CHECK(result.value("break_even_ratio") == Approx((8 - 4) / (4 * sub)));
}

TEST_CASE("the saving's range spans the rungs around the crossing", "[findings]") {
  const Compared result;
  CHECK(result.disco().reach == measure::Reach::reached);
  CHECK(result.disco().least == 20);
  CHECK(result.disco().most == 40);
  const auto saving =
      value_of(*result.sources.claims.quantity("saving"), *result.study, result.seed());
  REQUIRE(saving);
  CHECK(saving->range.low < saving->value);
  CHECK(saving->value < saving->range.high);
  CHECK(saving->falls);
}

TEST_CASE("an ending that the search asks for and that is still to come leaves no standing",
          "[findings]") {
  Compared result;
  const size_t rung = result.plan.cells[0].arms[1].endings[1].job;
  const run::RunDirectory directory(result.folder.path() / result.plan.graph[rung].directory);
  fs::remove(directory.done_file());
  result.read_again();
  CHECK(result.study->outcomes[rung].status.text() == "unfinished");
  REQUIRE(result.seed().comparison);
  CHECK(result.seed().comparison->arms[0]);
  CHECK_FALSE(result.seed().comparison->arms[1]);
}

TEST_CASE("an ending that the search passes by may be missing", "[findings]") {
  Compared result;
  const double before = result.disco().at;
  for (const size_t ending : {0, 3}) {
    const size_t job = result.plan.cells[0].arms[1].endings[ending].job;
    fs::remove_all(result.folder.path() / result.plan.graph[job].directory);
  }
  result.read_again();
  REQUIRE(result.seed().comparison->arms[1]);
  CHECK(result.disco().at == before);
  CHECK(result.disco().ladder.size() == 2);
}

TEST_CASE("the target is read in the manifest's metric, the others stand beside it", "[findings]") {
  Compared result;
  const plan::Ending& reference = result.plan.cells[0].arms[0].endings[0];
  CHECK(result.seed().comparison->target.loss == *result.seed().runs.loss(reference, "train_loss"));
  result.plan.experiment.target.metric = "unseen_loss";
  result.read_again();
  CHECK(result.seed().comparison->target.loss == Approx(5.1));
  REQUIRE(result.disco().by_metric.size() == 3);
  CHECK(result.disco().by_metric[1].metric == "unseen_loss");
  CHECK(result.disco().by_metric[1].steps.estimate == result.disco().at);
}

TEST_CASE("the error of a difference of unseen losses is that of the paired blocks", "[findings]") {
  Compared result;
  result.plan.experiment.target.metric = "unseen_loss";
  const auto& arms = result.plan.cells[0].arms;
  const plan::Ending& a = arms[0].endings[0];
  const plan::Ending& b = arms[1].endings[2];
  CHECK(result.seed().runs.difference_error(a, b) == 0);  // no blocks: nothing tells it
  const auto blocks = [&](const plan::Ending& ending) -> std::vector<double>& {
    return result.study->outcomes[ending.evals[0]].evaluation->measures.at("unseen").blocks;
  };
  blocks(a) = {4, 6, 5, 9};
  blocks(b) = {4.5, 6.1, 5.3, 9.5};
  // Differences -0.5, -0.1, -0.3, -0.5: what blocks share in difficulty is no error.
  const std::vector<double> differences = {-0.5, -0.1, -0.3, -0.5};
  CHECK(result.seed().runs.difference_error(a, b) ==
        Approx(measure::standard_deviation(differences) / 2));
}

TEST_CASE("equal data order is counted in steps, the first difference is named", "[findings]") {
  Compared result;
  REQUIRE(result.disco().order);
  CHECK(result.disco().order->compared == 60);
  CHECK_FALSE(result.disco().order->first_difference);
  const size_t rung = result.plan.cells[0].arms[1].endings[2].job;
  result.study->outcomes[rung].training->records.steps[16].data_hash += 1;
  const auto changed = compare(result.seed().runs, result.study->prices);
  REQUIRE(changed);
  CHECK(changed->arms[1]->order->first_difference == 17);
}

TEST_CASE("without prices there are ratios but no dollars", "[findings]") {
  Compared result;
  const double speedup = result.value("wall_speedup");
  result.sources.prices.offers.clear();
  result.read_again();
  CHECK_FALSE(value_of(*result.sources.claims.quantity("saving"), *result.study, result.seed()));
  CHECK(result.value("wall_speedup") == speedup);
}

TEST_CASE("a window longer than a run is an error naming the run and the setting", "[findings]") {
  Compared result;
  result.plan.experiment.target.window = 50;
  CHECK_THROWS_WITH(result.seed().runs.final_loss(result.plan.cells[0].arms[1].endings[0].job),
                    Catch::Contains("tune10") && Catch::Contains("set target.window"));
}

TEST_CASE("under a budget of steps an arm stands where it has made the baseline's", "[findings]") {
  const Compared result({}, budget_plan("steps", {0.5, 1, 1.5}));
  CHECK(result.disco().at == 80);
  CHECK(result.disco().most == result.disco().least);
  CHECK(result.disco().deciding == 1);
}

TEST_CASE("a budget between two endings is spent between them, and so is the loss", "[findings]") {
  // Device-hours: four submodels of 2.27 s are more than the baseline's 8 s already.
  const Compared result({}, budget_plan("hours", {0.25, 1.5}));
  CHECK(result.disco().reach == measure::Reach::at_most);
  const Compared steps({}, budget_plan("steps", {0.5, 1.5}));
  CHECK(steps.disco().at == Approx(80));
  CHECK(steps.disco().deciding == 1);
  const double at_40 = steps.seed().runs.final_loss(steps.plan.cells[0].arms[1].endings[0].job);
  const double at_120 = steps.seed().runs.final_loss(steps.plan.cells[0].arms[1].endings[1].job);
  const double loss = at_40 + std::log(2.0) / std::log(3.0) * (at_120 - at_40);
  CHECK(steps.value("disco_loss") == Approx(loss));
}

TEST_CASE("a budget beyond the longest ending is a bound, never a number", "[findings]") {
  const Compared result({}, budget_plan("steps", {0.25, 0.5}));
  CHECK(result.disco().reach == measure::Reach::not_reached);
  CHECK_FALSE(result.disco().most);
}

TEST_CASE("beyond the longest ending no run costs less than nothing, however it was billed",
          "[findings]") {
  Compared result;
  const plan::ArmPlan& arm = result.plan.cells[0].arms[1];
  result.study->outcomes[arm.endings[3].job].seconds =
      1;  // a busy machine before, a quiet one here
  const auto work = result.seed().runs.work_at(arm, 600);
  REQUIRE(work);
  CHECK(work->hours(plan::ClockKind::billed) > 0);
  CHECK(work->hours() > 0);
}

TEST_CASE("overheads stand apart: in a phase's own dollars, in no sum", "[findings]") {
  const Compared result(reaching_at_40());
  const auto work = result.seed().runs.work_at(result.plan.cells[0].arms[1], 40);
  REQUIRE(work);
  CHECK(work->phases.size() == 4);
  CHECK(work->hours(plan::ClockKind::billed) == Approx((2.7 + 5.5) / 3600));
  CHECK(work->to_bill(plan::ClockKind::billed, false).size() == 2);
  CHECK(work->to_bill(plan::ClockKind::billed, true).size() == 4);
}

TEST_CASE("a phase takes as long as its longest job, wherever among the others that stands",
          "[findings]") {
  Compared result(reaching_at_40());
  const plan::ArmPlan& arm = result.plan.cells[0].arms[1];
  const std::vector<size_t>& submodels = arm.phases[1].jobs;
  REQUIRE(submodels.size() == 4);
  result.study->outcomes[submodels[1]].seconds = 9;  // the others took 2.7
  const auto work = result.seed().runs.work_to(arm, arm.endings[2]);
  REQUIRE(work);
  CHECK(work->phases[1].hours(plan::ClockKind::billed) == Approx(9.0 / 3600));
  CHECK(work->phases[1].device_hours(plan::ClockKind::billed) == Approx(4 * 9.0 / 3600));
  CHECK(work->hours(plan::ClockKind::billed) == Approx((9 + 5.5) / 3600));
}

TEST_CASE("a formula that names an unknown arm, phase or measure is refused at its line",
          "[findings]") {
  const Compared result;
  config::Problems problems;
  claims::Quantity quantity = *result.sources.claims.quantity("saving");
  quantity.here.emplace("dollars.disko + hours.full.trian + speed.full");
  claims::check_here(quantity, {{"full", {"train"}}, {"disco", {"submodels", "finetune"}}},
                     problems);
  CHECK_THROWS_WITH(problems.throw_if_any(),
                    Catch::Contains("claims.toml:") &&
                        Catch::Contains("no arm 'disko' (did you mean 'disco'?)") &&
                        Catch::Contains("no phase 'trian' (did you mean 'train'?)") &&
                        Catch::Contains("'speed' is no measure"));
}

TEST_CASE("losses are the language model's, without what balances experts", "[findings]") {
  Compared result;
  const plan::Ending& whole = result.plan.cells[0].arms[0].endings[0];
  const Training& training = *result.seed().runs.training(whole.job);
  CHECK(training.records.steps.back().loss > training.records.steps.back().lm_loss);
  CHECK(result.seed().runs.final_loss(whole.job) == Approx(5.0));
  CHECK(result.seed().comparison->target.loss == Approx(5.0));
  REQUIRE(result.disco().first_touch);
  // Of the run of 60, whose last ten steps have its final loss of 4.74.
  CHECK(result.disco().first_touch->by <= 60);
}

TEST_CASE("a training loss is off by the spread of its window, of both runs", "[findings]") {
  Compared result;
  const auto& arms = result.plan.cells[0].arms;
  const plan::Ending &a = arms[0].endings[0], &b = arms[1].endings[2];
  CHECK(result.seed().runs.difference_error(a, b) == Approx(0).margin(1e-12));
  const auto spread = [&](const plan::Ending& ending, double by) {
    auto& steps = result.study->outcomes[ending.job].training->records.steps;
    for (size_t i = steps.size() - 10; i < steps.size(); ++i)
      steps[i].lm_loss += i % 2 == 0 ? by : -by;
  };
  spread(a, 0.3);
  spread(b, 0.4);
  // Standard deviations of ten values, half above and half below.
  const double root = std::sqrt(10.0 / 9);
  CHECK(result.seed().runs.difference_error(a, b) ==
        Approx(root * std::hypot(0.3, 0.4) / std::sqrt(10.0)));
}

TEST_CASE("a budget of tokens or dollars is spent by earlier phases too", "[findings]") {
  // Four submodels of 20 steps have seen the tokens of the baseline's 80 already.
  const Compared tokens({}, budget_plan("tokens", {0.2, 0.5}));
  CHECK(tokens.disco().reach == measure::Reach::at_most);
  CHECK(tokens.disco().least == 0);
  CHECK(tokens.disco().most == 16);
  // 80 x 0.1 s x 2.28 less the submodels' dollars buy 66.1 steps of the dear device.
  const double submodels = 4 * 20 * 0.06 * 312 / 165.2 * 0.35;
  const Compared dollars({}, budget_plan("dollars", {0.5, 1}));
  CHECK(dollars.disco().at == Approx((8 * 2.28 - submodels) / (0.1 * 2.28)));
  CHECK(dollars.disco().deciding == 1);
}

TEST_CASE("a price stands where it is given, else the snapshot's median of that device",
          "[findings]") {
  config::PriceSnapshot snapshot;
  for (const double each : {1.0, 2.0, 9.0}) snapshot.offers.push_back(report::offer("x", each));
  const Prices prices(snapshot);
  CHECK(prices.of("x") == 2.0);
  CHECK_FALSE(prices.of("y"));
  CHECK(prices.with("x", 5).of("x") == 5.0);
  CHECK(prices.with("y", 5).of("y") == 5.0);
  CHECK(prices.of("x") == 2.0);
  CHECK_FALSE(Prices().of("x"));
}

}  // namespace repro::findings
