#include "plan/work.hpp"

#include <catch2/catch.hpp>

#include "measure/flops.hpp"

namespace repro::plan {
namespace {

JobWork job(double steps, double steady, double billed, int64_t devices = 1) {
  return {.profile = "card",
          .devices = devices,
          .steps = steps,
          .tokens = 10 * steps,
          .flops = 100 * steps,
          .flops_palm = 200 * steps,
          .steady_seconds = steady,
          .billed_seconds = billed};
}

// Two submodels side by side, the second on two devices; a merge that counts nowhere; a last phase.
Work three_phases() {
  return {{{"parts", "submodel", false, {job(30, 3600, 7200), job(20, 7200, 3600, 2)}},
           {"merge", "merging", true, {job(0, 1800, 900)}},
           {"tune", "fine-tune", false, {job(50, 1800, 5400)}}}};
}

}  // namespace

TEST_CASE("phases follow one another, their jobs run side by side, overheads stand apart",
          "[plan]") {
  const Work work = three_phases();
  CHECK(work.steps() == 50);
  CHECK(work.phases[0].most_steps() == 30);
  CHECK(work.sum(&JobWork::tokens) == 10 * (30 + 20 + 50));
  CHECK(work.sum(&JobWork::flops) == 100 * (30 + 20 + 50));
  CHECK(work.hours() == 2 + 0.5);
  CHECK(work.hours(ClockKind::billed) == 2 + 1.5);
  // Three devices are held for two hours.
  CHECK(work.phases[0].device_hours() == 6);
  CHECK(work.device_hours() == 6.5);
  CHECK(work.device_hours(ClockKind::billed) == 7.5);
  CHECK(work.phase("merge")->hours() == 0.5);
  CHECK(work.phase("parts")->title == "submodel");
  CHECK(work.phase("none") == nullptr);
}

TEST_CASE("what is billed are the jobs' own hours and devices, with the overheads or without",
          "[plan]") {
  const auto billed = three_phases().to_bill(ClockKind::steady, false);
  REQUIRE(billed.size() == 2);
  CHECK(billed[0].jobs[1].hours == 2);
  CHECK(billed[0].jobs[1].devices == 2);
  CHECK(billed[0].jobs[0].device == "card");
  CHECK(billed[1].name == "tune");
  const auto all = three_phases().to_bill(ClockKind::billed, true);
  REQUIRE(all.size() == 3);
  CHECK(all[1].overhead);
  CHECK(all[1].jobs[0].hours == 0.25);
  CHECK(all[0].jobs[0].hours == 2);
}

TEST_CASE("between two endings every quantity moves in proportion", "[plan]") {
  Work from = three_phases(), to = three_phases();
  to.phases[2].jobs[0] = job(90, 3600, 9000);
  const Work between = interpolate(from, to, 0.25);
  const JobWork& last = between.phases[2].jobs[0];
  CHECK(last.steps == 60);
  CHECK(last.tokens == 600);
  CHECK(last.flops == 6000);
  CHECK(last.flops_palm == 12000);
  CHECK(last.steady_seconds == 1800 + 450);
  CHECK(last.billed_seconds == 5400 + 900);
  CHECK(between.phases[0].jobs[0].steps == 30);
  CHECK(interpolate(from, to, 0).steps() == 50);
  CHECK(interpolate(from, to, 1).steps() == 90);
  const Work before = without_last_phase(three_phases());
  CHECK(before.steps() == 0);
  CHECK(before.hours() == 2);
  CHECK(before.phases[2].jobs[0].profile == "card");
  CHECK(before.sum(&JobWork::flops) == 5000);
}

TEST_CASE("a training counts its model's FLOPs for each token, another job nothing", "[plan]") {
  config::TrainSpec spec;
  spec.sequence = 64;
  run::Job training;
  training.kind = "train";
  training.name = "t";
  training.spec = config::to_json(spec);
  training.resources = {.profile = "card", .ranks = 3, .threads = 1};
  const JobWork work = count_work(training, 5, 320);
  const auto flops = [&](measure::Convention convention) {
    return 320.0 *
           static_cast<double>(measure::flops_per_token(convention, spec.model, spec.sequence));
  };
  CHECK(work.steps == 5);
  CHECK(work.tokens == 320);
  CHECK(work.devices == 3);
  CHECK(work.flops == flops(measure::Convention::megatron));
  CHECK(work.flops_palm == flops(measure::Convention::palm));
  CHECK(work.flops < work.flops_palm);
  training.kind = "merge";
  CHECK(count_work(training, 5, 320).flops == 0);
  CHECK(count_work(training, 5, 320).profile == "card");
}

TEST_CASE("an arm's work is known when each job it rests on is, priced by its phase", "[plan]") {
  ExperimentOptions options{.scale = "small", .settings = {"steps=800"}, .seeds = {}};
  const Plan plan = make_plan(load_experiment(REPRO_SOURCE_ROOT, "table3", options));
  const ArmPlan& disco = plan.cells[0].arms[1];
  std::vector<size_t> asked;
  const auto work = resources(disco, disco.endings[1], [&](size_t job_index) {
    asked.push_back(job_index);
    return std::optional(job(1, 2, 3));
  });
  REQUIRE(work);
  CHECK(asked.size() == 1 + 4 + 1 + 1);
  CHECK(work->phases.back().jobs.size() == 1);
  CHECK(work->phases.back().jobs[0].profile == disco.phases.back().profile);
  CHECK(work->phases[1].jobs[0].profile == disco.phases[1].profile);
  CHECK(work->phases[0].overhead);
  const size_t missing = disco.endings[1].job;
  CHECK_FALSE(resources(disco, disco.endings[1], [&](size_t job_index) {
    return job_index == missing ? std::nullopt : std::optional(job(1, 2, 3));
  }));
}

}  // namespace repro::plan
