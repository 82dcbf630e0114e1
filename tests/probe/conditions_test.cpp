#include "probe/conditions.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <ctime>

using namespace repro;
using namespace repro::probe;

namespace {

config::Measurement measured_with(double low, double high) {
  config::Measurement measured;
  measured.threads = 2;
  config::MeasuredStep step;
  step.model = "qwen_moe";
  step.size = "2 of 24 layers";
  step.seconds = 1;
  step.seconds_low = low;
  step.seconds_high = high;
  measured.steps = {step};
  return measured;
}

}  // namespace

TEST_CASE("processor time is that of the cores this process may use", "[probe]") {
  const std::string stat =
      "cpu  900 0 0 900 0 0 0 900 0 0\n"
      "cpu0 100 20 30 400 50 6 4 10 0 0\n"
      "cpu1 1000 0 0 0 0 0 0 500 0 0\n"
      "intr 5\n";
  const ProcessorTime first = parse_stat(stat, {0}, 100);
  CHECK(first.cores == 1);
  CHECK(first.busy == Approx(1.6));  // neither idle nor waiting
  CHECK(first.stolen == Approx(0.1));
  CHECK(parse_stat(stat, {0, 1}, 100).busy == Approx(11.6));
  CHECK(parse_stat("", {0}, 100).cores == 0);
}

TEST_CASE("other programs are seen, and this one's own work is not one of them", "[probe]") {
  const Surroundings around;
  const std::clock_t before = std::clock();
  volatile double sum = 0;
  Stopwatch stopwatch;
  while (stopwatch.seconds() < 0.5) sum = sum + 1;
  const double own =
      static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC / stopwatch.seconds();
  CHECK(around.cores() >= 1);
  // Both together are no more than the cores, but for the clocks' ticks of a hundredth.
  CHECK(around.others() + own <= static_cast<double>(around.cores()) + 0.15);
}

TEST_CASE("drift widens an interval in quadrature", "[probe]") {
  config::Measurement measured = measured_with(0.97, 1.04);
  measured.drift = 0.03;
  widen(measured, 4);
  CHECK(measured.steps[0].seconds_low == Approx(1 - std::hypot(0.03, 0.03)));
  CHECK(measured.steps[0].seconds_high == Approx(1 + std::hypot(0.04, 0.03)));
}

TEST_CASE("what other programs took of the threads' time may be missing from the number",
          "[probe]") {
  config::Measurement measured = measured_with(1, 1);
  measured.gemms = {{.dtype = "fp32", .flops = 100, .flops_low = 100, .flops_high = 100}};
  measured.others = 0.5;
  config::Measurement roomy = measured;
  widen(measured, 2);
  CHECK(measured.steps[0].seconds_low == Approx(0.75));
  CHECK(measured.steps[0].seconds_high == 1);
  CHECK(measured.gemms[0].flops_high == Approx(100 / 0.75));
  CHECK(measured.gemms[0].flops_low == Approx(100));
  widen(roomy, 3);  // a core for them
  CHECK(roomy.steps[0].seconds_low == 1);
}

TEST_CASE("on a machine that others fill an interval is wide and still has ends", "[probe]") {
  config::Measurement measured = measured_with(1, 1);
  measured.gemms = {{.dtype = "fp32", .flops = 100, .flops_low = 100, .flops_high = 100}};
  measured.others = 2;
  measured.drift = 1.5;
  widen(measured, 2);
  CHECK(measured.steps[0].seconds_low > 0);
  CHECK(std::isfinite(measured.gemms[0].flops_high));
  CHECK_FALSE(why_not_certified(measured, 0.3).empty());
}

TEST_CASE("a measurement is refused only where its widest interval decides nothing", "[probe]") {
  CHECK(why_not_certified(measured_with(0.75, 1.29), 0.3).empty());
  config::Measurement wide = measured_with(0.6, 1.1);
  wide.others = 0.8;
  wide.stolen = 0.02;
  CHECK(
      why_not_certified(wide, 0.3) ==
      "the 95 % interval of qwen_moe full, 2 of 24 layers reaches 40 % from its number, 30 % is "
      "allowed, at which a saving of one half is open by 15 points (meanwhile other programs took "
      "0.8 cores, a hypervisor 2 % of the time, and the pace wandered by 0 %)");
  CHECK_THAT(why_not_certified(measured_with(0, 0), 0.3), Catch::Contains("was timed once"));
  CHECK(why_not_certified({}, 0.3) == "nothing was measured");
}
