#pragma once
// How fast are the devices that phases are priced on, each beside the baseline's? Runs are timed on
// one machine and billed as hours of several devices, so a ratio stands between: from data sheets,
// from the paper's own hours, from measured profiles, given, or 1. It is never measured by the runs
// themselves, and whatever rests on it is "calibrated".

#include <map>
#include <string>

#include "claims/claims.hpp"
#include "config/profile.hpp"
#include "plan/manifest.hpp"

namespace repro::findings {

// What the ratios are taken from. All must be there while they are made.
struct SpeedSources {
  const plan::Experiment& experiment;
  const claims::Claims& claims;
  const std::map<std::string, config::Profile>& profiles;
  std::string machine;  // profile of the machine that the runs ran on; "" = none
};

struct DeviceSpeed {
  double ratio = 1;    // speed of the baseline's device / speed of this one
  std::string origin;  // "data-sheet peaks, bf16: 312 / 165.2 TFLOP/s"
  // Half of its 95 % interval, in logarithms, where both devices were measured; 0: a rule's ratio,
  // which has no interval, or profiles that do not say theirs.
  double log_reach = 0;
};

// By profile. The baseline's own device, and one that the runs ran on themselves, need no ratio.
class Speeds {
 public:
  Speeds() = default;
  explicit Speeds(std::map<std::string, DeviceSpeed> others) : others_(std::move(others)) {}
  // Hours on the profile / hours on the baseline's of the same work.
  double relative(const std::string& profile) const;
  // Those that have one.
  const std::map<std::string, DeviceSpeed>& others() const { return others_; }
  // The same with another ratio for one of those.
  Speeds with(const std::string& profile, double ratio) const;

 private:
  std::map<std::string, DeviceSpeed> others_;
};

// Error at the manifest's `speed` where the rule has no ratio for a device: a profile without a
// peak, claims without `device_speed`, claims whose hours are of other devices.
Speeds speeds_by(const plan::Speed& rule, const SpeedSources& sources);

// The paper's hours imply a ratio: claims with a `device_speed` of the experiment's devices.
bool paper_gives_speed(const SpeedSources& sources);

}  // namespace repro::findings
