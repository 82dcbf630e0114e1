#pragma once
// A plan as rows people compare: one row a phase of an arm, with its parameters, steps, hours,
// memory and dollars. Predicts; starts nothing.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/prices.hpp"
#include "config/profile.hpp"
#include "forecast/prediction.hpp"
#include "measure/evidence.hpp"
#include "measure/stats.hpp"
#include "plan/plan.hpp"

namespace repro::forecast {

// Jobs of one phase, which differ only in what they read or how far they go: the parts of a split
// corpus, the endings of a ladder.
struct PlanRow {
  // Of jobs that several cells share: their own name, and nothing else.
  std::string cell = {};    // "Qwen / c4"
  std::string corpus = {};  // "> web, seed 1": what stands in, and the seed where there are several
  std::string model = {};   // key; "" = shared by models
  std::string arm = {};     // name; "" = of all arms
  std::string phase = {};   // "full", "cluster", ...
  std::vector<size_t> jobs = {};
  size_t done = 0;
  std::optional<TrainCost> cost = {};                    // of one of them: all have the same model
  std::string steps = {};                                // "640", "80 to 480", "by epochs"
  std::optional<int64_t> tokens = {};                    // of all
  std::string profile = {};                              // hardware it is priced on; "" = none
  std::optional<double> hours = {};                      // of all its jobs, one after another
  int64_t devices = 1;                                   // that each of them works on
  measure::Evidence evidence = measure::Evidence::none;  // of the hours
  // 95 %, of hours whose step a profile measured with an interval.
  std::optional<measure::Interval> hours_range = {};
  std::optional<double> dollars = {};  // hours x devices x price of the profile
};

// What predictions rest on besides the plan.
struct PlanBasis {
  std::map<std::string, config::Profile> profiles;  // that the experiment names
  config::PriceSnapshot prices;
};
PlanBasis load_basis(const std::filesystem::path& root, const plan::Experiment& experiment,
                     const std::string& prices);

// `counted`: by job; of a ladder that is searched, those that may be run.
std::vector<PlanRow> plan_rows(const plan::Plan& plan, const std::vector<bool>& counted,
                               const std::vector<bool>& done, const MachineSpeed& speed,
                               const PlanBasis& basis);

// Training memory of one device with this many bytes of state a parameter.
double memory_at(const TrainCost& cost, measure::StateLayout layout);

}  // namespace repro::forecast
