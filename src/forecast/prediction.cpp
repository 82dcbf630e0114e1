#include "forecast/prediction.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "measure/flops.hpp"
#include "measure/parameters.hpp"
#include "measure/stats.hpp"
#include "run/run_directory.hpp"
#include "run/verifier.hpp"

namespace repro::forecast {
namespace {

using nlohmann::json;

// Of one core, until something ran: the order of magnitude with bf16 products in hardware or
// without.
double assumed_flops() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512bf16")) return 180e9;
#endif
  return 60e9;
}

// Jobs that train nothing are short beside those that do: for the progress bar of a first run.
const std::map<std::string, double> kAssumedSeconds = {
    {"prepare", 60}, {"cluster", 5}, {"merge", 5},  {"grow", 5},
    {"eval", 3},     {"import", 60}, {"probe", 75}, {"task", 30}};
constexpr double kAssumedOther = 10;
// Of an evaluation beside what it reads: weights, a tokenizer.
constexpr double kStartSeconds = 0.3;

// Work of one shape runs at one speed: the key of what speed depends on.
std::string shape_of(const TrainCost& cost) {
  const json shape = {config::to_json(cost.model), cost.spec.batch,     cost.spec.sequence,
                      cost.spec.accumulate,        cost.spec.precision, cost.spec.device,
                      cost.spec.threads,           cost.spec.ranks};
  return shape.dump();
}

double sum_of(const json& seconds) {
  double sum = 0;
  for (const auto& [part, value] : seconds.items()) sum += value.get<double>();
  return sum;
}

}  // namespace

std::optional<TrainCost> train_cost(const run::Job& job) {
  if (job.kind != "train") return std::nullopt;
  TrainCost cost;
  cost.spec = config::from_json<config::TrainSpec>(job.spec, job.name);
  cost.model = cost.spec.model;
  cost.parameters = measure::count_parameters(cost.model).full();
  if (cost.spec.steps > 0) {
    cost.steps = cost.spec.steps;
    cost.tokens = cost.spec.steps * cost.spec.batch * cost.spec.sequence;
  }
  cost.flops_per_token = static_cast<double>(
      measure::flops_per_token(measure::Convention::palm, cost.model, cost.spec.sequence));
  if (job.execution.value("shard_optimizer", false)) cost.shards = cost.spec.ranks;
  // Of the rank with most rows.
  const int64_t pieces = cost.spec.accumulate * cost.spec.ranks;
  const int64_t rows = (cost.spec.batch + pieces - 1) / pieces;
  cost.memory = measure::estimate_memory(cost.model, cost.spec.precision, rows * cost.spec.sequence,
                                         cost.shards);
  return cost;
}

MachineSpeed::MachineSpeed(const run::JobGraph& graph, const std::filesystem::path& runs) {
  run::Verifier verifier(runs);
  evals_ = eval_costs(graph, runs, verifier);
  for (const run::Job& job : graph.jobs()) {
    const run::RunDirectory directory(runs / job.directory);
    if (directory.state() != run::State::done) continue;
    const json result = verifier.result(directory);
    double seconds = result.contains("seconds") ? sum_of(result.at("seconds")) : 0;
    if (result.contains("clocks")) seconds = result.at("clocks").value("wall", 0.0);
    taken_[job.key] = seconds;
    if (seconds <= 0) continue;
    if (const auto cost = train_cost(job)) {
      const double rate = cost->flops_per_token * result.value("tokens", 0.0) / seconds;
      rates_[shape_of(*cost)].push_back(rate);
      all_rates_.push_back(rate / static_cast<double>(cost->spec.ranks));
    } else if (const auto eval = evals_.find(job.key); eval != evals_.end()) {
      eval_rates_.push_back(eval->second.flops / seconds);
    } else {
      other_seconds_[job.kind].push_back(seconds);
    }
  }
}

double MachineSpeed::flops_per_second(const TrainCost& cost) const {
  if (const auto same = rates_.find(shape_of(cost)); same != rates_.end())
    return measure::median(same->second);
  const auto ranks = static_cast<double>(cost.spec.ranks);
  if (!all_rates_.empty()) return measure::median(all_rates_) * ranks;
  return assumed_flops() * static_cast<double>(cost.spec.threads) * ranks;
}

// Until one has ended: as trainings run, which compute alike.
double MachineSpeed::flops_per_second() const {
  if (!eval_rates_.empty()) return measure::median(eval_rates_);
  return all_rates_.empty() ? assumed_flops() : measure::median(all_rates_);
}

double MachineSpeed::seconds(const run::Job& job) const {
  if (const auto taken = taken_.find(job.key); taken != taken_.end()) return taken->second;
  if (const auto cost = train_cost(job); cost && cost->tokens)
    return cost->flops_per_token * static_cast<double>(*cost->tokens) / flops_per_second(*cost);
  if (const auto eval = evals_.find(job.key); eval != evals_.end())
    return kStartSeconds + eval->second.flops / flops_per_second();
  if (const auto others = other_seconds_.find(job.kind); others != other_seconds_.end())
    return measure::median(others->second);
  const auto assumed = kAssumedSeconds.find(job.kind);
  return assumed != kAssumedSeconds.end() ? assumed->second : kAssumedOther;
}

bool MachineSpeed::knows(const run::Job& job) const {
  if (taken_.contains(job.key) || other_seconds_.contains(job.kind) || evals_.contains(job.key))
    return true;
  const auto cost = train_cost(job);
  return cost && cost->tokens;
}

std::vector<double> MachineSpeed::seconds(const run::JobGraph& graph) const {
  std::vector<double> all;
  for (const run::Job& job : graph.jobs()) all.push_back(seconds(job));
  return all;
}

std::string MachineSpeed::basis() const {
  if (all_rates_.empty())
    return fmt::format("assumed: {:.0f} GFLOP/s a core until a training has finished",
                       assumed_flops() / 1e9);
  return fmt::format("measured in {} finished trainings", all_rates_.size());
}

}  // namespace repro::forecast
