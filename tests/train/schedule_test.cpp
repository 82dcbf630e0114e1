#include "train/schedule.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

using repro::config::OptimizerSpec;
using repro::train::learning_rate;
using repro::train::warmup_updates;

TEST_CASE("cosine with warmup follows the Hugging Face trainer to the last digit", "[train]") {
  const OptimizerSpec spec{.lr = 3e-4, .schedule = "cosine", .warmup = 0.03};
  REQUIRE(warmup_updates(spec, 1000) == 30);
  CHECK(learning_rate(spec, 0, 1000) == 0);
  CHECK(learning_rate(spec, 15, 1000) == 3e-4 * 0.5);
  CHECK(learning_rate(spec, 30, 1000) == 3e-4);
  for (int64_t t : {31, 500, 999}) {
    const double progress = static_cast<double>(t - 30) / 970;
    CHECK(learning_rate(spec, t, 1000) ==
          3e-4 * (0.5 * (1 + std::cos(std::numbers::pi * progress))));
  }
  CHECK(learning_rate(spec, 515, 1000) == Approx(1.5e-4).epsilon(1e-12));
}

TEST_CASE("warmup is rounded up, but not by a rounding error", "[train]") {
  CHECK(warmup_updates({.warmup = 0.07}, 100) == 7);  // the product is 7.000000000000001
  CHECK(warmup_updates({.warmup = 0.03}, 100) == 3);
  CHECK(warmup_updates({.warmup = 0.03}, 700) == 21);
  CHECK(warmup_updates({.warmup = 0.03}, 101) == 4);
  CHECK(warmup_updates({.warmup = 0}, 100) == 0);
  CHECK(warmup_updates({.warmup = 1}, 100) == 100);
}

TEST_CASE("cosine ends at end_ratio, not at zero, when one is given", "[train]") {
  const OptimizerSpec spec{.lr = 1, .schedule = "cosine", .warmup = 0, .end_ratio = 0.1};
  CHECK(learning_rate(spec, 0, 1000) == 1);
  CHECK(learning_rate(spec, 500, 1000) == Approx(0.55).epsilon(1e-12));
  CHECK(learning_rate(spec, 999, 1000) == Approx(0.1).margin(1e-5));
}

TEST_CASE("a constant rate without warmup is the same at every update", "[train]") {
  const OptimizerSpec spec{.lr = 1e-4, .schedule = "constant", .warmup = 0};
  for (int64_t t = 0; t < 50; ++t) CHECK(learning_rate(spec, t, 50) == 1e-4);
}

TEST_CASE("a constant rate keeps the warmup it is given", "[train]") {
  const OptimizerSpec spec{.lr = 1, .schedule = "constant", .warmup = 0.1};
  CHECK(learning_rate(spec, 0, 40) == 0);
  CHECK(learning_rate(spec, 3, 40) == 0.75);
  CHECK(learning_rate(spec, 4, 40) == 1);
  CHECK(learning_rate(spec, 39, 40) == 1);
}

TEST_CASE("wsd rises, stays, and falls linearly over its last part", "[train]") {
  const OptimizerSpec spec{
      .lr = 2, .schedule = "wsd", .warmup = 0.1, .end_ratio = 0.5, .decay = 0.2};
  CHECK(learning_rate(spec, 0, 100) == 1);  // a warmup from end_ratio on
  CHECK(learning_rate(spec, 5, 100) == 1.5);
  CHECK(learning_rate(spec, 10, 100) == 2);
  CHECK(learning_rate(spec, 80, 100) == 2);
  CHECK(learning_rate(spec, 90, 100) == 1.5);
  CHECK(learning_rate(spec, 99, 100) == Approx(2 * (1 - 0.5 * 0.95)).epsilon(1e-12));
}

TEST_CASE("only wsd begins its warmup at end_ratio, as get_wsd_schedule does", "[train]") {
  // transformers.get_wsd_schedule(num_warmup_steps=4, num_decay_steps=4,
  // num_training_steps=12, decay_type="linear", min_lr_ratio=0.2), by its formula, by hand.
  const OptimizerSpec wsd{
      .lr = 1, .schedule = "wsd", .warmup = 4.0 / 12, .end_ratio = 0.2, .decay = 4.0 / 12};
  const double expected[] = {0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4};
  for (int64_t t = 0; t < 12; ++t) CHECK(learning_rate(wsd, t, 12) == Approx(expected[t]));

  // get_cosine_with_min_lr_schedule_with_warmup rises from 0 to the peak, min_lr_rate or not.
  OptimizerSpec cosine = wsd;
  cosine.schedule = "cosine";
  const double rising[] = {0, 0.25, 0.5, 0.75, 1};
  for (int64_t t = 0; t < 5; ++t) CHECK(learning_rate(cosine, t, 12) == Approx(rising[t]));
}

TEST_CASE("a decay longer than what the warmup leaves begins at the peak", "[train]") {
  const OptimizerSpec spec{.lr = 1, .schedule = "wsd", .warmup = 0.5, .decay = 0.8};
  const double expected[] = {0, 0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2};
  for (int64_t t = 0; t < 10; ++t) CHECK(learning_rate(spec, t, 10) == Approx(expected[t]));
}
