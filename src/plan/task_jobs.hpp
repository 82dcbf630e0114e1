#pragma once
// Downstream tasks in a plan: their definitions, the jobs that make their items, and what finished
// models are asked.

#include <filesystem>
#include <optional>

#include "config/task.hpp"
#include "plan/manifest.hpp"
#include "run/job.hpp"

namespace repro::plan {

// Reads what [evaluate] names; whatever is wrong there goes to `problems`.
void load_tasks(const std::filesystem::path& root, Experiment& experiment,
                const config::Node& manifest, config::Problems& problems);

// Makes a task's items. `corpus`: its prepare job in the same graph, which only a task that is made
// of one reads.
run::Job task_job(const config::Task& task, std::optional<size_t> corpus);

// An eval job that answers one task, but for its model: computed as trainings are, asked as
// [evaluate] says.
config::EvalSpec answering_spec(const Experiment& experiment, const config::Task& task);

}  // namespace repro::plan
