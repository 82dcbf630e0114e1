#include "measure/baseline_check.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"

namespace repro::measure {
namespace {

// Falls with the logarithm of the steps; stuck at `level` until `leaves`.
std::vector<double> curve(int64_t steps, double level, int64_t leaves) {
  std::vector<double> losses;
  for (int64_t step = 1; step <= steps; ++step) {
    const double free = 9.0 - 0.6 * std::log(static_cast<double>(step));
    const double ripple = 0.01 * std::sin(1.7 * static_cast<double>(step));
    losses.push_back((step < leaves ? std::max(free, level) : free) + ripple);
  }
  return losses;
}

BaselineEvidence sound() {
  BaselineEvidence evidence;
  evidence.rates = {{0.5, {4.03, 4.04}}, {1, {4.00, 4.02}}, {2, {4.00, 4.01}}};
  evidence.plateaus = {start_plateau(curve(800, 0, 0), 40)};
  return evidence;
}

}  // namespace

TEST_CASE("a baseline whose rate is best, seeds agree and curve falls passes", "[measure]") {
  const BaselineCheck check = check_baseline(sound());
  CHECK(check.state == BaselineState::passes);
  CHECK(check.reasons.empty());
  CHECK_FALSE(check.luck);
}

TEST_CASE("a rate that ends lower by more than the margin fails with its figures", "[measure]") {
  BaselineEvidence evidence = sound();
  evidence.rates[2].final_losses = {3.969, 3.969};
  const BaselineCheck check = check_baseline(evidence);
  CHECK(check.state == BaselineState::fails);
  CHECK(check.reasons ==
        std::vector<std::string>{"a rate x 2 ends 0.041 nats lower (margin 0.02)"});
  evidence.rates[2].final_losses = {3.991, 3.991};
  CHECK(check_baseline(evidence).state == BaselineState::passes);
}

TEST_CASE("a rate that diverges is no better rate, the own one is a bad baseline", "[measure]") {
  BaselineEvidence evidence = sound();
  evidence.rates[2].final_losses = {3.0, NAN};
  CHECK(check_baseline(evidence).state == BaselineState::passes);
  evidence.rates[1].final_losses = {4.0, INFINITY};
  CHECK(check_baseline(evidence).reasons ==
        std::vector<std::string>{"a seed diverges at the baseline's own rate"});
}

TEST_CASE("seeds that end far apart fail with their spread", "[measure]") {
  BaselineEvidence evidence = sound();
  evidence.rates[1].final_losses = {4.0, 4.21, 4.1};
  evidence.rates[2].final_losses = evidence.rates[0].final_losses = {4.2, 4.2, 4.2};
  CHECK(check_baseline(evidence).reasons ==
        std::vector<std::string>{"seeds spread over 0.21 nats (margin 0.05)"});
}

TEST_CASE("a curve that falls from the start has no plateau", "[measure]") {
  for (const int64_t steps : {200, 800, 4000})
    CHECK(start_plateau(curve(steps, 0, 0), steps / 20).share() < 0.1);
}

TEST_CASE("a plateau is found whether it begins before the warm-up ends or after it", "[measure]") {
  // 9 - 0.6 ln 33 = 6.9 is reached in step 33.
  for (const int64_t warmup : {5, 20, 80}) {
    const Plateau plateau = start_plateau(curve(800, 6.9, 310), warmup);
    CHECK(plateau.until == Approx(310).margin(20));  // within a window
    CHECK(plateau.from == Approx(std::max<int64_t>(warmup, 33)).margin(20));
    CHECK(plateau.share() == Approx(static_cast<double>(plateau.until - plateau.from) /
                                    static_cast<double>(800 - warmup)));
  }
  BaselineEvidence evidence = sound();
  evidence.plateaus.push_back({.from = 40, .until = 310, .warmup = 40, .steps = 800});
  CHECK(check_baseline(evidence).reasons ==
        std::vector<std::string>{"plateau until step 310 of 800 (margin 10 %)"});
}

TEST_CASE("of two plateaus that last as long the first is told", "[measure]") {
  const std::vector<double> losses = {9, 9, 9, 5, 5, 5, 1, 1, 1, 1};
  const Plateau plateau = start_plateau(losses, 0, 1);
  CHECK(plateau.from == 0);
  CHECK(plateau.until == 3);
}

TEST_CASE("a run too short for two windows has no plateau to look for", "[measure]") {
  CHECK_THROWS_AS(start_plateau(curve(50, 0, 0), 20), Error);
}

TEST_CASE("a baseline at one rate is not checked, unless something else fails already",
          "[measure]") {
  BaselineEvidence evidence = sound();
  evidence.rates = {{1, {4.0, 4.01}}};
  CHECK(check_baseline(evidence).state == BaselineState::not_checked);
  CHECK(check_baseline(evidence).reasons ==
        std::vector<std::string>{"no other learning rate was run"});
  evidence.rates[0].final_losses = {4.0, 4.3};
  CHECK(check_baseline(evidence).state == BaselineState::fails);
}

TEST_CASE("what luck could give is the convergence bound of as many seeds", "[measure]") {
  BaselineEvidence evidence = sound();
  evidence.steps_to_loss = {500, 520, 540};
  const BaselineCheck check = check_baseline(evidence);
  REQUIRE(check.luck);
  CHECK(check.luck->max_speedup == convergence_bound(520, 20, 3, 3).max_speedup);
  CHECK(check.luck_text == "luck alone could give a step speed-up of 1.07x with 3 seeds");
  evidence.steps_to_loss = {100, 900};
  CHECK(check_baseline(evidence).luck_text ==
        "luck alone could give any step speed-up with 2 seeds");
}

TEST_CASE("a check without the baseline's own losses, or with a factor twice, is an error",
          "[measure]") {
  BaselineEvidence evidence = sound();
  evidence.rates.push_back({2, {4.0}});
  CHECK_THROWS_WITH(check_baseline(evidence), Catch::Contains("two entries of rate x 2"));
  evidence.rates = {{2, {4.0}}};
  CHECK_THROWS_WITH(check_baseline(evidence), Catch::Contains("at rate x 1"));
}

}  // namespace repro::measure
