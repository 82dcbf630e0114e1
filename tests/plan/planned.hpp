#pragma once
// Plans of the project's own experiments, and what tests ask of them.

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "config/job_spec.hpp"
#include "plan/plan.hpp"

namespace repro::plan {

inline Plan plan_at(const std::string& scale, const std::string& name,
                    std::vector<std::string> settings = {}) {
  return make_plan(load_experiment(REPRO_SOURCE_ROOT, name, {scale, std::move(settings), {}}));
}

// Of the first cell.
inline const ArmPlan& arm_of(const Plan& plan, const std::string& name) {
  for (const ArmPlan& one : plan.cells.at(0).arms)
    if (one.name == name) return one;
  FAIL("no arm " << name);
  return plan.cells[0].arms[0];
}

// As its worker reads it.
template <typename Spec = config::TrainSpec>
Spec spec_of(const Plan& plan, size_t job) {
  return config::from_json<Spec>(plan.graph[job].spec, "spec");
}

}  // namespace repro::plan
