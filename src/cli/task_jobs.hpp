#pragma once
// The jobs that make downstream tasks' items, as every verb asks for them.

#include <string>
#include <vector>

#include "cli/context.hpp"
#include "run/job.hpp"

namespace repro::cli {

bool is_task(const Context& context, const std::string& name);
// Error with the likely name when there is none. What its items do not depend on stays out of the
// key: titles and licences may change freely.
run::Job task_job(const Context& context, const std::string& name);

}  // namespace repro::cli
