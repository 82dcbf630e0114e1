#include "launch/simulation.hpp"

#include <catch2/catch.hpp>
#include <cmath>

namespace repro::launch {
namespace {

// One after another, or side by side, on devices of one profile.
run::JobGraph jobs_of(size_t count, bool chain, int64_t ranks = 1) {
  run::JobGraph graph;
  for (size_t job = 0; job < count; ++job) {
    run::Job next;
    next.kind = "train";
    next.name = std::to_string(job);
    next.spec = {{"name", next.name}};
    next.resources = {.profile = "card", .ranks = ranks, .threads = 1};
    if (chain && job > 0) next.inputs["in"] = job - 1;
    graph.add(std::move(next));
  }
  return graph;
}

ScheduleOptions over(int devices) { return {.slots = kUnlimited, .pools = {{"card", devices}}}; }

double mean_seconds(const std::vector<Simulated>& all) {
  double sum = 0;
  for (const Simulated& one : all) sum += one.seconds;
  return sum / static_cast<double>(all.size());
}

TEST_CASE("without troubles a simulation takes the makespan, and nothing fails or waits",
          "[launch]") {
  const run::JobGraph graph = jobs_of(5, false);
  const Simulated quiet = simulate(graph, {3, 1, 1, 1, 2}, over(2), {});
  CHECK(quiet.seconds == makespan(graph, {3, 1, 1, 1, 2}, over(2)));
  CHECK(quiet.seconds == Approx(4));
  CHECK((quiet.failures == 0 && quiet.lost_seconds == 0 && quiet.queue_seconds == 0));
}

TEST_CASE("a chain of jobs takes its work, what was lost of it, and its waits", "[launch]") {
  const run::JobGraph graph = jobs_of(4, true);
  const std::vector<double> seconds(4, 3600);
  const Troubles troubles{.failures_per_device_hour = 2,
                          .queue_seconds = 600,
                          .checkpoint_seconds = {600, 600, 600, 600}};
  const Simulated one = simulate(graph, seconds, over(1), troubles);
  CHECK(one.failures > 0);
  CHECK(one.seconds == Approx(4 * 3600 + one.lost_seconds + one.queue_seconds));
  CHECK(one.lost_seconds < 600.0 * static_cast<double>(one.failures));
  const Simulated same = simulate(graph, seconds, over(1), troubles);
  CHECK((same.seconds == one.seconds && same.failures == one.failures));
  Troubles other = troubles;
  other.seed = 1;
  CHECK(simulate(graph, seconds, over(1), other).seconds != one.seconds);
}

TEST_CASE("a job without checkpoints takes (e^rt - 1) / r on average, t with many of them",
          "[launch]") {
  const run::JobGraph graph = jobs_of(1, false);
  const double rate = 1, hours = 1.5;
  Troubles troubles{.failures_per_device_hour = rate};
  // The mean of 4000 lies within 5 % of it: its standard error is 2 %.
  const double none = mean_seconds(simulate_often(graph, {hours * 3600}, over(1), troubles, 4000));
  CHECK(none / 3600 == Approx((std::exp(rate * hours) - 1) / rate).epsilon(0.08));
  troubles.checkpoint_seconds = {36};
  const double often = mean_seconds(simulate_often(graph, {hours * 3600}, over(1), troubles, 400));
  CHECK(often / 3600 > hours);
  CHECK(often / 3600 < hours * 1.02);
}

TEST_CASE("a job of four devices fails four times as often as one of one", "[launch]") {
  const Troubles troubles{.failures_per_device_hour = 0.5, .checkpoint_seconds = {60}};
  const auto failures = [&](int64_t ranks) {
    double sum = 0;
    for (const Simulated& one :
         simulate_often(jobs_of(1, false, ranks), {7200}, over(4), troubles, 2000))
      sum += static_cast<double>(one.failures) / 2000;
    return sum;
  };
  CHECK(failures(1) == Approx(1).epsilon(0.1));
  CHECK(failures(4) == Approx(4).epsilon(0.1));
}

TEST_CASE("waits in the queue are as long as asked on average, and before each start", "[launch]") {
  const run::JobGraph graph = jobs_of(2000, false);
  const Simulated waited =
      simulate(graph, std::vector<double>(2000, 60), over(2000), {.queue_seconds = 300});
  CHECK(waited.queue_seconds / 2000 == Approx(300).epsilon(0.1));
  CHECK(waited.seconds > 360);
}

TEST_CASE("failures that come faster than checkpoints end in no time, and that is said",
          "[launch]") {
  const run::JobGraph graph = jobs_of(2, true);
  const Simulated hopeless =
      simulate(graph, {3600, 60}, over(1), {.failures_per_device_hour = 100});
  CHECK_FALSE(hopeless.finished);
}

TEST_CASE("simulations come ascending, each with its seed", "[launch]") {
  const run::JobGraph graph = jobs_of(3, true);
  const Troubles troubles{.failures_per_device_hour = 1, .checkpoint_seconds = {60, 60, 60}};
  const auto all = simulate_often(graph, {3600, 3600, 3600}, over(1), troubles, 50);
  REQUIRE(all.size() == 50);
  for (size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].seconds <= all[i].seconds);
  CHECK(all.front().seconds < all.back().seconds);
}

}  // namespace
}  // namespace repro::launch
