#pragma once
// The jobs that make downstream tasks' items, as every verb asks for them.

#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "run/job.hpp"

namespace repro::cli {

bool is_task(const Context& context, const std::string& name);
// Of those that need no corpus, in the order of their names.
std::vector<std::string> tasks_of_their_own(const Context& context);
// Error with the likely name when there is none. `corpus`: the prepare job in the same graph that a
// task made of one reads; Error when it needs one and there is none.
run::Job task_job(const Context& context, const std::string& name,
                  std::optional<size_t> corpus = std::nullopt);

}  // namespace repro::cli
