#include "measure/cost.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"

namespace repro::measure {
namespace {

// One device a job; each phase's device is named like the phase.
struct Priced {
  Phase phase;
  double price;
};

Priced phase(std::string name, const std::vector<double>& hours, double price) {
  Phase one{.name = name};
  for (const double each : hours) one.jobs.push_back({.hours = each, .device = name});
  return {std::move(one), price};
}

Bill bill(const std::vector<Priced>& priced, const Billing& billing) {
  std::vector<Phase> phases;
  for (const Priced& one : priced) phases.push_back(one.phase);
  const PriceOf price = [&](const std::string& device) -> std::optional<double> {
    for (const Priced& one : priced)
      if (one.phase.name == device) return one.price;
    return std::nullopt;
  };
  return measure::bill(phases, price, billing);
}

// Table 3 of the paper: hours of the full training, the longest submodel, the fine-tuning.
struct Cell {
  double full, submodel, finetune;
  double total_cost, saving_percent, break_even, a, b, saving_at_046;
};
const std::vector<Cell> kCells = {{9.87, 2.09, 1.73, 6.8704, 69.47, .9737, .8247, .8470, 43.5},
                                  {3.04, 1.28, 0.68, 3.3424, 51.78, .4609, .7763, 1.6842, 0.2},
                                  {13.12, 3.12, 2.87, 10.9116, 63.52, .8213, .7812, .9512, 34.4},
                                  {5.64, 1.54, 2.01, 6.7388, 47.60, .5893, .6436, 1.0922, 14.1},
                                  {7.45, 1.46, 2.67, 8.1316, 52.13, .8185, .6416, .7839, 28.1},
                                  {14.09, 3.01, 4.79, 15.1352, 52.89, .7724, .6600, .8545, 26.7}};

}  // namespace

TEST_CASE("four devices for the longest submodel and one for the rest cost what the paper prints",
          "[measure]") {
  for (const Cell& cell : kCells) {
    const std::vector<double> submodels(4, cell.submodel);
    const Bill total = bill({phase("S", submodels, 0.35), phase("F", {cell.finetune}, 2.28)}, {});
    CHECK(total.dollars == Approx(cell.total_cost).margin(5e-5));
    CHECK(total.wall_hours == Approx(cell.submodel + cell.finetune));
    CHECK(total.device_hours == Approx(4 * cell.submodel + cell.finetune));
  }
}

TEST_CASE("the saving is a line in the price ratio with the paper's break-even", "[measure]") {
  for (const Cell& cell : kCells) {
    const SavingLine line = saving_line(cell.full, cell.submodel, 4, cell.finetune);
    CHECK(line.a == Approx(cell.a).margin(5e-5));
    CHECK(line.b == Approx(cell.b).margin(5e-5));
    CHECK(100 * line.at(0.35 / 2.28) == Approx(cell.saving_percent).margin(0.005));
    CHECK(100 * line.at(0.40 / 0.87) == Approx(cell.saving_at_046).margin(0.05));
    CHECK(line.break_even() == Approx(cell.break_even).margin(1e-4));
    CHECK(line.at(line.break_even()) == Approx(0).margin(1e-12));
  }
}

TEST_CASE("makespan billing pays idle devices, usage billing does not", "[measure]") {
  const std::vector<Priced> phases = {phase("S", {1.0, 2.0, 3.0, 2.0}, 1.0)};
  CHECK(bill(phases, {.accounting = Accounting::makespan}).dollars == 12);
  CHECK(bill(phases, {.accounting = Accounting::usage}).dollars == 8);
  CHECK(bill(phases, {.accounting = Accounting::usage}).wall_hours == 3);
}

TEST_CASE("times are rounded up to the billing granularity, whole units are not", "[measure]") {
  const Billing hourly{
      .accounting = Accounting::usage, .granularity_seconds = 3600, .minimum_seconds = 0};
  CHECK(bill({phase("S", {1.01, 2.0}, 1.0)}, hourly).dollars == 4);
  const Billing per_minute{
      .accounting = Accounting::usage, .granularity_seconds = 60, .minimum_seconds = 0};
  CHECK(bill({phase("S", {0.1}, 60.0)}, per_minute).dollars == Approx(6.0));
}

TEST_CASE("a minimum is charged to each device used, and to none that was not", "[measure]") {
  const Billing billing{
      .accounting = Accounting::usage, .granularity_seconds = 0, .minimum_seconds = 600};
  CHECK(bill({phase("S", {0.01, 1.0}, 6.0)}, billing).dollars == Approx(1.0 + 6.0));
  CHECK(bill({phase("S", {0.0}, 6.0)}, billing).dollars == 0);
}

TEST_CASE("hours nobody measured are named, not counted as zero", "[measure]") {
  const Bill total = bill({phase("S", {1.0}, 2.0), phase("merge", {}, 2.0)}, {});
  CHECK(total.dollars == 2);
  CHECK(total.unknown == std::vector<std::string>{"merge"});
  CHECK_FALSE(total.phases[1].dollars);
  const Bill free = bill({phase("merge", {0.0}, 2.0)}, {});
  CHECK(free.unknown.empty());
  CHECK(*free.phases[0].dollars == 0);
}

TEST_CASE("negative hours and prices are refused by name", "[measure]") {
  CHECK_THROWS_WITH(bill({phase("S", {-1.0}, 1.0)}, {}),
                    "phase 'S': -1 hours; a time must be finite and not negative");
  CHECK_THROWS_WITH(bill({phase("S", {1.0}, -2.0)}, {}),
                    "phase 'S': a price of -2; it must be finite and not negative");
  CHECK_THROWS_AS(saving_line(0, 1, 4, 1), Error);
}

TEST_CASE("a phase may have jobs on several devices, and a job several devices", "[measure]") {
  const PriceOf price = [](const std::string& device) {
    return std::optional(device == "cheap" ? 1.0 : 3.0);
  };
  const Phase mixed{
      .name = "S",
      .jobs = {{.hours = 1, .device = "cheap", .devices = 2}, {.hours = 2, .device = "costly"}}};
  CHECK(bill({mixed}, price, {.accounting = Accounting::usage}).dollars == 2 * 1 + 2 * 3);
  // Both are held until the longer ends.
  CHECK(bill({mixed}, price, {.accounting = Accounting::makespan}).dollars == 2 * 2 + 2 * 3);
  CHECK(bill({mixed}, price, {}).phases[0].device == "cheap + costly");
}

TEST_CASE("a device without a price leaves its phase unknown, not free", "[measure]") {
  const Phase one{.name = "S", .jobs = {{.hours = 1, .device = "rare"}}};
  const Bill total = bill({one}, [](const std::string&) { return std::nullopt; }, {});
  CHECK(total.unknown == std::vector<std::string>{"S"});
  CHECK_FALSE(total.complete());
  CHECK(*total.phases[0].device_hours == 1);
}

TEST_CASE("what arithmetic leaves a hair above a whole unit is not billed as one more",
          "[measure]") {
  const Billing tenths{
      .accounting = Accounting::usage, .granularity_seconds = 360, .minimum_seconds = 0};
  // 0.1 + 0.1 + 0.1 hours are 1080.0000000000002 seconds: three units, not four.
  CHECK(bill({phase("S", {0.1 + 0.1 + 0.1}, 10.0)}, tenths).dollars == Approx(3.0));
  CHECK(bill({phase("S", {0.3001}, 10.0)}, tenths).dollars == Approx(4.0));
  // A minimum is rounded up to whole units too, and a time at the minimum costs the minimum.
  const Billing both{
      .accounting = Accounting::usage, .granularity_seconds = 3600, .minimum_seconds = 5400};
  CHECK(bill({phase("S", {0.1}, 1.0)}, both).dollars == 2);
  const Billing least{
      .accounting = Accounting::usage, .granularity_seconds = 0, .minimum_seconds = 1800};
  CHECK(bill({phase("S", {0.5}, 1.0)}, least).dollars == 0.5);
  CHECK(bill({phase("S", {0.4}, 1.0)}, least).dollars == 0.5);
  CHECK(bill({phase("S", {0.6}, 1.0)}, least).dollars == Approx(0.6));
}

TEST_CASE("several phases add up, and one without a price spoils no other", "[measure]") {
  const Bill total =
      bill({phase("A", {1.0, 3.0}, 2.0), phase("B", {2.0}, 5.0), phase("C", {}, 1.0)}, {});
  CHECK(total.dollars == 2 * 3 * 2 + 2 * 5);
  CHECK(total.wall_hours == 5);
  CHECK(total.device_hours == 2 * 3 + 2);
  CHECK_FALSE(total.complete());
  CHECK(*total.phases[0].wall_hours == 3);
  CHECK(*total.phases[0].dollars == 12);
  CHECK(bill({phase("A", {1.0}, 2.0)}, {}).complete());
  CHECK(bill({phase("A", {1.0}, 0.0)}, {}).dollars == 0);
}

TEST_CASE("no saving is computed from hours that are none", "[measure]") {
  CHECK_THROWS_AS(saving_line(1, -0.1, 4, 1), Error);
  CHECK_THROWS_AS(saving_line(1, 1, 4, -0.1), Error);
  CHECK_THROWS_AS(saving_line(std::nan(""), 1, 4, 1), Error);
  CHECK(saving_line(2, 0, 4, 0).a == 1);
  CHECK(saving_line(2, 0, 4, 0).b == 0);
  CHECK_THROWS_AS(bill({phase("S", {INFINITY}, 1.0)}, {}), Error);
  CHECK_THROWS_AS(bill({phase("S", {1.0}, INFINITY)}, {}), Error);
}

}  // namespace repro::measure
