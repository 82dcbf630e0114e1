#pragma once
// Jobs done in this process, by their kind, as the worker does them.

#include "train/training_fixture.hpp"
#include "worker/jobs.hpp"

namespace repro::worker {

// Makes the job's directory, does it and marks it done.
inline nlohmann::json do_here(const train::Runs& runs, const std::string& kind,
                              const std::string& name, const nlohmann::json& spec,
                              const std::map<std::string, std::string>& inputs) {
  const run::RunDirectory directory = runs.make(kind, name, spec, inputs, {});
  const std::atomic<bool> never = false;
  const nlohmann::json result = run_job(run::open_job(directory), directory, never);
  train::Runs::finish(directory, result);
  return result;
}

}  // namespace repro::worker
