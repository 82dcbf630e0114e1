// Losses of endings from run directories, for a search that goes on.

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "findings/search.hpp"
#include "measure/steps_to_target.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"

namespace repro::findings {

EndingFiles::EndingFiles(const plan::Plan& plan, std::filesystem::path runs)
    : plan_(plan), runs_(std::move(runs)), verifier_(runs_) {}

EndingResult EndingFiles::read(const Ending& ending) {
  if (const auto known = losses_.find(ending.job); known != losses_.end())
    return {true, known->second};
  const size_t job = measuring_job(ending, plan_.experiment.target.metric);
  for (const size_t needed : {ending.job, job}) {
    const run::RunDirectory directory(runs_ / plan_.graph[needed].directory);
    if (directory.state() == run::State::failed) return {true, std::nullopt};
    if (directory.state() != run::State::done) return {};
  }
  const run::RunDirectory directory(runs_ / plan_.graph[job].directory);
  double loss = 0;
  if (job != ending.job) {
    const nlohmann::json result = verifier_.result(directory);
    const nlohmann::json::json_pointer at("/measures/unseen/loss");
    if (!result.contains(at))
      throw Error("{}: has no unseen loss; delete its folder and run again",
                  directory.result_file().string());
    loss = result.at(at).get<double>();
  } else {
    const std::vector<double> losses = verifier_.records(directory).lm_losses();
    loss = measure::window_mean(losses, plan_.experiment.target.window);
  }
  losses_[ending.job] = loss;
  return {true, loss};
}

}  // namespace repro::findings
