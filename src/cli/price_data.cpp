// A priced table for machines: every number with all its digits, and what it rests on.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/price_view.hpp"

namespace repro::cli {
namespace {

using claims::PhaseHours;
using claims::PricedRow;
using claims::PricedTable;
using measure::Evidence;

constexpr double measure::Interval::*kLow = &measure::Interval::low;
constexpr double measure::Interval::*kHigh = &measure::Interval::high;

std::optional<double> bound(const std::optional<measure::Interval>& range,
                            double measure::Interval::*end) {
  return range ? std::optional((*range).*end) : std::nullopt;
}

nlohmann::json number_json(std::optional<double> value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

nlohmann::json hours_json(const PhaseHours& phase) {
  return {{"hours", number_json(phase.hours)},
          {"hours_low", number_json(bound(phase.range, kLow))},
          {"hours_high", number_json(bound(phase.range, kHigh))},
          {"evidence", key(phase.evidence)},
          {"basis", phase.basis},
          {"utilisation", number_json(phase.utilisation)}};
}

}  // namespace

report::Table price_list(const PricedTable& priced) {
  report::Table table;
  table.columns = {{.heading = "id"}, {.heading = "cell"}};
  for (const char* heading : {"paper_full_dollars", "paper_method_dollars",
                              "paper_saving",       "full_hours",
                              "full_hours_low",     "full_hours_high",
                              "full_evidence",      "low_hours",
                              "low_hours_low",      "low_hours_high",
                              "low_evidence",       "high_hours",
                              "high_hours_low",     "high_hours_high",
                              "high_evidence",      "full_dollars",
                              "low_dollars",        "high_dollars",
                              "method_dollars",     "saving",
                              "saving_low",         "saving_high",
                              "saving_timing_low",  "saving_timing_high",
                              "break_even_ratio",   "evidence"})
    table.columns.push_back({.heading = heading});
  const auto value = [](std::optional<double> known) { return report::TableCell("", known); };
  const auto label = [](Evidence evidence) {
    return report::TableCell(std::string(key(evidence)));
  };
  for (const PricedRow& row : priced.rows) {
    table.add({row.id,
               row.subject,
               value(row.paper_full),
               value(row.paper_method),
               value(row.paper_saving()),
               value(row.full_time.hours),
               value(bound(row.full_time.range, kLow)),
               value(bound(row.full_time.range, kHigh)),
               label(row.full_time.evidence),
               value(row.low_time.hours),
               value(bound(row.low_time.range, kLow)),
               value(bound(row.low_time.range, kHigh)),
               label(row.low_time.evidence),
               value(row.high_time.hours),
               value(bound(row.high_time.range, kLow)),
               value(bound(row.high_time.range, kHigh)),
               label(row.high_time.evidence),
               value(row.if_priced(row.full.dollars)),
               value(row.phase_dollars(0)),
               value(row.phase_dollars(1)),
               value(row.if_priced(row.method.dollars)),
               value(row.if_priced(row.saving)),
               value(bound(row.range, kLow)),
               value(bound(row.range, kHigh)),
               value(bound(row.timing_range, kLow)),
               value(bound(row.timing_range, kHigh)),
               value(row.if_priced(row.line.break_even())),
               label(row.evidence())});
  }
  return table;
}

nlohmann::json price_json(const PricedTable& priced, const std::vector<OfferedRatio>& offers) {
  const auto number = number_json;
  nlohmann::json rows = nlohmann::json::array();
  for (const PricedRow& row : priced.rows) {
    nlohmann::json phases = nlohmann::json::array();
    for (const measure::PhaseCost& phase : row.method.phases)
      phases.push_back({{"phase", phase.name},
                        {"device", phase.device},
                        {"device_hours", number(phase.device_hours)},
                        {"dollars", number(phase.dollars)},
                        {"overhead", phase.overhead}});
    rows.push_back({{"id", row.id},
                    {"cell", row.subject},
                    {"evidence", key(row.evidence())},
                    {"missing", row.missing()},
                    {"hours",
                     {{"full", hours_json(row.full_time)},
                      {"low", hours_json(row.low_time)},
                      {"high", hours_json(row.high_time)}}},
                    {"paper_full_dollars", number(row.paper_full)},
                    {"paper_method_dollars", number(row.paper_method)},
                    {"paper_saving", number(row.paper_saving())},
                    {"full_dollars", number(row.if_priced(row.full.dollars))},
                    {"method_dollars", number(row.if_priced(row.method.dollars))},
                    {"saving", number(row.if_priced(row.saving))},
                    {"saving_low", number(bound(row.range, kLow))},
                    {"saving_high", number(bound(row.range, kHigh))},
                    {"saving_timing_low", number(bound(row.timing_range, kLow))},
                    {"saving_timing_high", number(bound(row.timing_range, kHigh))},
                    {"A", number(row.if_priced(row.line.a))},
                    {"B", number(row.if_priced(row.line.b))},
                    {"break_even_ratio", number(row.if_priced(row.line.break_even()))},
                    {"break_even_low_price", number(row.if_priced(row.break_even_low_price))},
                    {"needed_step_ratio", number(row.needed_step_ratio)},
                    {"step_ratio", number(row.step_ratio)},
                    {"phases", phases}});
  }
  nlohmann::json offered = nlohmann::json::array();
  for (const OfferedRatio& offer : offers)
    offered.push_back(
        {{"low", offer.low}, {"high", offer.high}, {"price_ratio", offer.price_ratio}});
  return {{"table", priced.table},
          {"low", {{"device", priced.low_device}, {"price", priced.low_price}}},
          {"high", {{"device", priced.high_device}, {"price", priced.high_price}}},
          {"paper_price_ratio", priced.paper_ratio},
          {"doubts", price_doubts(priced)},
          {"rows", rows},
          {"offers", offered}};
}

}  // namespace repro::cli
