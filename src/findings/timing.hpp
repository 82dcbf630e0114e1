#pragma once
// Seconds of runs become hours of devices. Steps of equal work should take equal time; where they
// did not, the machine was shared or throttled. So what an arm takes is its steps x the median step
// time of equal work, which a neighbour of one run cannot move, x the relative speed of the device
// it is priced on; how far the medians are known is kept beside them. What the clocks said stays
// there as "billed".

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "findings/outcomes.hpp"
#include "findings/speed.hpp"
#include "measure/stats.hpp"

namespace repro::findings {

// Seconds of training a step over the done runs of equal work: one shape of model and batch. Of
// each run the median over its steps.
struct StepTimes {
  std::string what;  // "Qwen", or "Qwen's" and a phase: whose
  double least = 0;
  double median = 0;
  double greatest = 0;
  int64_t runs = 0;
  // Of the median at 95 %: order statistics where there are runs enough, and at least the spread
  // between the runs / sqrt(n), in logarithms; of one run the middle half of its steps.
  measure::Interval interval = {};
  double spread() const { return greatest / least; }  // 1 = perfectly steady
};

// The interval that StepTimes describes, of the medians of several runs.
measure::Interval median_interval(std::vector<double> seconds);

class Timing {
 public:
  Timing() = default;
  // One kind of equal work for each shape among the plan's done trainings, each job once.
  Timing(const plan::Plan& plan, const Outcomes& outcomes, Speeds speeds);

  // One for each kind of equal work, in the order of the plan.
  const std::vector<StepTimes>& kinds() const { return kinds_; }
  const Speeds& speeds() const { return speeds_; }
  // The largest spread of all; 1 when nothing was repeated.
  double worst_spread() const;
  // Median seconds of a step of the job's kind, where it ran; empty for what trains nothing.
  std::optional<double> step_seconds(size_t job) const;
  // Hours on the profile / hours where the runs ran.
  double relative(const std::string& profile) const {
    return billed_ ? 1 : speeds_.relative(profile);
  }
  bool is_billed() const { return billed_; }

  // The same with something else: what would follow then.
  Timing with_speeds(Speeds speeds) const;
  Timing with_step_seconds(size_t kind, double seconds) const;
  Timing as_billed() const;  // each run's own clock, start and checkpoints included, no speeds

 private:
  std::vector<StepTimes> kinds_;
  // The same in all copies with other speeds or seconds.
  std::shared_ptr<const std::vector<std::optional<size_t>>> kind_of_job_;
  Speeds speeds_;
  bool billed_ = false;
};

}  // namespace repro::findings
