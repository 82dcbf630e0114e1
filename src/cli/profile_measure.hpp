#pragma once
// `repro profile measure`: a probe job on this machine, and the hardware profile written from it.

#include <string>

#include "base/error.hpp"
#include "cli/context.hpp"

namespace repro::cli {

struct MeasureOptions {
  ExperimentChoice choice{.name = "table3", .scale = "paper"};  // whose models are timed
  std::string name = "measured";  // of the profile: hardware_profiles/<name>.toml
  std::string device = "cpu";     // or "cuda"
  double phase_seconds = 20;      // budget of each phase; a smaller model is timed beyond it
  bool wait = false;
};

// Writes the profile and says what was measured. Exit::inconclusive when the machine was too noisy
// to be certified: the profile then says so and why, and nothing was written over a certified one.
Exit measure_profile(const Context& context, const MeasureOptions& options);

}  // namespace repro::cli
