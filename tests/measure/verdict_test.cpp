#include "measure/verdict.hpp"

#include <catch2/catch.hpp>
#include <cmath>

namespace repro::measure {
namespace {

Interval exactly(double value) { return {value, value}; }

Question question(std::vector<Interval> seeds) {
  Question asked;
  asked.claimed = 0.7;
  asked.margin = 0.07;
  asked.seeds = std::move(seeds);
  return asked;
}

Verdict verdict(const Question& asked) { return judge(asked).verdict; }

}  // namespace

TEST_CASE("one seed without a noise estimate is never more than inconclusive", "[measure]") {
  CHECK(verdict(question({exactly(0.0)})) == Verdict::inconclusive);
  CHECK(verdict(question({exactly(0.99)})) == Verdict::inconclusive);
  CHECK(judge(question({exactly(0.0)})).reason ==
        "the effect is weaker than published (one seed, and no repeats to measure noise with)");
}

TEST_CASE("one seed beyond the noise measured elsewhere has a verdict, one within it has none",
          "[measure]") {
  Question asked = question({exactly(0.2)});
  asked.noise = Noise{.sd = 0.05, .degrees_of_freedom = 4};
  CHECK(verdict(asked) == Verdict::not_reproduced);
  asked.seeds = {exactly(0.6)};
  CHECK(verdict(asked) == Verdict::inconclusive);
  asked.seeds = {exactly(0.9)};
  CHECK(verdict(asked) == Verdict::reproduced);
}

TEST_CASE("several seeds are judged by the interval of their mean", "[measure]") {
  CHECK(verdict(question({exactly(0.70), exactly(0.72), exactly(0.71)})) == Verdict::reproduced);
  CHECK(verdict(question({exactly(0.20), exactly(0.22), exactly(0.21)})) ==
        Verdict::not_reproduced);
  CHECK(verdict(question({exactly(0.30), exactly(0.95), exactly(0.65)})) == Verdict::inconclusive);
}

TEST_CASE("a bound suffices when it lies on one side of the claim", "[measure]") {
  const Interval below{-INFINITY, 0.1}, above{0.8, INFINITY}, across{-INFINITY, 0.9};
  CHECK(verdict(question({below, below})) == Verdict::not_reproduced);
  CHECK(verdict(question({above, above})) == Verdict::reproduced);
  CHECK(verdict(question({across, across})) == Verdict::inconclusive);
}

TEST_CASE("a share of the work is reproduced when it is at most as large", "[measure]") {
  Question asked = question({exactly(0.5), exactly(0.5)});
  asked.sense = Sense::at_most;
  CHECK(verdict(asked) == Verdict::reproduced);
  asked.seeds = {exactly(0.9), exactly(0.9)};
  CHECK(verdict(asked) == Verdict::not_reproduced);
}

TEST_CASE("an absolute number must be about the same on both sides", "[measure]") {
  Question asked = question({exactly(0.7), exactly(0.7)});
  asked.sense = Sense::about;
  CHECK(verdict(asked) == Verdict::reproduced);
  asked.seeds = {exactly(0.9), exactly(0.9)};
  CHECK(verdict(asked) == Verdict::not_reproduced);
}

TEST_CASE("without seeds nothing was tested", "[measure]") {
  CHECK(verdict(question({})) == Verdict::not_tested);
}

TEST_CASE("noise is pooled over repeated cells only", "[measure]") {
  const std::vector<std::vector<double>> cells = {{1, 3}, {5}, {2, 2, 2}};
  const auto noise = pooled_noise(cells);
  REQUIRE(noise);
  CHECK(noise->degrees_of_freedom == 3);
  CHECK(noise->sd == Approx(std::sqrt(2.0 / 3.0)));
  CHECK_FALSE(pooled_noise(std::vector<std::vector<double>>{{1}, {2}}));
}

}  // namespace repro::measure
