#include "forecast/phase_run.hpp"

#include <catch2/catch.hpp>

#include "measure/memory.hpp"
#include "measure/parameters.hpp"

namespace repro::forecast {
namespace {

const ThroughputModel kNothing({}, [](const std::string&) { return config::Profile(); });

// A device on which a step of the task takes two seconds.
Pool measured_pool(int64_t count, double gigabytes = 80) {
  Pool pool;
  pool.count = count;
  pool.device.name = "mine";
  pool.device.memory_bytes = static_cast<int64_t>(gigabytes * 1e9);
  config::MeasuredStep step;
  step.model = "toy";
  step.size = "paper";
  step.batch = 16;
  step.sequence = 128;
  step.seconds = 2;
  step.seconds_low = 1.8;
  step.seconds_high = 2.6;
  pool.device.measured.steps = {step};
  return pool;
}

PhaseTask toy_task() {
  PhaseTask task;
  task.title = "training";
  task.model_key = "toy";
  task.shape = "full";
  task.size = "paper";
  task.jobs = 1;
  task.steps = 1800;
  task.batch = 16;
  task.sequence = 128;
  return task;
}

double gigabytes_of_state(const PhaseTask& task) {
  return 16 * static_cast<double>(measure::count_parameters(task.model).full()) / 1e9;
}

}  // namespace

TEST_CASE("hours of a phase are its steps by the step that was measured", "[forecast]") {
  const PhaseRun run = run_phase(toy_task(), measured_pool(1), Want::cheapest, kNothing);
  REQUIRE(run.possible());
  CHECK(run.evidence == measure::Evidence::calibrated);
  CHECK(run.hours.expected() == Approx(1));
  CHECK(run.hours.fast() == Approx(0.9));
  CHECK(run.hours.slow() == Approx(1.3));
  CHECK(run.device_hours.expected() == Approx(1));
}

TEST_CASE("jobs run side by side as far as there are devices, then in rounds", "[forecast]") {
  PhaseTask task = toy_task();
  task.jobs = 4;
  const auto run_on = [&](int64_t count) {
    return run_phase(task, measured_pool(count), Want::cheapest, kNothing);
  };
  CHECK(run_on(8).side_by_side == 4);  // what is left idle is not paid
  CHECK(run_on(8).hours.expected() == Approx(1));
  CHECK(run_on(8).device_hours.expected() == Approx(4));
  CHECK(run_on(3).rounds == 2);
  CHECK(run_on(3).hours.expected() == Approx(2));
  CHECK(run_on(3).device_hours.expected() == Approx(6));
  CHECK(run_on(1).rounds == 4);
  CHECK(run_on(1).device_hours.expected() == Approx(4));
}

TEST_CASE(
    "a micro-batch is the largest that fits, and activations are recomputed before a second "
    "device is taken",
    "[forecast]") {
  PhaseTask task = toy_task();
  const double state = gigabytes_of_state(task) + MemoryFit::kReserved / 1e9;
  const auto activations = [&](int64_t sequences) {
    const auto estimate =
        measure::estimate_memory(task.model, task.precision, sequences * task.sequence);
    return static_cast<double>(estimate.activation_bytes + estimate.logits_bytes) / 1e9;
  };
  const auto fit = [&](double gigabytes, int64_t most = 1) {
    return fit_memory(task, measured_pool(1, gigabytes).device, 1, most);
  };
  const MemoryFit all = fit(state + activations(16) + 1e-4);
  CHECK((all.fits && all.micro_batch == 16 && all.recompute == Recompute::none));
  const MemoryFit half = fit(state + activations(16) - 1e-4);
  CHECK((half.fits && half.micro_batch == 8 && half.recompute == Recompute::none));
  const MemoryFit recomputing = fit(state + activations(1) - 1e-4);
  CHECK((recomputing.fits && recomputing.recompute == Recompute::full));
  CHECK_FALSE(fit(state - 1e-3).fits);
  const MemoryFit two = fit(state - 1e-3, 4);
  CHECK((two.fits && two.devices == 2));
}

TEST_CASE("what does not fit has no hours and says why", "[forecast]") {
  const PhaseRun run = run_phase(toy_task(), measured_pool(1, 0.1), Want::cheapest, kNothing);
  CHECK_FALSE(run.possible());
  CHECK_THAT(run.obstacle, Catch::StartsWith("does not fit: ") && Catch::Contains("of 0.1"));
  Pool unknown = measured_pool(1);
  unknown.device.memory_bytes = 0;
  CHECK(run_phase(toy_task(), unknown, Want::cheapest, kNothing).obstacle ==
        "profile 'mine' does not say its memory");
  Pool untimed = measured_pool(1);
  untimed.device.measured.steps.clear();
  CHECK(run_phase(toy_task(), untimed, Want::cheapest, kNothing).obstacle ==
        "profile 'mine' has no bf16 peak with fp32 accumulation");
}

TEST_CASE("who wants the fastest shares a job among devices, as far as their link allows",
          "[forecast]") {
  Pool pool = measured_pool(4);
  pool.device.link = 900e9;
  const PhaseRun fast = run_phase(toy_task(), pool, Want::fastest, kNothing);
  CHECK(fast.memory.devices == 4);
  CHECK(fast.hours.expected() == Approx(0.25).epsilon(0.05));
  CHECK(fast.device_hours.expected() == Approx(4 * fast.hours.expected()));
  CHECK(run_phase(toy_task(), pool, Want::cheapest, kNothing).memory.devices == 1);
  pool.device.link = 1e3;  // gradients would take days
  CHECK(run_phase(toy_task(), pool, Want::fastest, kNothing).memory.devices == 1);
}

TEST_CASE("without a measured step the hours are read off the nearest published training",
          "[forecast]") {
  ThroughputVector vector;
  vector.id = "V1";
  vector.profile = "card";
  vector.devices = 1;
  vector.sequence = 128;
  vector.dtype = "bf16";
  PhaseTask task = toy_task();
  const measure::Parameters count = measure::count_parameters(task.model);
  vector.parameters = static_cast<double>(count.full() - count.embedding);
  vector.active = static_cast<double>(count.active_matmul());
  vector.flops_per_second = 40e12;
  Pool pool = measured_pool(1);
  pool.device = {};
  pool.device.name = "card";
  pool.device.memory_bytes = int64_t{80'000'000'000};
  pool.device.bandwidth = 1e12;
  pool.device.peaks = {{"bf16", "fp32", 100e12, "made up"}};
  const ThroughputModel model({vector}, [&](const std::string&) { return pool.device; });
  const PhaseRun run = run_phase(task, pool, Want::cheapest, model);
  REQUIRE(run.possible());
  CHECK(run.utilisation == Approx(0.4));
  CHECK(run.evidence == measure::Evidence::projected);
  CHECK(run.step_seconds.expected() == Approx(task.flops_per_step() / 40e12));
  CHECK(run.hours.expected() == Approx(1800 * task.flops_per_step() / 40e12 / 3600));
  pool.device.name = "another";
  pool.device.peaks = {{"bf16", "fp32", 200e12, "made up"}};
  CHECK(run_phase(task, pool, Want::cheapest, model).evidence == measure::Evidence::projected);
  task.sequence *= 16;  // two doublings of nothing near more, on another chip
  CHECK(run_phase(task, pool, Want::cheapest, model).evidence == measure::Evidence::none);
}

}  // namespace repro::forecast
