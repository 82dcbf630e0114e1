#pragma once
// Everything a report is made from, read once: the plan's cells with their seeds, compared arm with
// arm, the claims with the view that the experiment names, and the prices.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "claims/claims.hpp"
#include "config/prices.hpp"
#include "config/profile.hpp"
#include "findings/comparison.hpp"
#include "findings/cuts.hpp"
#include "findings/speed.hpp"
#include "measure/baseline_check.hpp"

namespace repro::findings {

// What findings rest on besides the runs.
struct Sources {
  std::filesystem::path runs;  // holds the run directories
  claims::Claims claims = {};
  config::PriceSnapshot prices = {};
  std::map<std::string, config::Profile> profiles = {};  // those that the experiment names
  std::optional<config::Profile> machine = {};           // where the runs ran: peaks for MFU
  // For Speeds; the experiment must be theirs.
  SpeedSources speed(const plan::Experiment& experiment) const;
};
// Claims, prices and profiles that the experiment names, from their files under `root`. `prices`
// names a snapshot; the machine is "cpu", or the baseline's profile when training on GPUs. Error
// with every place where the experiment and the claims do not fit: a view that there is none of, a
// formula that names an unknown arm or phase, a device whose relative speed is not known.
Sources load_sources(const std::filesystem::path& root, const plan::Plan& plan,
                     const std::filesystem::path& runs, const std::string& prices = "paper");

// The same check alone.
void check_claims(const std::filesystem::path& root, const plan::Plan& plan);

struct Seed {
  CellRuns runs;
  std::optional<Comparison> comparison;  // empty: the baseline's run is not done
  // By arm, then by the experiment's cuts; no cut where it asks for no task.
  std::vector<std::vector<std::optional<CutStanding>>> cuts;
  bool compared() const;  // every arm has a standing
};

// One model on one corpus: a row of the paper's tables.
struct StudyRow {
  std::string model, corpus;              // keys: "qwen_moe", "c4"
  std::string model_title, corpus_title;  // "Qwen", "C4"
  std::string stand_in;                   // "web"; "" when the corpus is the paper's own
  std::vector<Seed> seeds;
  // By arm: the learning rates that were tried, where the baseline is checked and all of them
  // ended.
  std::vector<std::optional<RateChoice>> rates;

  // Is the baseline a fair one? Empty while no run of it is done.
  std::optional<measure::BaselineCheck> baseline;

  std::string corpus_text() const;  // "C4 > web"
  std::string text() const { return model_title + " / " + corpus_text(); }
  std::string text(const Seed& seed) const;  // "..., seed 1" when there are several

  std::vector<const Seed*> compared() const;  // seeds whose arms all have a standing
  const Seed* first() const;                  // the first of them, or null
  // How many of them have an arm (besides the baseline) that ended so; all of them.
  size_t count(measure::Reach reach) const;
  // Steps of an arm at its best rate to the loss of the baseline at its own; empty without a
  // choice.
  std::optional<measure::StepsToTarget> tuned(const Seed& seed, size_t arm) const;
  bool all(measure::Reach reach) const;  // there are some, and all ended so
  // The first job of any seed that is not done, failed ones before the others; null when all are.
  const Status* obstacle() const;
};

struct Study {
  // Reads every run of the plan. Both must outlive it.
  Study(const plan::Plan& planned, const Sources& from);
  Study(const Study&) = delete;  // rows point into it

  const plan::Plan& plan;
  const Sources& sources;
  const claims::View& view;
  Prices prices;
  Outcomes outcomes;
  Timing timing;
  std::vector<StudyRow> rows;  // in the plan's order

  const plan::Experiment& experiment() const { return plan.experiment; }
  const plan::ArmPlan& baseline() const;  // as in every cell
  bool stand_in() const;  // the scale's models or steps, or any corpus, are not the paper's
};

// "not run", "unfinished", "failed: loss is not finite at step 12".
std::string obstacle_text(const Status& status);

}  // namespace repro::findings
