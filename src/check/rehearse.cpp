#include "check/rehearse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"

namespace repro::checks {
namespace {

// "train-qwen_moe-c4-full-s0" -> "qwen_moe-c4-full"; "" for a name of another shape.
std::string name_without_seed(const run::Job& job, int64_t seed) {
  const std::string before = job.kind + "-", after = fmt::format("-s{}", seed);
  if (!job.name.starts_with(before) || !job.name.ends_with(after) ||
      job.name.size() <= before.size() + after.size())
    return "";
  return job.name.substr(before.size(), job.name.size() - before.size() - after.size());
}

run::Job copy_of(const run::Job& job) {
  run::Job copy = job;
  copy.key.clear();
  copy.directory.clear();
  return copy;
}

}  // namespace

std::vector<NamedJob> named_jobs(const plan::Plan& plan) {
  std::vector<NamedJob> named;
  std::set<size_t> seen;
  for (const plan::Cell& cell : plan.cells)
    for (const plan::CellJob& one : plan::jobs_of(cell)) {
      const run::Job& job = plan.graph[one.job];
      if ((job.kind != "train" && job.kind != "eval") || !seen.insert(one.job).second) continue;
      const std::string name = name_without_seed(job, cell.seed);
      if (!name.empty()) named.push_back({one.job, name, cell.seed, job.kind == "eval"});
    }
  return named;
}

Rehearsed rehearsed_training(const plan::Plan& plan) {
  Rehearsed rehearsed;
  const plan::Cell& first = plan.cells.at(0);
  for (const plan::Cell& cell : plan.cells) {
    if (cell.name() != first.name()) continue;
    const size_t job = cell.arms.at(cell.baseline).endings.at(cell.reference).job;
    rehearsed.training = name_without_seed(plan.graph[job], cell.seed);
    rehearsed.jobs.emplace_back(cell.seed, job);
  }
  return rehearsed;
}

std::vector<size_t> rehearse(run::JobGraph& graph, const std::vector<size_t>& jobs,
                             const config::RehearsalSpec& how) {
  const std::set<size_t> chosen(jobs.begin(), jobs.end());
  const size_t size = graph.jobs().size();
  std::vector<size_t> place(size);
  for (size_t i = 0; i < size; ++i) {
    run::Job job = copy_of(graph[i]);
    bool changed = false;
    for (auto& [role, input] : job.inputs) {
      changed = changed || place[input] != input;
      input = place[input];
    }
    if (chosen.contains(i) && job.kind == "train") {
      auto spec = config::from_json<config::TrainSpec>(job.spec, job.name);
      spec.rehearsal = how;
      job.spec = config::to_json(spec);
      changed = true;
    }
    place[i] = changed ? graph.add(std::move(job)) : i;
  }
  return place;
}

std::vector<NamedJob> moved(std::vector<NamedJob> jobs, const std::vector<size_t>& place) {
  for (NamedJob& job : jobs) job.job = place.at(job.job);
  return jobs;
}

double twin_jitter(const std::string& precision) {
  // Half the spacing of the numbers that products are made of.
  return precision == "fp32" ? 0x1p-22 : 0x1p-10;
}

}  // namespace repro::checks
