#include "forecast/pools.hpp"

#include <nlohmann/json.hpp>

namespace repro::forecast {

JobSeconds seconds_on_profiles(const run::JobGraph& graph, const std::vector<PlanRow>& rows,
                               const std::vector<bool>& done, const MachineSpeed& speed) {
  JobSeconds all{.seconds = std::vector<double>(graph.jobs().size(), 0.0)};
  for (const PlanRow& row : rows) {
    double work = 0;
    for (const size_t job : row.jobs) work += speed.seconds(graph[job]);
    for (const size_t job : row.jobs) {
      if (done[job]) continue;
      if (row.hours && work > 0)
        all.seconds[job] = 3600 * *row.hours * speed.seconds(graph[job]) / work;
      else
        all.whole = false;
    }
  }
  return all;
}

std::vector<double> seconds_between_checkpoints(const run::JobGraph& graph,
                                                const std::vector<double>& seconds) {
  std::vector<double> between(seconds.size(), 0.0);
  for (size_t job = 0; job < seconds.size(); ++job) {
    const auto cost = train_cost(graph[job]);
    if (!cost || !cost->steps) continue;
    const double every = graph[job].execution.value("checkpoint_every", 0.0);
    between[job] = seconds[job] * every / static_cast<double>(*cost->steps);
  }
  return between;
}

}  // namespace repro::forecast
