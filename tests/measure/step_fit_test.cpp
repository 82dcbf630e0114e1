#include "measure/step_fit.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"

namespace repro::measure {
namespace {

config::MeasuredStep step(double gigaflops, double seconds) {
  config::MeasuredStep measured;
  measured.batch = 1;
  measured.sequence = 1000;
  measured.flops_per_token = gigaflops * 1e6;
  measured.seconds = seconds;
  return measured;
}

}  // namespace

TEST_CASE("steps on a line are extrapolated along it, without error", "[measure]") {
  // 0.1 s and 50 GFLOP/s.
  const StepFit fit = fit_steps({step(10, 0.3), step(40, 0.9), step(20, 0.5)});
  CHECK(fit.fixed == Approx(0.1));
  CHECK(fit.per_flop == Approx(1 / 50e9));
  CHECK(fit.seconds(1000e9) == Approx(20.1));
  CHECK(fit.largest_flops == Approx(40e9));
  CHECK(*fit.error == Approx(0).margin(1e-9));
}

TEST_CASE("the error of a fit is what it gets wrong on the largest size", "[measure]") {
  // The smaller two say 0.1 s and 50 GFLOP/s: 0.9 s for the largest, which took 1.8 s.
  const StepFit fit = fit_steps({step(10, 0.3), step(20, 0.5), step(40, 1.8)});
  CHECK(*fit.error == Approx(-0.5));
  CHECK(describe(fit) ==
        "from 3 sizes; the largest, predicted from the smaller, comes out 50 % faster");
}

TEST_CASE("a rate that falls with size is that of the largest, never a negative cost",
          "[measure]") {
  const StepFit fit = fit_steps({step(10, 0.1), step(20, 0.4)});
  CHECK(fit.fixed == 0);
  CHECK(fit.seconds(200e9) == Approx(4.0));
}

TEST_CASE("a line through nothing keeps its own slope, not that of the largest size", "[measure]") {
  // Sums of powers of two and whole numbers: the fixed cost is 0 to the last bit. The slope is
  // (16 + 20 + 4) / (16^2 + 20^2 + 4^2) s per GFLOP, by FLOPs over seconds; the largest size's
  // alone is 1/4.
  const StepFit fit = fit_steps({step(4, 0.25), step(10, 0.5), step(16, 4)});
  CHECK(fit.fixed == 0);
  CHECK(fit.per_flop == Approx(40.0 / 672 / 1e9));
}

TEST_CASE("one size is scaled in proportion and its error is unknown", "[measure]") {
  const StepFit fit = fit_steps({step(10, 0.5)});
  CHECK(fit.seconds(100e9) == Approx(5.0));
  CHECK_FALSE(fit.error);
  CHECK(describe(fit) == "from one size, in proportion: its error is unknown");
  CHECK_THROWS_WITH(fit_steps({step(0, 0.5)}), Catch::Contains("does not say its FLOPs"));
}

// y = a + b x by hand, with weights 1 / y^2: (10, 0.3), (20, 0.5), (40, 1) GFLOP, seconds give
// a = 0.0693, b = 0.0226; were all seconds to count alike, a = 0.05, b = 0.0236.
TEST_CASE("every size counts alike in a fit, however long its step", "[measure]") {
  const StepFit fit = fit_steps({step(10, 0.3), step(20, 0.5), step(40, 1.0)});
  const double w[] = {1 / 0.09, 1 / 0.25, 1}, x[] = {10, 20, 40}, y[] = {0.3, 0.5, 1.0};
  double sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (int i = 0; i < 3; ++i) {
    sw += w[i];
    sx += w[i] * x[i];
    sy += w[i] * y[i];
    sxx += w[i] * x[i] * x[i];
    sxy += w[i] * x[i] * y[i];
  }
  const double slope = (sw * sxy - sx * sy) / (sw * sxx - sx * sx);
  CHECK(fit.per_flop == Approx(slope / 1e9));
  CHECK(fit.fixed == Approx((sy - slope * sx) / sw));
}

}  // namespace repro::measure
