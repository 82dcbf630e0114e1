#include "check/compare.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "check/made_runs.hpp"

namespace repro::checks {
namespace {

using Catch::Contains;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

std::vector<Row> look(const Golden& golden, const Observations& now) {
  return compare(golden, now, {.seeds = golden.gate_seeds()});
}

const Row& row_of(const std::vector<Row>& rows, const std::string& quantity, Lane lane) {
  for (const Row& row : rows)
    if (row.quantity == quantity && row.lane == lane) return row;
  FAIL("no row '" << quantity << "'");
  return rows.front();
}

// Of one number of other programs' logs, without their steps.
Golden golden_of_logs(const std::vector<double>& final_losses) {
  Golden golden;
  golden.paired = false;
  TrainingGolden& training = golden.trainings["log"];
  for (size_t seed = 0; seed < final_losses.size(); ++seed)
    training.seeds[static_cast<int64_t>(seed)].numbers["final_loss"] = final_losses[seed];
  training.margin["final_loss"] = 0.1;
  training.spread["final_loss"] = 1.5811388300841898;  // of 1, 2, 3, 4, 5
  return golden;
}

Row final_loss_of_logs(const Golden& golden, const std::vector<double>& final_losses) {
  Observations now;
  std::vector<int64_t> seeds;
  for (const double loss : final_losses) {
    seeds.push_back(static_cast<int64_t>(seeds.size()));
    now.trainings["log"][seeds.back()].numbers["final_loss"] = loss;
  }
  return row_of(compare(golden, now, {.seeds = seeds}), "final loss", Lane::statistical);
}

bool suspects(const std::vector<Row>& rows, Lane lane) {
  for (const Row& row : rows)
    if (row.lane == lane && row.verdict == Verdict::suspect) return true;
  return false;
}

}  // namespace

TEST_CASE("the same runs on the same platform are ok in every lane", "[check]") {
  const Golden golden = made_golden();
  const std::vector<Row> rows = look(golden, measured({}, golden));
  CHECK(rows.size() == 4 + 2 + 3);  // exact; two series; three numbers
  CHECK(count(rows, Verdict::ok) == static_cast<int64_t>(rows.size()));
  CHECK(exit_of(rows) == Exit::ok);
}

TEST_CASE("chance as large as the twins' changes bits and no other lane", "[check]") {
  const Golden golden = made_golden();
  const auto rows = look(golden, measured({.jitter = 0.001, .draw = 99}, golden));
  const Row& bits = row_of(rows, "every record", Lane::exact);
  CHECK(bits.verdict == Verdict::suspect);
  CHECK(bits.advisory);
  CHECK_THAT(bits.reason, Contains("seed 0, step 1: loss"));
  CHECK_FALSE(suspects(rows, Lane::approximate));
  CHECK_FALSE(suspects(rows, Lane::statistical));
  CHECK(exit_of(confirm(rows, {})) == Exit::ok);
}

TEST_CASE("on another platform bits are not comparable, and the other lanes judge", "[check]") {
  const Golden golden = made_golden();
  const Observations now = measured({.jitter = 0.001, .kernels = "avx2"}, golden);
  const auto rows = look(golden, now);
  const Row& bits = row_of(rows, "every record", Lane::exact);
  CHECK(bits.verdict == Verdict::not_comparable);
  CHECK_THAT(bits.reason, Contains("kernels: avx512 then, avx2 now"));
  CHECK(exit_of(rows) == Exit::ok);
  CHECK_THAT(warnings_of(golden, now).front(), Contains("the platform is another one"));
}

TEST_CASE("a loss that is 1 % too large is outside the approximate and the statistical lane",
          "[check]") {
  const Golden golden = made_golden();
  const auto rows = look(golden, measured({.scale = 1.01, .kernels = "avx2"}, golden));
  CHECK(row_of(rows, "loss by step", Lane::approximate).verdict == Verdict::suspect);
  CHECK(row_of(rows, "final loss", Lane::statistical).verdict == Verdict::suspect);
  CHECK(row_of(rows, "final loss", Lane::statistical).direction == 1);
}

TEST_CASE("one step of one seed outside its tolerance is enough", "[check]") {
  const Golden golden = made_golden();
  Observations now = measured({}, golden);
  now.trainings["qwen-full"][3].series["loss"].values[20] += 0.5;
  const Row row = row_of(look(golden, now), "loss by step", Lane::approximate);
  CHECK(row.verdict == Verdict::suspect);
  CHECK_THAT(row.reason, Contains("1 step outside, most at step 21, seed 3"));
}

TEST_CASE("a norm that spikes in one seed is none, one that moves in most of them is", "[check]") {
  const Golden golden = made_golden();
  Observations now = measured({}, golden);
  now.trainings["qwen-full"][3].series["grad_norm"].values[20] *= 1.5;
  now.trainings["qwen-full"][1].series["grad_norm"].values[20] *= 0.5;
  const auto norm = [&] {
    return row_of(look(golden, now), "gradient norm by step", Lane::approximate).verdict;
  };
  CHECK(norm() == Verdict::ok);
  for (const int64_t seed : {0, 2, 4})
    now.trainings["qwen-full"][seed].series["grad_norm"].values[20] *= 1.1;
  CHECK(norm() == Verdict::suspect);
  Observations broken = measured({}, golden);
  broken.trainings["qwen-full"][3].series["grad_norm"].values[20] = kNothing;
  CHECK(row_of(look(golden, broken), "gradient norm by step", Lane::approximate).verdict ==
        Verdict::suspect);
}

TEST_CASE("no number, infinity and a missing step fail, on both sides alike", "[check]") {
  const Golden golden = made_golden();
  for (const double value : {kNothing, std::numeric_limits<double>::infinity()}) {
    Observations now = measured({}, golden);
    now.trainings["qwen-full"][0].series["loss"].values[5] = value;
    CHECK(suspects(look(golden, now), Lane::approximate));
  }
  Observations shorter = measured({}, golden);
  Series& loss = shorter.trainings["qwen-full"][0].series["loss"];
  loss.steps.pop_back();
  loss.values.pop_back();
  CHECK(suspects(look(golden, shorter), Lane::approximate));
  Observations longer = measured({}, golden);
  Series& more = longer.trainings["qwen-full"][0].series["loss"];
  more.steps.push_back(41);
  more.values.push_back(4);
  CHECK(suspects(look(golden, longer), Lane::approximate));
  // Two logs whose losses are both no number are not equal.
  Golden broken = golden;
  broken.trainings.at("qwen-full").seeds.at(0).series.at("loss").values[5] = kNothing;
  broken.trainings.at("qwen-full").seeds.at(0).digest.clear();
  Observations as_broken = measured({}, golden);
  as_broken.trainings["qwen-full"][0].series["loss"].values[5] = kNothing;
  CHECK(suspects(look(broken, as_broken), Lane::exact));
  CHECK(suspects(look(broken, as_broken), Lane::approximate));
}

TEST_CASE("a number that a run does not reach is suspect, not left out", "[check]") {
  const Golden golden = made_golden();
  Observations now = measured({}, golden);
  now.trainings["qwen-full"][1].numbers["steps_to_loss"] = kNothing;
  const Row row = row_of(look(golden, now), "steps to loss", Lane::statistical);
  CHECK(row.verdict == Verdict::suspect);
  CHECK_THAT(row.reason, Contains("1 of 5 seeds have none"));
}

TEST_CASE("a slower training needs more steps to the loss", "[check]") {
  const Golden golden = made_golden();
  const auto rows = look(golden, measured({.slower = 1.2}, golden));
  const Row& row = row_of(rows, "steps to loss", Lane::statistical);
  CHECK(row.verdict == Verdict::suspect);
  CHECK(row.direction == 1);
}

TEST_CASE("another order of the data and another rate are found on every platform", "[check]") {
  const Golden golden = made_golden();
  Observations now = measured({.kernels = "generic"}, golden);
  now.trainings["qwen-full"][2].order = "0000000000000001";
  now.trainings["qwen-full"][2].series["lr"].values[7] *= 1.2;
  const auto rows = look(golden, now);
  CHECK(row_of(rows, "order of the data", Lane::exact).verdict == Verdict::suspect);
  const Row& rate = row_of(rows, "learning rate by step", Lane::exact);
  CHECK(rate.verdict == Verdict::suspect);
  CHECK_THAT(rate.reason, Contains("seed 2, step 8"));
  // A cosine of another library differs in its last bits.
  Observations rounded = measured({}, golden);
  for (double& lr : rounded.trainings["qwen-full"][2].series["lr"].values) lr *= 1 + 1e-15;
  CHECK(row_of(look(golden, rounded), "learning rate by step", Lane::exact).verdict == Verdict::ok);
}

TEST_CASE("text that clusters chose may be other text on another platform, never on the same",
          "[check]") {
  const Golden golden = made_golden();
  for (const bool elsewhere : {true, false}) {
    Observations now = measured({.shift = 0.5, .kernels = elsewhere ? "avx2" : "avx512"}, golden);
    for (auto& [seed, member] : now.trainings.at("qwen-full")) {
      member.order = "other";
      member.chosen_by_floats = true;
      member.numbers = golden.trainings.at("qwen-full").seeds.at(seed).numbers;
    }
    const auto rows = look(golden, now);
    const Verdict expected = elsewhere ? Verdict::not_comparable : Verdict::suspect;
    CHECK(row_of(rows, "order of the data", Lane::exact).verdict == expected);
    CHECK(row_of(rows, "loss by step", Lane::approximate).verdict == expected);
    CHECK(exit_of(confirm(rows, {})) == (elsewhere ? Exit::ok : Exit::inconclusive));
  }
}

TEST_CASE("a seed that is another one again is found", "[check]") {
  const Golden golden = made_golden();
  Observations now = measured({}, golden);
  now.trainings["qwen-full"][4] = now.trainings["qwen-full"][0];
  const Row row = row_of(look(golden, now), "seeds of their own", Lane::exact);
  CHECK(row.verdict == Verdict::suspect);
  CHECK_THAT(row.reason, Contains("seeds 0 and 4 are the same run"));
}

TEST_CASE("a failed run is nothing measured and ends with 2, a missing one with 6", "[check]") {
  const Golden golden = made_golden();
  Observations failed = measured({}, golden);
  failed.trainings["qwen-full"][1].failure = "out of memory";
  const auto rows = look(golden, failed);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].verdict == Verdict::nothing_measured);
  CHECK_THAT(rows[0].reason, Contains("seed 1: out of memory"));
  CHECK(exit_of(rows) == Exit::run_failed);
  const auto none = look(golden, Observations());
  CHECK(none.size() == 1);
  CHECK(exit_of(none) == Exit::nothing_measured);
  CHECK(exit_of({}) == Exit::nothing_measured);
}

TEST_CASE("one-sided looks at what got worse, non-inferiority wants it shown", "[check]") {
  Policy policy;
  policy.sides = Sides::one_sided;
  const Golden one_sided = made_golden(policy);
  const auto verdict = [](const Golden& golden, const Made& made) {
    return row_of(look(golden, measured(made, golden)), "final loss", Lane::statistical).verdict;
  };
  CHECK(verdict(one_sided, {.shift = -0.1}) == Verdict::ok);
  CHECK(verdict(one_sided, {.shift = 0.1}) == Verdict::suspect);
  CHECK(verdict(made_golden(), {.shift = -0.1}) == Verdict::suspect);
  policy.sides = Sides::non_inferiority;
  const Golden shown = made_golden(policy);
  CHECK(verdict(shown, {}) == Verdict::ok);
  CHECK(verdict(shown, {.shift = -0.1}) == Verdict::ok);
  CHECK(verdict(shown, {.shift = 0.1}) == Verdict::suspect);
  // Noise as large as the margin: neither shown nor disproved.
  CHECK(verdict(shown, {.jitter = 0.05, .draw = 3}) != Verdict::ok);
}

TEST_CASE("noise that hides the tolerance is unstable, not ok", "[check]") {
  const Golden golden = made_golden();
  Observations now = measured({}, golden);
  const double noise[] = {0.05, -0.05, 0.04, -0.04, 0.001};
  for (int64_t seed = 0; seed < 5; ++seed)
    now.trainings["qwen-full"][seed].numbers["final_loss"] += noise[seed];
  const Row row = row_of(look(golden, now), "final loss", Lane::statistical);
  CHECK(row.verdict == Verdict::unstable);
  CHECK(exit_of({row}) == Exit::inconclusive);
}

TEST_CASE("a number that the golden's side lacks is suspect too", "[check]") {
  const Row row = final_loss_of_logs(golden_of_logs({1, 2, kNothing}), {1, 2, 3});
  CHECK(row.verdict == Verdict::suspect);
  CHECK_THAT(row.reason, Contains("1 of 3 of the golden's seeds have none"));
}

TEST_CASE("one log against five is judged by the four degrees that their spread has", "[check]") {
  // 2.67 standard errors: beyond t of 5 degrees, 2.57, and not beyond that of 4, 2.78.
  CHECK(final_loss_of_logs(golden_of_logs({1, 2, 3, 4, 5}), {7.62}).verdict == Verdict::unstable);
  CHECK(final_loss_of_logs(golden_of_logs({1, 2, 3, 4, 5}), {8}).verdict == Verdict::suspect);
}

TEST_CASE("noise whose mean is 0 by chance is noise", "[check]") {
  for (const Sides sides : {Sides::two_sided, Sides::non_inferiority}) {
    Golden golden = golden_of_logs({1, 2, 3, 4, 5});
    golden.paired = true;
    golden.policy.sides = sides;
    CHECK(final_loss_of_logs(golden, {2, 1, 3, 5, 4}).verdict == Verdict::unstable);
  }
}

}  // namespace repro::checks
