#include "measure/scaling_law.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "base/error.hpp"

using namespace repro;
using namespace repro::measure;

namespace {

// Shares of the tokens that are spent when each stage ends.
std::vector<double> ends_of(const StageBudget& budget, const std::vector<int64_t>& experts) {
  std::vector<double> ends = stage_shares(budget, experts);
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  return ends;
}

void check_near(const std::vector<double>& found, const std::vector<double>& expected,
                double margin) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(margin));
}

const std::vector<int64_t> kDoubling = {8, 16, 32, 64, 128};

}  // namespace

TEST_CASE("effective experts are the published law's at powers of two", "[measure]") {
  const std::pair<double, double> expected[] = {{1, 2.073}, {2, 3.056},   {4, 5.001},
                                                {8, 8.812}, {16, 16.139}, {32, 29.704}};
  for (const auto& [experts, effective] : expected)
    CHECK(effective_experts(experts) == Approx(effective).margin(5e-4));
  CHECK_THROWS_AS(effective_experts(0.5), Error);
}

TEST_CASE("the law's coefficients are the published ones within their rounding", "[measure]") {
  // m, mu, n, nu of table 4; the constants they follow from are rounded: 0.3 %.
  const std::pair<double, LawAt> expected[] = {{1, {30.364, 0.1817, 53.984, 0.1965}},
                                               {4, {24.846, 0.1731, 87.702, 0.2192}},
                                               {32, {16.542, 0.1557, 234.67, 0.2652}}};
  for (const auto& [experts, law] : expected) {
    const LawAt found = joint_law(experts);
    CHECK(found.m == Approx(law.m).epsilon(3e-3));
    CHECK(found.mu == Approx(law.mu).epsilon(3e-3));
    CHECK(found.n == Approx(law.n).epsilon(3e-3));
    CHECK(found.nu == Approx(law.nu).epsilon(3e-3));
  }
}

TEST_CASE("compute-optimal tokens are where parameters and tokens help alike", "[measure]") {
  CHECK(optimal_tokens(1, 1.7e9) == Approx(9.51e9).epsilon(1e-3));
  CHECK(optimal_tokens(8, 990e6) == Approx(1.68e10).epsilon(3e-3));
  for (const double experts : {1, 8, 32}) {
    const double size = 2e8, tokens = optimal_tokens(experts, size), step = 1e-5;
    const auto slope = [&](double by_size, double by_tokens) {
      return law_loss(experts, size * std::exp(by_size), tokens * std::exp(by_tokens)) -
             law_loss(experts, size * std::exp(-by_size), tokens * std::exp(-by_tokens));
    };
    CHECK(slope(step, 0) == Approx(slope(0, step)).epsilon(1e-4));
  }
}

TEST_CASE("more experts and more tokens lower the law's loss, never below its floor", "[measure]") {
  double before = 100;
  for (const double experts : {1, 2, 4, 8, 16, 32}) {
    const double loss = law_loss(experts, 1e9, 1e11);
    CHECK(loss < before);
    CHECK(loss > kLawFloor);
    CHECK(law_loss(experts, 1e9, 2e11) < loss);
    before = loss;
  }
}

TEST_CASE("each rule shares out the whole budget, as its source says", "[measure]") {
  StageBudget budget;
  check_near(ends_of(budget, kDoubling), {.239, .342, .489, .699, 1}, 5e-4);
  check_near(ends_of(budget, {1, 2, 4}), {.489, .699, 1}, 5e-4);
  budget.rule = StageRule::quoted5;
  check_near(ends_of(budget, kDoubling), {.235, .330, .495, .714, 1}, 5e-4);
  budget.rule = StageRule::joint_law;
  budget.active_parameters = 1e8;
  check_near(ends_of(budget, kDoubling), {.215, .349, .533, .757, 1}, 5e-4);
  check_near(ends_of(budget, {1, 2, 4}), {.361, .585, 1}, 5e-4);
  budget.active_parameters = 1.1e9;
  check_near(ends_of(budget, kDoubling), {.367, .506, .667, .837, 1}, 5e-4);
  budget.rule = StageRule::custom;
  budget.shares = {0.5, 0.25, 0.25};
  check_near(ends_of(budget, {2, 4, 8}), {.5, .75, 1}, 1e-12);
}

TEST_CASE("the power rule is within 1.5 points of EMO's own shares of its tokens", "[measure]") {
  StageBudget power, quoted;
  quoted.rule = StageRule::quoted5;
  check_near(ends_of(power, kDoubling), ends_of(quoted, kDoubling), 0.015);
}

TEST_CASE("one stage has all of the budget under any rule that takes one", "[measure]") {
  const std::vector<int64_t> one = {8};
  StageBudget budget;
  CHECK(stage_shares(budget, one) == std::vector<double>{1});
  budget.rule = StageRule::joint_law;
  budget.active_parameters = 1e6;
  CHECK(stage_shares(budget, one) == std::vector<double>{1});
  budget.rule = StageRule::custom;
  budget.shares = {1};
  CHECK(stage_shares(budget, one) == std::vector<double>{1});
}

TEST_CASE("shares that do not fit their stages are refused with the way out", "[measure]") {
  StageBudget budget;
  budget.rule = StageRule::quoted5;
  CHECK_THROWS_WITH(stage_shares(budget, std::vector<int64_t>{2, 4}),
                    Catch::Contains("of five stages, there are 2"));
  budget.rule = StageRule::custom;
  budget.shares = {0.5, 0.4};
  CHECK_THROWS_WITH(stage_shares(budget, std::vector<int64_t>{2, 4}),
                    Catch::Contains("sum to 0.9; they must sum to 1"));
  CHECK_THROWS_WITH(stage_shares(budget, std::vector<int64_t>{2, 4, 8}),
                    Catch::Contains("2 shares for 3 stages"));
  budget.rule = StageRule::power;
  CHECK_THROWS_WITH(stage_shares(budget, std::vector<int64_t>{4, 4}),
                    Catch::Contains("would get no tokens"));
}

TEST_CASE("the steps of the stages sum to the run's, each has one, and ends are rounded",
          "[measure]") {
  for (const int64_t total : {5, 6, 7, 40, 800, 57221}) {
    StageBudget budget;
    const auto steps = stage_steps(stage_shares(budget, kDoubling), total);
    CHECK(std::accumulate(steps.begin(), steps.end(), int64_t{0}) == total);
    for (const int64_t of_stage : steps) CHECK(of_stage >= 1);
  }
  CHECK(stage_steps(std::vector<double>{0.5, 0.25, 0.25}, 10) == std::vector<int64_t>{5, 3, 2});
  CHECK_THROWS_WITH(stage_steps(std::vector<double>{0.5, 0.5}, 1),
                    Catch::Contains("1 steps for 2 stages"));
}
