#include "measure/steps_to_target.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace repro::measure {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("the target is the mean of the last window of the full arm", "[measure]") {
  const std::vector<double> losses = {9, 9, 4, 5, 6};
  const LossTarget target = target_from(losses, 3, 0.5);
  CHECK(target.loss == 5);
  CHECK(target.threshold() == 5.5);
  CHECK_THROWS_WITH(target_from(losses, 6, 0),
                    "a window of 6 losses was asked for, 5 were recorded");
}

TEST_CASE("a crossing lies between the last failing and the first passing evaluation",
          "[measure]") {
  const std::vector<int64_t> steps = {100, 200, 400, 800};
  const std::vector<double> losses = {6.0, 5.5, 5.0, 4.5};
  const StepsToTarget hit = first_crossing(steps, losses, {.loss = 5.25, .tolerance = 0});
  CHECK(hit.reach == Reach::reached);
  CHECK(hit.after == 200);
  CHECK(hit.by == 400);
  // Half-way down in loss is half-way in log-step.
  CHECK(hit.estimate == Approx(std::sqrt(200.0 * 400.0)));
  CHECK(hit.monotone);
  CHECK(hit.text() == "283 (200 to 400]");
}

TEST_CASE("an evaluation exactly at the threshold reaches it", "[measure]") {
  const std::vector<int64_t> steps = {10, 20};
  const std::vector<double> losses = {6.0, 5.0};
  const StepsToTarget hit = first_crossing(steps, losses, {.loss = 5.0, .tolerance = 0});
  CHECK(hit.reach == Reach::reached);
  CHECK(hit.estimate == Approx(20));
}

TEST_CASE("the tolerance decides whether a run that stops just above the target reached it",
          "[measure]") {
  const std::vector<int64_t> steps = {3900, 4150};
  const std::vector<double> losses = {5.290, 5.276};
  CHECK(first_crossing(steps, losses, {.loss = 5.274, .tolerance = 0}).reach == Reach::not_reached);
  CHECK(first_crossing(steps, losses, {.loss = 5.274, .tolerance = 0.005}).reach == Reach::reached);
}

TEST_CASE("a run that never reaches the target says at least how many steps", "[measure]") {
  const std::vector<int64_t> steps = {100, 540};
  const std::vector<double> losses = {6.0, 5.5};
  const StepsToTarget miss = first_crossing(steps, losses, {.loss = 5.0, .tolerance = 0});
  CHECK(miss.reach == Reach::not_reached);
  CHECK(miss.after == 540);
  CHECK(miss.text() == ">= 540");
}

TEST_CASE("a run that starts below the target says at most how many steps", "[measure]") {
  const std::vector<int64_t> steps = {90, 100};
  const std::vector<double> losses = {4.0, 3.9};
  const StepsToTarget early = first_crossing(steps, losses, {.loss = 5.0, .tolerance = 0});
  CHECK(early.reach == Reach::at_most);
  CHECK(early.text() == "<= 90");
}

TEST_CASE("a dip that does not hold is passed over when it must be sustained", "[measure]") {
  const std::vector<int64_t> steps = {1, 2, 3, 4, 5, 6};
  const std::vector<double> losses = {6, 4, 6, 4, 4, 4};
  const LossTarget target{.loss = 5, .tolerance = 0};
  CHECK(first_crossing(steps, losses, target, {.window = 1, .sustain = 1}).by == 2);
  const StepsToTarget held = first_crossing(steps, losses, target, {.window = 1, .sustain = 2});
  CHECK(held.by == 4);
  CHECK_FALSE(held.monotone);
  // A hold that the record ends before it is complete is not a hold.
  CHECK(first_crossing(steps, losses, target, {.window = 1, .sustain = 4}).reach ==
        Reach::not_reached);
}

TEST_CASE("a window hides a single lucky batch", "[measure]") {
  const std::vector<int64_t> steps = {1, 2, 3, 4, 5};
  const std::vector<double> losses = {6, 6, 3, 6, 6};
  const LossTarget target{.loss = 4, .tolerance = 0};
  CHECK(first_crossing(steps, losses, target).reach == Reach::reached);
  CHECK(first_crossing(steps, losses, target, {.window = 3, .sustain = 1}).reach ==
        Reach::not_reached);
}

TEST_CASE("a NaN loss never reaches a target", "[measure]") {
  const std::vector<int64_t> steps = {1, 2};
  const std::vector<double> losses = {kNan, kNan};
  CHECK(first_crossing(steps, losses, {.loss = 5, .tolerance = 0}).reach == Reach::not_reached);
}

TEST_CASE("the ladder gives the smallest horizon, interpolated between rungs", "[measure]") {
  const std::vector<Rung> ladder = {{100, 5.6}, {200, 5.2}, {400, 4.8}, {600, 4.6}};
  const StepsToTarget hit = smallest_horizon(ladder, {.loss = 5.0, .tolerance = 0});
  CHECK(hit.reach == Reach::reached);
  CHECK(hit.after == 200);
  CHECK(hit.by == 400);
  CHECK(hit.estimate == Approx(std::sqrt(200.0 * 400.0)));
  CHECK(smallest_horizon(ladder, {.loss = 5.7, .tolerance = 0}).reach == Reach::at_most);
  CHECK(smallest_horizon(ladder, {.loss = 4.0, .tolerance = 0}).reach == Reach::not_reached);
}

TEST_CASE("a longer horizon that fails again is reported, not hidden", "[measure]") {
  const std::vector<Rung> ladder = {{100, 5.6}, {200, 4.9}, {400, 5.1}};
  const StepsToTarget hit = smallest_horizon(ladder, {.loss = 5.0, .tolerance = 0});
  CHECK(hit.by == 200);
  CHECK_FALSE(hit.monotone);
}

TEST_CASE("a diverged rung gives no line to interpolate on", "[measure]") {
  const std::vector<Rung> ladder = {{100, kNan}, {200, 4.9}};
  const StepsToTarget hit = smallest_horizon(ladder, {.loss = 5.0, .tolerance = 0});
  CHECK(hit.after == 100);
  CHECK(hit.estimate == 200);
}

TEST_CASE("losses without steps, or steps that go back, are refused", "[measure]") {
  const std::vector<int64_t> steps = {2, 1};
  const std::vector<double> losses = {5, 4};
  CHECK_THROWS_WITH(first_crossing(steps, losses, {}), "steps do not increase: 1 after 2");
  CHECK_THROWS_WITH(first_crossing(steps, std::vector<double>{5}, {}), "2 steps but 1 losses");
  CHECK_THROWS_AS(smallest_horizon({}, {}), Error);
}

TEST_CASE("the bend that a third rung shows is the error of the straight line", "[measure]") {
  // loss = 6 - x + x^2 / 8 in log2-steps x: 4 at x = 4 for steps 1, 4, 16.
  const auto loss = [](double x) { return 6 - x + x * x / 8; };
  const std::vector<Rung> ladder = {{1, loss(0)}, {4, loss(2)}, {16, loss(4)}};
  const LossTarget target{loss(3), 0};
  const StepsToTarget hit = smallest_horizon(ladder, target);
  REQUIRE(hit.reach == Reach::reached);
  const double x = std::log2(hit.estimate);
  // Newton's correction once: to first order what is left to the true crossing at x = 3.
  const double slope = (loss(4) - loss(2)) / 2;
  const double moved = (x - 2) * (x - 4) / 8 / slope;
  CHECK(rung_error(ladder, hit, target) == Approx(std::abs(moved) * std::log(2.0) * hit.estimate));
  CHECK(slope_at(ladder, hit) == Approx(slope / std::log(2.0)));
}

TEST_CASE("without a third rung a quarter of the bracket is open, without a bracket nothing",
          "[measure]") {
  const std::vector<Rung> two = {{100, 5.0}, {200, 4.0}};
  const LossTarget target{4.5, 0};
  CHECK(rung_error(two, smallest_horizon(two, target), target) == 25);
  CHECK(rung_error(two, smallest_horizon(two, {6, 0}), {6, 0}) == 0);
  CHECK(slope_at(two, smallest_horizon(two, {3, 0})) == 0);
}

TEST_CASE("a crossing asks for whole windows and at least one that holds", "[measure]") {
  const std::vector<int64_t> steps = {1, 2, 3};
  const std::vector<double> losses = {3, 2, 1};
  for (const CrossingRule rule :
       {CrossingRule{.window = 0, .sustain = 1}, CrossingRule{.window = 1, .sustain = 0},
        CrossingRule{.window = 4, .sustain = 1}})
    CHECK_THROWS_AS(first_crossing(steps, losses, {.loss = 2, .tolerance = 0}, rule), Error);
  // Means over two: 2.5 at step 2, 1.5 at step 3.
  const auto windowed =
      first_crossing(steps, losses, {.loss = 2, .tolerance = 0}, {.window = 2, .sustain = 1});
  CHECK(windowed.after == 2);
  CHECK(windowed.by == 3);
  CHECK(first_crossing(steps, losses, {.loss = 1.5, .tolerance = 0}, {.window = 3, .sustain = 1})
            .reach == Reach::not_reached);
  // The last window alone holds, so that two in a row never do.
  CHECK(first_crossing(steps, losses, {.loss = 1, .tolerance = 0}, {.window = 1, .sustain = 2})
            .reach == Reach::not_reached);
  const auto twice =
      first_crossing(steps, losses, {.loss = 2, .tolerance = 0}, {.window = 1, .sustain = 2});
  CHECK(twice.by == 2);
}

TEST_CASE("from step 0 on, which has no logarithm, the way to a target is straight", "[measure]") {
  const std::vector<int64_t> steps = {0, 10};
  const auto hit = first_crossing(steps, std::vector<double>{5, 3}, {.loss = 4, .tolerance = 0});
  CHECK(hit.estimate == 5);
  CHECK(hit.text() == "5 (0 to 10]");
  CHECK(first_crossing(steps, std::vector<double>{5, 4.5}, {.loss = 4, .tolerance = 0}).text() ==
        ">= 10");
  CHECK(first_crossing(steps, std::vector<double>{4, 3}, {.loss = 4, .tolerance = 0}).text() ==
        "<= 0");
}

TEST_CASE("of rungs on either side of the bracket the nearer shows the bend", "[measure]") {
  // A straight line in log-steps from 1 to 64, and a rung at 4096 far off it.
  const std::vector<Rung> ladder = {{1, 6.0}, {8, 5.0}, {64, 4.0}, {4096, 9.0}};
  const LossTarget target{4.5, 0};
  CHECK(rung_error(ladder, smallest_horizon(ladder, target), target) == Approx(0).margin(1e-9));
  // The nearer one is above: it is taken, and it bends.
  const std::vector<Rung> above = {{1, 6.0}, {1000, 5.0}, {4000, 4.0}, {8000, 3.9}};
  CHECK(rung_error(above, smallest_horizon(above, target), target) > 1);
}

}  // namespace repro::measure
