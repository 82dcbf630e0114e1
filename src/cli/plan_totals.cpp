#include "cli/plan_totals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/text.hpp"
#include "cli/device_price.hpp"
#include "cli/plan_view.hpp"
#include "launch/executor.hpp"
#include "launch/schedule.hpp"

namespace repro::cli {
namespace {

void add_once(std::vector<std::string>& list, const std::string& one) {
  if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
}

std::string sum_line(const PlanTotals& totals, const plan::Experiment& experiment,
                     const forecast::PlanBasis& basis) {
  const std::string& snapshot = basis.prices.name;
  if (!totals.missing_prices.empty())
    return fmt::format(
        "all devices: n/m: snapshot '{}' has no price of {}; give it in dollars an hour with {}, "
        "or with --prices FILE.toml, which `repro price import` makes of a catalog",
        snapshot, join(totals.missing_prices, ", "),
        price_options(totals.missing_prices, experiment));
  if (!totals.dollars) return "all devices: n/m: no hours of a priced phase are known yet";
  return fmt::format("all devices: {}${:.4g} (prices: {})", totals.whole ? "" : "more than ",
                     *totals.dollars, snapshot);
}

}  // namespace

PlanTotals totals_of(const std::vector<forecast::PlanRow>& rows, const forecast::PlanBasis& basis) {
  PlanTotals totals;
  for (const forecast::PlanRow& row : rows) {
    if (!row.hours) add_once(totals.unknown_times, row.phase);
    if (row.profile.empty()) continue;
    totals.whole = totals.whole && row.hours.has_value();
    if (!row.hours) continue;
    PlanTotals::Device& device = totals.devices[row.profile];
    const auto each = static_cast<double>(row.devices);
    device.hours += *row.hours * each;
    // One device's steps err together.
    device.low += (row.hours_range ? row.hours_range->low : *row.hours) * each;
    device.high += (row.hours_range ? row.hours_range->high : *row.hours) * each;
    if (const auto spread = basis.prices.spread(row.profile)) device.price = spread->median;
  }
  for (const auto& [name, device] : totals.devices)
    if (!device.price) totals.missing_prices.push_back(name);
  if (totals.devices.empty() || !totals.missing_prices.empty()) return totals;
  totals.dollars = 0;
  for (const auto& [name, device] : totals.devices) *totals.dollars += device.hours * *device.price;
  return totals;
}

double seconds_here(const plan::Plan& plan, const std::vector<bool>& counted,
                    const std::filesystem::path& runs, const forecast::MachineSpeed& speed,
                    int slots) {
  std::vector<double> seconds = speed.seconds(plan.graph);
  const std::vector<bool> done = launch::find_done(plan.graph, runs);
  for (size_t job = 0; job < seconds.size(); ++job)
    if (done[job] || !counted[job]) seconds[job] = 0;
  return launch::makespan(plan.graph, seconds, {.slots = slots});
}

std::vector<std::string> total_lines(const PlanTotals& totals, const plan::Experiment& experiment,
                                     const forecast::PlanBasis& basis) {
  std::vector<std::string> lines;
  for (const auto& [name, device] : totals.devices) {
    std::string line = fmt::format("{}: {:.4g} device-hours", name, device.hours);
    const bool open = device.low < device.high;
    if (open) line += fmt::format(" ({:.4g} to {:.4g})", device.low, device.high);
    line += device.price ? fmt::format(" at ${:.2f}/h = ${:.4g}", *device.price,
                                       device.hours * *device.price)
                         : ", no price";
    if (open && device.price)
      line += fmt::format(" (${:.4g} to ${:.4g}, 95 %, by its measured steps)",
                          device.low * *device.price, device.high * *device.price);
    lines.push_back(std::move(line));
  }
  lines.push_back(sum_line(totals, experiment, basis));
  return lines;
}

std::vector<std::string> plan_doubts(const PlanTotals& totals, const plan::Experiment& experiment,
                                     const std::vector<forecast::PlanRow>& rows,
                                     const forecast::PlanBasis& basis) {
  std::vector<std::string> doubts;
  for (const std::string& line : memory_warnings(rows, basis)) doubts.push_back("memory: " + line);
  if (!totals.dollars) doubts.push_back(sum_line(totals, experiment, basis));
  if (!totals.unknown_times.empty())
    doubts.push_back("not known until one has run here: the time of " +
                     join(totals.unknown_times, ", "));
  for (const auto& [name, profile] : basis.profiles)
    if (const auto doubt = profile.doubt()) doubts.push_back(*doubt);
  if (std::any_of(rows.begin(), rows.end(), [](const forecast::PlanRow& row) {
        return row.devices > 1 && row.evidence != measure::Evidence::measured;
      }))
    doubts.push_back(
        "several devices are taken to work as many times as fast as one: what they exchange comes "
        "on top (repro-bench ranks measures it on this machine)");
  if (experiment.scale.stand_in)
    doubts.push_back(fmt::format(
        "scale {} is a stand-in: this machine's hours at the prices of the paper's devices",
        experiment.scale.name));
  return doubts;
}

}  // namespace repro::cli
