#pragma once
// What a training can be drawn against: steps of the run, hours of its clock, dollars, FLOPs. One
// account for the pictures and for the page's figure.

#include <optional>
#include <string>
#include <vector>

#include "report/curve_data.hpp"

namespace repro::report {

struct CurveAxis {
  enum class Kind { steps, time, dollars, flops };
  Kind kind = Kind::steps;
  std::string name;     // "dollars": part of a file's name
  std::string against;  // "wall-clock time"
  std::string label;    // "minutes, earlier phases included"
  double factor = 1;    // from steps, hours, dollars or FLOPs to the label's unit

  // Of a recorded point of a run; empty where it is not known (no price, no work).
  std::optional<double> at(const CellCurves& curves, size_t arm, const RunCurve& run, size_t point,
                           const findings::Prices& prices) const;
  // Of a number of steps of the arm's last phase.
  std::optional<double> of_steps(const CellCurves& curves, size_t arm, double steps,
                                 const findings::Prices& prices) const;
};

// In units that suit the study's longest training. Without dollars where a device has no price.
std::vector<CurveAxis> curve_axes(const findings::Study& study,
                                  const std::vector<CellCurves>& cells);

}  // namespace repro::report
