#pragma once
// One phase of a training on devices that somebody has: does it fit, with which micro-batch and how
// many devices a job, and how many hours does it take? Starts nothing.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "config/profile.hpp"
#include "forecast/throughput.hpp"
#include "measure/evidence.hpp"

namespace repro::forecast {

// Devices of one kind, at a price.
struct Pool {
  config::Profile device = {};
  int64_t count = 1;
  double price = 0;  // dollars an hour of one device
};

// What one phase asks for: equal jobs side by side.
struct PhaseTask {
  std::string title;      // for people
  std::string model_key;  // as profiles keep measured steps: "qwen_moe"
  std::string shape;      // likewise: "full", "one-expert"
  std::string size;       // likewise: "paper", another scale
  config::ModelConfig model;
  int64_t jobs = 1;
  double steps = 0;  // of each
  int64_t batch = 1, sequence = 1;
  std::string precision = "bf16-mixed";

  double flops_per_step() const;  // convention "megatron", of one job
};

// Of one job. Optimizer state is shared by its devices, activations are those of a micro-batch;
// kReserved bytes of every device are the framework's own.
struct MemoryFit {
  static constexpr double kReserved = 1e9;
  bool fits = false;
  int64_t devices = 1;      // that one job takes
  int64_t micro_batch = 0;  // sequences of one device
  Recompute recompute = Recompute::none;
  double bytes = 0, of_bytes = 0;  // of one device; of_bytes 0 = the device's memory is not known
};
// With as few devices as it fits, at least `least` and at most `most`; activations are recomputed
// only where it does not fit without, and the micro-batch is the largest that does.
MemoryFit fit_memory(const PhaseTask& task, const config::Profile& device, int64_t least,
                     int64_t most);

// A number by how fast a device turns out: slow, as expected, fast.
struct BySpeed {
  std::array<double, 3> values = {};
  double slow() const { return values[0]; }
  double expected() const { return values[1]; }
  double fast() const { return values[2]; }
  BySpeed& operator+=(const BySpeed& other);
};

struct PhaseRun {
  MemoryFit memory;
  std::string obstacle;  // why there are no hours; "" = there are
  int64_t side_by_side = 0;
  int64_t rounds = 0;      // of that many jobs
  BySpeed step_seconds;    // of one job
  BySpeed hours;           // until the last job ends
  BySpeed device_hours;    // of the devices that work
  double utilisation = 0;  // of the peak, expected; 0 = measured steps need none
  SpeedEstimate speed;     // where no step was measured
  measure::Evidence evidence = measure::Evidence::none;
  std::string basis;  // "step measured on mine", "nearest V02 at 0.48"
  bool possible() const { return obstacle.empty(); }
};

enum class Want { cheapest, fastest };

// Cheapest: each job on as few devices as it fits. Fastest: on as many as end the phase soonest.
PhaseRun run_phase(const PhaseTask& task, const Pool& pool, Want want,
                   const ThroughputModel& throughput);

}  // namespace repro::forecast
