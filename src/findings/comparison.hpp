#pragma once
// The arms of one cell and one seed side by side, under the manifest's protocol. Target: how many
// steps of its last phase an arm needs to reach the baseline's final training loss. Budget: how
// many it may make for what the baseline has spent. Either way an arm has a standing: a number of
// steps, what is left open around it, and the ending whose model stands for it.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/prices.hpp"
#include "findings/cell_runs.hpp"
#include "measure/steps_to_target.hpp"

namespace repro::findings {

// An arm against the baseline: did both see the same tokens in the same order?
struct OrderProof {
  int64_t compared = 0;  // steps both recorded
  std::optional<int64_t> first_difference;
};

// Steps to the baseline's loss in one metric of all_metrics().
struct MetricSteps {
  std::string metric;
  measure::StepsToTarget steps;
};

struct Standing {
  // Steps of the last phase: the estimate, the fewest and the most that the evidence allows.
  double at = 0;
  double least = 0;
  std::optional<double> most;  // empty: more than the longest ending, how many nobody knows
  measure::Reach reach = measure::Reach::reached;
  // Half widths at 95 % around `at`, in steps: of the line between two endings, and of losses that
  // are measured on finite text.
  double rung_error = 0;
  double target_error = 0;
  std::optional<measure::StepsToTarget> to_target;  // protocol target; not of the baseline
  std::vector<MetricSteps> by_metric;  // protocol target: the same by each metric there is
  std::optional<measure::StepsToTarget> first_touch;  // training loss, inside the longest run
  std::vector<measure::Rung> ladder;  // endings that are done, by the manifest's metric
  size_t deciding = 0;  // index of an ending: the first that is long enough, else the last done
  std::optional<OrderProof>
      order;  // over all endings, least agreement; empty: other data by design
};

struct Comparison {
  measure::LossTarget target;  // of the baseline's reference ending, in the manifest's metric
  // By arm; empty = a run that the arm needs is missing. The baseline's is always there.
  std::vector<std::optional<Standing>> arms;
};

// Dollars a device and hour; empty = the snapshot has no offer for the device.
class Prices {
 public:
  Prices() = default;
  explicit Prices(const config::PriceSnapshot& snapshot);
  std::optional<double> of(const std::string& profile) const;
  // The same with another price of one device.
  Prices with(const std::string& profile, double dollars) const;
  // By with(): a price and no spread of offers.
  bool is_given(const std::string& profile) const { return given_.contains(profile); }

 private:
  std::map<std::string, double> dollars_;
  std::set<std::string> given_;
};

// Of a whole arm without overheads, by the median step times; empty where a price is missing.
std::optional<double> dollars_of(const plan::Work& work, const Prices& prices);

// Empty when the baseline's reference run is missing; an arm without a standing lacks a run, or one
// of the endings that its search asks for is still to come (a failed one is left out of the
// ladder).
std::optional<Comparison> compare(const CellRuns& runs, const Prices& prices);

}  // namespace repro::findings
