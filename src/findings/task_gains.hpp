#pragma once
// Arms against the baseline on downstream tasks: both answer the same items, at every cut
// (cuts.hpp), and what the seeds of a row say together.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "findings/study.hpp"
#include "measure/choices.hpp"
#include "measure/effect.hpp"
#include "measure/paired.hpp"

namespace repro::findings {

// What is compared, and what names it.
struct TaskQuestion {
  std::string task;
  measure::Normalised metric = measure::Normalised::none;
  size_t arm = 0;
  size_t reading = 0;  // of the arm's model; the baseline's is read as it was trained
  std::string cut;

  bool operator==(const TaskQuestion&) const = default;
};

// One model's answers in one seed; between two endings, in proportion.
struct SeedScore {
  std::vector<const Answers*> answers;  // of one ending or two; the nearest first
  std::vector<double> right;            // by item
  double value = 0;                     // share of right ones
  double rungs = 0;                     // half width that the endings' spacing leaves open
  int bound = 0;                        // +1: at least that, -1: at most; 0: a number
};

// A score over the seeds of a row.
struct RowScore {
  std::vector<double> values;  // one a seed
  int bound = 0;               // as of a seed, where they agree
  measure::Accuracy pooled;    // the mean, with the standard error of a single one
  measure::Ignorance ignorance;
  measure::Effect effect;

  double mean() const { return pooled.value; }
  bool is_blind() const { return measure::is_blind(pooled, ignorance); }
  std::vector<std::string> doubts() const { return measure::doubts(pooled, ignorance); }
};

struct TaskGain {
  TaskQuestion question;
  std::vector<const Seed*> seeds = {};                       // that have both models' answers
  std::vector<SeedScore> baseline_scores = {}, scores = {};  // by seed
  std::vector<measure::Paired> pairs = {};                   // a = the baseline
  // Empty without seeds.
  std::optional<RowScore> baseline = {}, own = {};
  std::optional<measure::Effect> gain = {};  // own less the baseline's

  const CutStanding& standing(size_t seed) const;
  // Items with which a difference of `points` hundredths would be seen at 95 % in four cases of
  // five, were as many pairs unlike as here; 0 without seeds, and where both models give one answer
  // only: how seldom those differ tells nothing of the task.
  int64_t items_to_see(double points = 1) const;
};

// By row, then in the order: task, metric, arm, reading, cut. All that the experiment asks, also
// what has no seed yet. Compared by acc and acc_norm, as far as a task has them: acc_bytes says the
// same as acc_norm of text that is nearly all ASCII. Error when two arms answered other items.
std::vector<std::vector<TaskGain>> task_gains(const Study& study);

}  // namespace repro::findings
