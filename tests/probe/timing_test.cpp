#include "probe/timing.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"

using namespace repro;
using namespace repro::probe;

namespace {

double uniform(uint64_t stream, uint64_t at) { return random_uniform(7, stream, at); }

// A step on a machine that others share: 0.1 s, half as much again in slow spells, which begin and
// end at random and take a fifth of the time.
std::function<double()> shared_machine(uint64_t stream) {
  return [stream, at = uint64_t{0}, slow = false]() mutable {
    at += 2;
    if (uniform(stream, at) < 0.25) slow = uniform(stream, at + 1) < 0.2;
    return 0.1 * (1 + 0.05 * uniform(stream + 1, at) + (slow ? 0.5 : 0.0));
  };
}

}  // namespace

TEST_CASE("a timing is the median of its batches' means, its interval from batch to batch",
          "[probe]") {
  // Six batches of two: 1.5, 3.5, ..., 11.5.
  const Timing timing = timing_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(timing.seconds == 6.5);
  CHECK(timing.low == 1.5);
  CHECK(timing.high == 11.5);
  CHECK(timing.reach() == Approx(5 / 6.5));
  CHECK(timing.relative_spread == Approx((10.9 - 2.1) / 6.5));
  CHECK(timing.repeats == 12);
}

TEST_CASE("one long stall moves an end of the interval and not the number", "[probe]") {
  std::vector<double> seconds(24, 1.0);
  seconds[5] = 100;
  const Timing timing = timing_of(seconds);
  CHECK(timing.seconds == 1);
  CHECK(timing.low == 1);
  CHECK(timing.high > 30);
}

TEST_CASE("few timings have a wide interval, one has none", "[probe]") {
  const Timing three = timing_of({1, 1.1, 1.2});
  CHECK(three.known());
  CHECK(three.high > 1.3);  // 1.1 + 4.3 x 0.1 / sqrt(3)
  const Timing one = timing_of({2});
  CHECK(one.seconds == 2);
  CHECK_FALSE(one.known());
}

TEST_CASE("a steady machine is timed as long as planned, a noisy one longer, none without end",
          "[probe]") {
  const Patience patience{.seconds = 2, .most_seconds = 8};
  const auto elapsed = [](const std::function<double()>& source, const Patience& asked) {
    double sum = 0;
    time_until(
        [&] {
          const double seconds = source();
          sum += seconds;
          return seconds;
        },
        asked);
    return sum;
  };
  CHECK(elapsed([] { return 0.1; }, patience) == Approx(2).margin(0.11));
  const double noisy =
      elapsed([at = uint64_t{0}]() mutable { return 0.1 * (1 + uniform(1, ++at)); }, patience);
  CHECK(noisy > 2.5);
  CHECK(noisy < 8.3);
  // Too slow for its time: six timings, or what thrice the longest time holds.
  CHECK(time_until([] { return 1.0; }, {.seconds = 0.1, .most_seconds = 3}).repeats == 6);
  CHECK(time_until([] { return 9.0; }, {.seconds = 0.1, .most_seconds = 3}).repeats == 1);
}

TEST_CASE("on a shared machine the interval holds what a step costs in the long run", "[probe]") {
  double sum = 0;
  constexpr int64_t kLong = 200'000;
  const auto source = shared_machine(1000);
  for (int64_t i = 0; i < kLong; ++i) sum += source();
  const double cost = sum / static_cast<double>(kLong);
  int64_t held = 0;
  constexpr int64_t kTrials = 200;
  for (int64_t i = 0; i < kTrials; ++i) {
    const Timing timing = time_until(shared_machine(2000 + 2 * static_cast<uint64_t>(i)),
                                     {.seconds = 12, .most_seconds = 48});
    held += timing.low <= cost && cost <= timing.high;
  }
  CHECK(held >= kTrials * 9 / 10);
}
