#include "forecast/decision.hpp"

#include <catch2/catch.hpp>

#include "measure/cost.hpp"

namespace repro::forecast {
namespace {

BySpeed always(double value) {
  BySpeed speed;
  speed.values = {value, value, value};
  return speed;
}
BySpeed ranged(double slow, double expected, double fast) {
  BySpeed speed;
  speed.values = {slow, expected, fast};
  return speed;
}

Pool pool(const std::string& name, double price) {
  Pool one;
  one.device.name = name;
  one.price = price;
  return one;
}

// Ten hours on the costly device against five on four cheap ones and three on the costly one.
const std::vector<Pool> kPools = {pool("cheap", 0.5), pool("costly", 2)};
const Use kFull = {{}, {always(10), always(10)}};
const Use kMethod = {{always(5), always(20)}, {always(3), always(3)}};
const Use kLast = {{}, {always(3), always(3)}};

}  // namespace

TEST_CASE("a saving is that of the dollars, and the turning prices are where it ends",
          "[forecast]") {
  const Comparison found = compare(kFull, kMethod, kLast, kPools, Want::cheapest, true);
  CHECK(found.baseline.expected == Approx(20));
  CHECK(found.method.expected == Approx(16));
  CHECK(found.saving.expected == Approx(0.2));
  CHECK(found.answer == Answer::yes);
  REQUIRE(found.turns.size() == 2);
  CHECK(*found.turns[0].price == Approx(0.7));        // (20 - 6) / 20
  CHECK(*found.turns[1].price == Approx(10.0 / 7));   // 10 x = 10 + 3 x
  CHECK(*found.turns[0].speed == Approx(10.0 / 14));  // 10 / s = 14
  CHECK(*found.turns[1].speed == Approx(14.0 / 10));  // 20 / s = 10 + 6 / s
  CHECK(*found.last_phase == Approx(10.0 / 6));       // 10 + 6 x = 20
}

TEST_CASE("the same numbers are those of the saving's line in the price ratio", "[forecast]") {
  const measure::SavingLine line = measure::saving_line(10, 5, 4, 3);
  for (const double price : {0.1, 0.35, 0.5, 0.7, 1.4}) {
    CAPTURE(price);
    const std::vector<Pool> pools = {pool("cheap", price), pool("costly", 2)};
    const Comparison found = compare(kFull, kMethod, kLast, pools, Want::cheapest, true);
    CHECK(found.saving.expected == Approx(line.at(price / 2)).margin(1e-12));
    CHECK(*found.turns[0].price == Approx(2 * line.break_even()));
  }
}

TEST_CASE("the answer is yes or no only where it is at every speed, and rests on evidence",
          "[forecast]") {
  const auto answer = [&](double slow, double fast, bool sure) {
    const Use method = {{always(5), ranged(20 * slow, 20, 20 * fast)}, {always(3), always(3)}};
    return compare(kFull, method, kLast, kPools, Want::cheapest, sure);
  };
  CHECK(answer(1.3, 0.8, true).answer == Answer::yes);
  CHECK(answer(1.5, 0.8, true).answer == Answer::depends);
  CHECK(answer(1.5, 0.8, true).saving.low == Approx(1 - 21.0 / 20));
  CHECK(answer(1.5, 0.8, true).saving.high == Approx(1 - 14.0 / 20));
  CHECK(answer(1.3, 0.8, false).answer == Answer::depends);
  const Use dear = {{always(5), always(40)}, {always(3), always(3)}};
  CHECK(compare(kFull, dear, kLast, kPools, Want::cheapest, true).answer == Answer::no);
}

TEST_CASE("a pool's speed is one for all that runs on it", "[forecast]") {
  // Both on the costly device: however fast it is, 3 of 10 hours are 3 of 10.
  const Use full = {{}, {ranged(20, 10, 5), ranged(20, 10, 5)}};
  const Use method = {{}, {ranged(6, 3, 1.5), ranged(6, 3, 1.5)}};
  const Comparison found = compare(full, method, method, kPools, Want::cheapest, true);
  CHECK(found.saving.low == Approx(0.7));
  CHECK(found.saving.high == Approx(0.7));
  CHECK(found.method.low == Approx(3));
  CHECK(found.method.high == Approx(12));
  REQUIRE(found.turns.size() == 1);
  CHECK_FALSE(found.turns.front().price);
  CHECK_FALSE(found.turns.front().speed);
}

TEST_CASE("who wants the fastest is answered in hours", "[forecast]") {
  const Comparison found = compare(kFull, kMethod, kLast, kPools, Want::fastest, true);
  CHECK(found.baseline.expected == Approx(10));
  CHECK(found.method.expected == Approx(8));
  CHECK(found.saving.expected == Approx(0.2));
  CHECK_FALSE(found.turns[0].price);
  CHECK(*found.turns[0].speed == Approx(5.0 / 7));
}

TEST_CASE("a method whose first phases cost more than the baseline never pays", "[forecast]") {
  const Use method = {{always(5), always(50)}, {always(3), always(3)}};
  CHECK_FALSE(compare(kFull, method, kLast, kPools, Want::cheapest, true).last_phase);
}

TEST_CASE("every way to put phases on pools is tried once", "[forecast]") {
  CHECK(placements(2, 3).size() == 9);
  CHECK(placements(1, 4).size() == 4);
  CHECK(placements(3, 1) == std::vector<std::vector<size_t>>{{0, 0, 0}});
}

}  // namespace repro::forecast
