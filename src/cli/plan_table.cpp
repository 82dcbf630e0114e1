#include <fmt/format.h>

#include <array>
#include <set>

#include "base/text.hpp"
#include "cli/plan_view.hpp"

namespace repro::cli {
namespace {

using measure::StateLayout;

constexpr std::array kLayouts = {StateLayout::bytes_16, StateLayout::bytes_12,
                                 StateLayout::bytes_8};

std::string hours_text(double hours) {
  if (hours < 1.0 / 60) return fmt::format("{:.1f} s", hours * 3600);
  if (hours < 1) return fmt::format("{:.1f} min", hours * 60);
  return fmt::format("{:.1f} h", hours);
}

std::string dollars_text(double dollars) {
  return dollars < 1 ? fmt::format("{:.4f}", dollars) : fmt::format("{:.2f}", dollars);
}

// Bytes of the profile's device; 0 = unknown.
double device_bytes(const forecast::PlanRow& row, const forecast::PlanBasis& basis) {
  const auto profile = basis.profiles.find(row.profile);
  return profile == basis.profiles.end() ? 0 : static_cast<double>(profile->second.memory_bytes);
}

bool exceeds(const forecast::PlanRow& row, StateLayout layout, const forecast::PlanBasis& basis) {
  const double available = device_bytes(row, basis);
  return available > 0 && forecast::memory_at(*row.cost, layout) > available;
}

report::TableCell memory_cell(const forecast::PlanRow& row, StateLayout layout,
                              const forecast::PlanBasis& basis) {
  if (!row.cost) return "";
  const double bytes = forecast::memory_at(*row.cost, layout);
  return {fmt::format("{:.{}f}", bytes / 1e9, bytes < 1e10 ? 3 : 1), bytes,
          exceeds(row, layout, basis) ? "x" : ""};
}

std::vector<report::Column> plan_columns() {
  using report::Align;
  return {{.heading = "cell", .align = Align::left},
          {.heading = "phase", .align = Align::left},
          {.heading = "done"},
          {.heading = "parameters"},
          {.heading = "steps", .align = Align::left},
          {.heading = "tokens"},
          {.heading = "16", .group = "GB at bytes a parameter", .key = "memory_16"},
          {.heading = "12", .group = "GB at bytes a parameter", .key = "memory_12"},
          {.heading = "8", .group = "GB at bytes a parameter", .key = "memory_8"},
          {.heading = "time"},
          {.heading = "device", .align = Align::left},
          {.heading = "$"}};
}

report::TableCell number(const std::string& text, std::optional<double> value) {
  return value ? report::TableCell(text, value) : report::TableCell("-");
}

// The cell stands beside its first rows: what it is, then the corpus that stands in.
std::string label(const forecast::PlanRow& row, size_t row_of_cell) {
  if (row_of_cell == 0) return row.cell;
  return row_of_cell == 1 ? row.corpus : "";
}

// With several arms of one kind of phase, whose it is.
std::string phase_text(const forecast::PlanRow& row, bool name_arms) {
  return !name_arms || row.arm.empty() || row.arm == row.phase ? row.phase
                                                               : row.arm + ": " + row.phase;
}

void add_row(report::Table& table, const forecast::PlanRow& row, size_t row_of_cell, bool name_arms,
             const forecast::PlanBasis& basis) {
  const int64_t parameters = row.cost ? row.cost->parameters : 0;
  table.add(
      {label(row, row_of_cell), phase_text(row, name_arms),
       fmt::format("{}/{}", row.done, row.jobs.size()),
       row.cost ? report::TableCell(with_commas(parameters), static_cast<double>(parameters)) : "",
       row.steps,
       row.cost ? number(human_count(static_cast<double>(row.tokens.value_or(0))), row.tokens) : "",
       memory_cell(row, kLayouts[0], basis), memory_cell(row, kLayouts[1], basis),
       memory_cell(row, kLayouts[2], basis), number(hours_text(row.hours.value_or(0)), row.hours),
       row.devices > 1 && !row.profile.empty() ? fmt::format("{} x {}", row.devices, row.profile)
                                               : row.profile,
       row.profile.empty() ? "" : number(dollars_text(row.dollars.value_or(0)), row.dollars)},
      row_of_cell == 0 && !row.model.empty());
}

}  // namespace

report::Table plan_table(const plan::Plan& plan, const std::vector<forecast::PlanRow>& rows,
                         const forecast::PlanBasis& basis) {
  const plan::Experiment& experiment = plan.experiment;
  report::Table table{.title = fmt::format("Plan of {} at scale {}: {}", experiment.name,
                                           experiment.scale.name, experiment.title),
                      .columns = plan_columns()};
  std::string last;
  const bool name_arms = experiment.arms.size() > 2;
  size_t row_of_cell = 0;
  bool any_exceeds = false;
  for (const forecast::PlanRow& row : rows) {
    const std::string cell = row.cell + row.corpus;
    row_of_cell = cell == last ? row_of_cell + 1 : 0;
    add_row(table, row, row_of_cell, name_arms, basis);
    last = cell;
    for (StateLayout layout : kLayouts)
      any_exceeds = any_exceeds || (row.cost && exceeds(row, layout, basis));
  }
  if (any_exceeds)
    table.footnotes.push_back({"x", "more than the device holds; see the lines below"});
  return table;
}

std::vector<std::string> memory_warnings(const std::vector<forecast::PlanRow>& rows,
                                         const forecast::PlanBasis& basis) {
  std::vector<std::string> lines;
  std::set<std::pair<std::string, std::string>> seen;  // model, phase
  for (const forecast::PlanRow& row : rows) {
    if (!row.cost || !exceeds(row, kLayouts[0], basis)) continue;
    if (!seen.emplace(row.model, row.phase).second) continue;
    std::vector<std::string> verdicts;
    for (StateLayout layout : kLayouts)
      verdicts.push_back(fmt::format("{} at {} bytes a parameter {}",
                                     human_bytes(forecast::memory_at(*row.cost, layout)),
                                     measure::bytes_per_parameter(layout),
                                     exceeds(row, layout, basis) ? "does not fit" : "fits"));
    lines.push_back(fmt::format("{} {} ({} parameters) on {} ({}): {}", row.model, row.phase,
                                with_commas(row.cost->parameters), row.profile,
                                human_bytes(device_bytes(row, basis)), join(verdicts, ", ")));
  }
  return lines;
}

}  // namespace repro::cli
