#include "cli/task_jobs.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "config/task.hpp"
#include "plan/task_jobs.hpp"

namespace repro::cli {

bool is_task(const Context& context, const std::string& name) {
  const std::vector<std::string> tasks = config::task_names(context.root());
  return std::find(tasks.begin(), tasks.end(), name) != tasks.end();
}

std::vector<std::string> tasks_of_their_own(const Context& context) {
  std::vector<std::string> names = config::task_names(context.root());
  std::erase_if(names, [&](const std::string& name) {
    return config::find_task(context.root(), name).is_made();
  });
  return names;
}

run::Job task_job(const Context& context, const std::string& name, std::optional<size_t> corpus) {
  const config::Task task = config::find_task(context.root(), name);
  if (task.is_made() && !corpus)
    throw Error(Exit::usage,
                "task '{}': is made of the corpus that a model was trained on; `repro eval RUN "
                "--tasks {}` makes and answers it",
                name, name);
  return plan::task_job(task, corpus);
}

}  // namespace repro::cli
