#include "cli/task_jobs.hpp"

#include <algorithm>

#include "config/task.hpp"

namespace repro::cli {

bool is_task(const Context& context, const std::string& name) {
  const std::vector<std::string> tasks = config::task_names(context.root());
  return std::find(tasks.begin(), tasks.end(), name) != tasks.end();
}

run::Job task_job(const Context& context, const std::string& name) {
  config::Task task = config::find_task(context.root(), name);
  task.title.clear();
  task.licence.clear();
  run::Job job;
  job.kind = "task";
  job.name = "task-" + task.name;
  job.spec = config::to_json(task);
  return job;
}

}  // namespace repro::cli
