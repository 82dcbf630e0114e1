#pragma once
// `repro profile measure`: a probe job on this machine, and the hardware profile written from it.

#include <string>

#include "base/error.hpp"
#include "cli/context.hpp"

namespace repro::cli {

struct MeasureOptions {
  // Whose models are timed; without a name that of experiments/defaults.toml.
  ExperimentChoice choice{.name = "", .scale = "paper"};
  std::string name = "measured";  // of the profile: hardware_profiles/<name>.toml
  std::string device = "cpu";     // or "cuda"
  double entry_seconds = 12;      // budget of each phase; smaller models are timed beyond it
  int64_t threads = 0;            // 0 = every core of the machine
  bool uncertified = false;       // a noisy machine's measurement is a success too
  bool wait = false;
};

// Writes the profile and says what was measured. When the machine was too noisy to be certified the
// profile says so and why, whoever uses it repeats it, and the exit is Exit::inconclusive unless
// that was accepted beforehand; a certified profile is never written over by one that is not.
Exit measure_profile(const Context& context, const MeasureOptions& options);

}  // namespace repro::cli
