#include "forecast/pools.hpp"

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

}  // namespace repro::forecast
