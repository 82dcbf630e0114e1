#pragma once
// The trainings of a study as curves, once for every figure: the baseline and all endings of every
// other arm's last phase, with what each step of them takes and what had been taken before the
// first.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "findings/study.hpp"

namespace repro::report {

// One run, thinned evenly; the last step is always kept.
struct RunCurve {
  int64_t seed = 0;
  std::vector<double> steps;     // ends of blocks of equally many steps; the first may be longer
  std::vector<double> blocks;    // mean loss of each block
  std::vector<double> trailing;  // mean loss of the last `window` steps; not finite before there
                                 // are so many
  std::vector<double> hours;     // of the run's own clock
};

struct EndingCurve {
  size_t arm = 0;
  int64_t steps = 0;                 // of the ending
  std::string label;                 // "F 500"
  std::vector<RunCurve> runs;        // by seed, those that are done
  std::optional<double> final_loss;  // in the target's metric, mean over these seeds
};

// x = before + step x each, in any measure.
struct WorkLine {
  double before = 0;
  double each = 0;
  double at(double step) const { return before + each * step; }
};
struct ArmWork {
  WorkLine flops;
  WorkLine hours;  // billed, where the runs ran
  std::map<std::string, WorkLine>
      devices;  // steady hours of each profile: times its price, dollars
};

// Steps of an arm's last phase to the target; mean over the seeds that reached it.
struct ArmCrossing {
  size_t arm = 0;
  double steps = 0, least = 0, most = 0;
  double loss = 0;  // the target
};

struct CellCurves {
  const findings::StudyRow* row = nullptr;
  std::vector<EndingCurve> endings;          // the baseline's first
  std::vector<std::optional<ArmWork>> arms;  // by arm; mean over the seeds; empty = not run
  std::vector<double> targets;               // by seed
  std::vector<ArmCrossing> crossings;
  size_t seeds_seen = 0;
};

// Of whatever has run; without any run no endings.
CellCurves curves_of(const findings::Study& study, const findings::StudyRow& row);

// Which colour an arm has: the baseline the first, the others in their order.
size_t colour_of_arm(const plan::Cell& cell, size_t arm);
// From 0 of the arm's shortest ending to 1 of its longest.
double curve_shade(const CellCurves& curves, const EndingCurve& ending);
// "at its end, on unseen text": what an ending's final loss is.
std::string end_loss_label(const findings::Study& study);

// "an arm's earlier phases": which phases `before` is made of, "" where no arm has any.
std::string earlier_phases(const plan::Cell& cell);

}  // namespace repro::report
