// What a decision does not know, the self-test, and both as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "cli/decide_view.hpp"
#include "findings/numbers.hpp"

namespace repro::cli {
namespace {

using forecast::PhaseRun;
using forecast::Pool;
using nlohmann::json;

json decide_number(const std::optional<double>& value) { return value ? json(*value) : json(); }

json spread_json(const forecast::Spread& spread) {
  return {{"expected", spread.expected}, {"low", spread.low}, {"high", spread.high}};
}

json by_speed_json(const forecast::BySpeed& value) {
  return {{"expected", value.expected()}, {"slow", value.slow()}, {"fast", value.fast()}};
}

json run_json(const PhaseRun& run) {
  json nearest = json::array();
  for (const forecast::Neighbour& one : run.speed.nearest)
    nearest.push_back({{"vector", one.vector->id},
                       {"distance", one.distance},
                       {"utilisation", one.utilisation},
                       {"source", one.vector->source}});
  return {{"fits", run.memory.fits},
          {"obstacle", run.obstacle},
          {"devices_a_job", run.memory.devices},
          {"micro_batch", run.memory.micro_batch},
          {"recompute", name(run.memory.recompute)},
          {"bytes", run.memory.bytes},
          {"of_bytes", run.memory.of_bytes},
          {"side_by_side", run.side_by_side},
          {"rounds", run.rounds},
          {"step_seconds", by_speed_json(run.step_seconds)},
          {"hours", by_speed_json(run.hours)},
          {"device_hours", by_speed_json(run.device_hours)},
          {"utilisation", run.utilisation},
          {"evidence", key(run.evidence)},
          {"basis", run.basis},
          {"nearest", nearest}};
}

json comparison_json(const Decision& decision, const forecast::Comparison& comparison) {
  json turns = json::array();
  for (const forecast::Turn& turn : comparison.turns)
    turns.push_back({{"device", decision.pools[turn.pool].device.name},
                     {"break_even_price", decide_number(turn.price)},
                     {"break_even_speed", decide_number(turn.speed)}});
  return {{"baseline", spread_json(comparison.baseline)},
          {"method", spread_json(comparison.method)},
          {"saving", spread_json(comparison.saving)},
          {"answer", name(comparison.answer)},
          {"turns", turns},
          {"break_even_last_phase", decide_number(comparison.last_phase)}};
}

json option_json(const Decision& decision, const TrainingOption& option, bool is_baseline) {
  json pools = json::array(), cells = json::array(), against = json::array();
  for (const size_t pool : option.pools) pools.push_back(decision.pools[pool].device.name);
  for (size_t cell = 0; cell < option.runs.size(); ++cell) {
    json phases = json::array();
    for (const PhaseRun& run : option.runs[cell]) phases.push_back(run_json(run));
    cells.push_back({{"cell", decision.cells[cell].name}, {"phases", phases}});
    if (!is_baseline && option.possible() && decision.baseline)
      cells.back()["against_best"] =
          comparison_json(decision, decision.compare_cell(option, *decision.baseline, cell));
  }
  for (size_t pool = 0; pool < decision.pools.size() && !is_baseline; ++pool)
    if (option.possible() && decision.baselines[pool].possible())
      against.push_back(
          {{"full_on", decision.pools[pool].device.name},
           {"comparison", comparison_json(decision, decision.compare_all(option, pool))}});
  json all = {{"placement", pools},
              {"fits", option.possible()},
              {"obstacle", option.obstacle},
              {"evidence", option.sure},
              {"cells", cells}};
  if (is_baseline) return all;
  all["arm"] = decision.cells.front().arms[option.arm].name;
  all["against"] = against;
  return all;
}

void doubt_speeds(const Decision& decision, std::vector<std::string>& doubts) {
  std::set<std::string> unknown, shared;
  const auto look = [&](const TrainingOption& option) {
    for (const auto& phases : option.runs)
      for (size_t i = 0; i < phases.size(); ++i) {
        const std::string& device = decision.pools[option.pools[i]].device.name;
        if (phases[i].possible() && phases[i].evidence == measure::Evidence::none)
          unknown.insert(device);
        if (phases[i].memory.devices > 1) shared.insert(device);
      }
  };
  for (const TrainingOption& option : decision.baselines) look(option);
  for (const TrainingOption& option : decision.options) look(option);
  for (const std::string& device : unknown)
    doubts.push_back(
        fmt::format("no evidence of the speed of {}: no published training is near "
                    "(distance {} at most), so nothing that runs there is sure",
                    device, forecast::ThroughputModel::kFar));
  for (const std::string& device : shared)
    doubts.push_back(
        fmt::format("jobs that several {} share are counted with a ring of gradients "
                    "over their link, hidden at best, in full at worst",
                    device));
}

}  // namespace

std::vector<std::string> decision_doubts(const Decision& decision) {
  std::vector<std::string> doubts;
  doubt_speeds(decision, doubts);
  for (const Pool& pool : decision.pools)
    if (const auto doubt = pool.device.doubt()) doubts.push_back(*doubt);
  doubts.push_back(
      "hours are steps x seconds a step: starts, checkpoints, evaluation, preparation and idle "
      "devices are not in them");
  doubts.push_back(
      "ranges are of speeds alone: 90 % of published trainings that are left out fall into theirs "
      "(repro decide --selftest)");
  return doubts;
}

json decision_json(const Decision& decision, const std::vector<SnapshotPrice>& prices) {
  json pools = json::array(), cells = json::array(), baselines = json::array(),
       options = json::array(), snapshots = json::array();
  for (const Pool& pool : decision.pools)
    pools.push_back({{"device", pool.device.name}, {"count", pool.count}, {"price", pool.price}});
  for (const CellTasks& cell : decision.cells) {
    json arms = json::array();
    for (const ArmTasks& arm : cell.arms)
      arms.push_back({{"arm", arm.name}, {"last_phase", arm.share}, {"from", arm.share_from}});
    cells.push_back({{"cell", cell.name}, {"baseline_steps", cell.baseline_steps}, {"arms", arms}});
  }
  for (const TrainingOption& option : decision.baselines)
    baselines.push_back(option_json(decision, option, true));
  for (const TrainingOption& option : decision.options)
    options.push_back(option_json(decision, option, false));
  for (const SnapshotPrice& one : prices) {
    json each = json::object();
    for (size_t pool = 0; pool < decision.pools.size(); ++pool)
      each[decision.pools[pool].device.name] = decide_number(one.prices[pool]);
    snapshots.push_back({{"snapshot", one.snapshot},
                         {"date", one.date},
                         {"prices", each},
                         {"baseline_dollars", one.baseline},
                         {"method_dollars", one.method},
                         {"saving", 1 - one.method / one.baseline}});
  }
  return {{"want", decision.want == forecast::Want::cheapest ? "cheapest" : "fastest"},
          {"answer", decision_sentence(decision)},
          {"turns", decision_turns(decision)},
          {"pools", pools},
          {"cells", cells},
          {"baselines", baselines},
          {"options", options},
          {"snapshots", snapshots},
          {"doubts", decision_doubts(decision)}};
}

report::Table selftest_table(const forecast::SelfTest& test) {
  using report::Align;
  report::Table table{.title = "Each published throughput, predicted from the others",
                      .columns = {{.heading = "vector", .align = Align::left},
                                  {.heading = "model", .align = Align::left},
                                  {.heading = "on", .align = Align::left},
                                  {.heading = "type", .align = Align::left},
                                  {.heading = "printed", .group = "of the peak, recomputing too"},
                                  {.heading = "predicted", .group = "of the peak, recomputing too"},
                                  {.heading = "off"},
                                  {.heading = "distance"},
                                  {.heading = "inside", .align = Align::left}}};
  for (const forecast::LeftOut& one : test.vectors) {
    const forecast::SpeedEstimate& estimate = one.estimate;
    table.add(
        {one.vector->id,
         one.vector->model,
         fmt::format("{:.0f}x {}", one.vector->devices, one.vector->profile),
         one.vector->dtype,
         {findings::percent(one.utilisation), one.utilisation},
         {findings::percent_range(estimate.utilisation, estimate.range), estimate.utilisation},
         {fmt::format("{:+.0f} %", 100 * one.error()), one.error()},
         {fmt::format("{:.2f}", estimate.distance()), estimate.distance()},
         !estimate.evidence ? "no evidence"
         : one.inside()     ? "yes"
                            : "no"});
  }
  return table;
}

std::string selftest_sentence(const forecast::SelfTest& test) {
  return fmt::format(
      "{} of {} vectors with evidence lie inside their interval ({:.0f} %), {} have none near; "
      "median error of the {} dense ones on A100 and H100: {:.1f} %",
      test.inside, test.with_evidence,
      test.with_evidence == 0
          ? 0
          : 100 * static_cast<double>(test.inside) / static_cast<double>(test.with_evidence),
      test.vectors.size() - test.with_evidence, test.dense, 100 * test.median_error);
}

json selftest_json(const forecast::SelfTest& test) {
  json vectors = json::array();
  for (const forecast::LeftOut& one : test.vectors)
    vectors.push_back({{"vector", one.vector->id},
                       {"profile", one.vector->profile},
                       {"utilisation", one.utilisation},
                       {"predicted", one.estimate.utilisation},
                       {"low", one.estimate.range.low},
                       {"high", one.estimate.range.high},
                       {"error", one.error()},
                       {"distance", one.estimate.distance()},
                       {"evidence", one.estimate.evidence},
                       {"inside", one.inside()},
                       {"source", one.vector->source}});
  return {{"vectors", vectors},
          {"with_evidence", test.with_evidence},
          {"inside", test.inside},
          {"dense", test.dense},
          {"median_error", test.median_error},
          {"summary", selftest_sentence(test)}};
}

}  // namespace repro::cli
