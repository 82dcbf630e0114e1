// One priced row, step by step, for whoever doubts it.

#include <fmt/format.h>

#include "cli/price_view.hpp"

namespace repro::cli {
namespace {

// "9.87 h on a100-80g (published: ...)".
std::string hours_step(const std::string& title, const claims::PhaseHours& phase,
                       const std::string& device) {
  return fmt::format("{}: {:.4g} h on {} ({}: {})", title, *phase.hours, device,
                     measure::name(phase.evidence), phase.basis);
}

std::string dollars_step(const measure::PhaseCost& cost, double hour) {
  return fmt::format("{}: {:.4g} device-hours x ${:.4g} = ${:.4f}", cost.name, *cost.device_hours,
                     hour, *cost.dollars);
}

}  // namespace

std::vector<std::string> price_steps(const claims::PricedTable& priced,
                                     const claims::PricedRow& row) {
  if (!row.priced) return {"not priced: " + row.missing()};
  const measure::PhaseCost& full = row.full.phases.front();
  const measure::PhaseCost& low = row.method.phases[0];
  const measure::PhaseCost& high = row.method.phases[1];
  const double ratio = priced.low_price / priced.high_price;
  std::vector<std::string> steps = {
      hours_step(full.name, row.full_time, priced.high_device),
      hours_step(low.name + ", each", row.low_time, priced.low_device),
      hours_step(high.name, row.high_time, priced.high_device),
      dollars_step(full, priced.high_price),
      dollars_step(low, priced.low_price),
      dollars_step(high, priced.high_price),
      fmt::format("saving: 1 - {:.4f} / {:.4f} = {:.1f} %", row.method.dollars, row.full.dollars,
                  100 * row.saving),
      fmt::format(
          "as a line: A - B r = {:.4f} - {:.4f} x {:.4f}, with A = 1 - {:.4g} / {:.4g}, B = "
          "{:.4g} / {:.4g}, r = ${:.4g} / ${:.4g}",
          row.line.a, row.line.b, ratio, *row.high_time.hours, *row.full_time.hours,
          *low.device_hours, *row.full_time.hours, priced.low_price, priced.high_price),
      fmt::format("break-even: r = A / B = {:.4g}: an hour of {} below ${:.4g}",
                  row.line.break_even(), priced.low_device, row.break_even_low_price)};
  if (row.paper_full && row.paper_method)
    steps.push_back(fmt::format("printed: 1 - {} / {} = {:.1f} %", *row.paper_method,
                                *row.paper_full, 100 * *row.paper_saving()));
  return steps;
}

}  // namespace repro::cli
