#include "plan/task_jobs.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "config/library.hpp"

namespace repro::plan {
namespace {

config::Source task_place(const config::Node& manifest, const std::string& path) {
  const config::Node* node = manifest.find(path);
  return node != nullptr ? node->source : manifest.source;
}

void check_cuts(const Experiment& experiment, const config::Node& manifest,
                config::Problems& problems) {
  const Evaluate& evaluate = experiment.evaluate;
  const config::Source place = task_place(manifest, "evaluate.cuts");
  if (evaluate.cuts.empty())
    problems.add(place, "cuts is empty; say where the arms are compared: loss, steps, dollars");
  std::set<std::string> seen;
  for (const std::string& cut : evaluate.cuts) {
    if (!seen.insert(cut).second) problems.add(place, "cut \"{}\" is given twice", cut);
    if (cut == "loss" && experiment.protocol == Protocol::budget)
      problems.add(place,
                   "cut \"loss\" is where an arm reaches the baseline's loss, which protocol = "
                   "\"budget\" does not look for; leave it out");
  }
}

}  // namespace

void load_tasks(const std::filesystem::path& root, Experiment& experiment,
                const config::Node& manifest, config::Problems& problems) {
  const config::Source place = task_place(manifest, "evaluate.tasks");
  for (std::string& name : experiment.evaluate.tasks) {
    const auto file = config::look_up(root, "eval", name);
    if (!file) {
      const std::vector<std::string> known = config::task_names(root);
      if (known.empty())
        problems.add(place, "no task '{}': there is no task in eval/", name);
      else
        problems.add(place, "no task '{}'{}; there are: {}", name, did_you_mean(name, known),
                     join(known, ", "));
      continue;
    }
    config::Task task = config::load_task(file->path, file->shown_as);
    name = task.name;
    if (!experiment.task_entries.emplace(name, std::move(task)).second)
      problems.add(place, "task '{}' is given twice", name);
  }
  if (!experiment.evaluate.tasks.empty()) check_cuts(experiment, manifest, problems);
}

run::Job task_job(const config::Task& task, std::optional<size_t> corpus) {
  run::Job job;
  job.kind = "task";
  job.name = "task-" + task.name;
  job.spec = config::to_json(task.content());
  job.execution = {{"size", config::to_json(task.size)}};
  if (task.is_made() && corpus) job.inputs = {{"corpus", *corpus}};
  return job;
}

config::EvalSpec answering_spec(const Experiment& experiment, const config::Task& task) {
  const Match& match = experiment.match;
  const Evaluate& evaluate = experiment.evaluate;
  config::EvalSpec spec;
  spec.sequence = match.sequence;
  spec.precision = match.precision;
  spec.device = match.device;
  spec.threads = match.threads;
  spec.tasks = {task.name};
  spec.window = evaluate.item_tokens > 0 ? evaluate.item_tokens : match.sequence;
  spec.limit = task.limit_of_part(evaluate.limit);
  return spec;
}

}  // namespace repro::plan
