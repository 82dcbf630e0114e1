#pragma once
// A plan as rows people compare: one row a phase of a cell, with its parameters, steps, hours,
// memory and dollars. Predicts; starts nothing.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/prediction.hpp"
#include "config/prices.hpp"
#include "config/profile.hpp"
#include "report/table.hpp"
#include "run/plan.hpp"

namespace repro::cli {

// Jobs of one phase that differ only in what they read: four submodels, a ladder of fine-tunes.
struct PlanRow {
  std::string cell = {};   // "Qwen / c4 > web", with the seed where there are several;
                           // of shared jobs their name
  std::string model = {};  // key
  std::string phase = {};  // "full", "submodel", "finetune", "cluster", ...
  std::vector<size_t> jobs = {};
  size_t done = 0;
  std::optional<TrainCost> cost = {};  // of one of them: all have the same model
  std::string steps = {};              // "640", "80 to 480", "by epochs"
  std::optional<int64_t> tokens = {};  // of all
  std::string profile = {};            // hardware it is priced on; "" = none
  std::optional<double> hours = {};    // of all its jobs, one after another
  std::string evidence = {};  // of the hours: "measured", "calibrated", "projected", "assumed"
  std::optional<double> dollars = {};  // hours x price of the profile
};

// What predictions rest on besides the plan.
struct PlanBasis {
  std::map<std::string, config::Profile> profiles;  // that the experiment names
  config::PriceSnapshot prices;
};
PlanBasis load_basis(const std::filesystem::path& root, const config::Experiment& experiment,
                     const std::string& prices);

std::vector<PlanRow> plan_rows(const run::Plan& plan, const std::filesystem::path& runs,
                               const MachineSpeed& speed, const PlanBasis& basis);

report::Table plan_table(const run::Plan& plan, const std::vector<PlanRow>& rows,
                         const PlanBasis& basis);

// A line for each model and phase whose state and activations exceed its profile's memory, by the
// formula at 16, 12 and 8 bytes a parameter.
std::vector<std::string> memory_warnings(const std::vector<PlanRow>& rows, const PlanBasis& basis);

// Training memory of one device with this many bytes of state a parameter.
double memory_at(const TrainCost& cost, measure::StateLayout layout);

}  // namespace repro::cli
