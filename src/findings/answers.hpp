#pragma once
// What a finished eval job answered of a downstream task, item by item: as much as comparisons ask.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "measure/choices.hpp"
#include "run/job.hpp"
#include "run/run_directory.hpp"
#include "run/verifier.hpp"

namespace repro::findings {

// In the order of measure::Normalised.
constexpr std::array kAllMetrics = {measure::Normalised::none, measure::Normalised::by_characters,
                                    measure::Normalised::by_bytes};

struct Answers {
  std::string task;
  std::vector<int64_t> ids;    // of the items, in their order
  std::vector<int32_t> parts;  // of each, an index into part_names
  std::vector<std::string> part_names;
  std::array<std::vector<double>, kAllMetrics.size()> right;  // by metric, then item: 0 or 1
  std::array<measure::Accuracy, kAllMetrics.size()> scores;   // by metric
  measure::Ignorance ignorance;
  int64_t window = 0;           // most tokens that were read of an item
  int64_t truncated = 0;        // requests that lost the beginning of their context
  int64_t beyond_training = 0;  // requests longer than a training's sequence
  int64_t limit = 0;            // items of each part that were asked; 0 = all

  int64_t items() const { return static_cast<int64_t>(ids.size()); }
  const measure::Accuracy& score(measure::Normalised metric) const {
    return scores[static_cast<size_t>(metric)];
  }
  const std::vector<double>& right_by(measure::Normalised metric) const {
    return right[static_cast<size_t>(metric)];
  }
};

// Of a done job that answers one task. Error naming the file for a line that is damaged, or that
// answers what cannot be.
Answers read_answers(const run::Job& job, const run::RunDirectory& directory,
                     run::Verifier& verifier);

// Do both answer the same items in the same order?
bool same_items(const Answers& a, const Answers& b);

}  // namespace repro::findings
