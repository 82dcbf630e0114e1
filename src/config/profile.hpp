#pragma once
// A hardware profile: what one device can do and holds, hardware_profiles/*.toml. The data sheet's
// peaks stand apart from what was measured on a machine; a device or dtype nobody knows has no
// peak, and whoever asks is told why.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"

namespace repro::config {

// A data-sheet peak, dense (no structured sparsity).
struct Peak {
  std::string dtype;       // "bf16", "fp16", "fp8", "fp32", "tf32"
  std::string accumulate;  // "fp32", "fp16": matters twofold on consumer devices
  double flops = 0;        // FLOP/s
  std::string source;
};

// One measured matrix multiplication; the best of them is the peak.
struct MeasuredGemm {
  std::string dtype;
  int64_t m = 0, n = 0, k = 0;
  int64_t whole_n = 0;         // of the model's own shape, where n is a slice of it; else n
  double flops = 0;            // by the median of its batches' means, FLOP/s
  double relative_spread = 0;  // (p90 - p10) / median of the single timings
  // 95 % interval of flops, as a step's of its seconds; 0 = the profile does not say.
  double flops_low = 0, flops_high = 0;
  std::optional<double> reach() const;
};

// Seconds of one optimizer step of a real model, or of a smaller one: then several
// sizes are measured, the largest first, so that the step of the real one can be extrapolated.
struct MeasuredStep {
  std::string model;           // key: "qwen_moe"
  std::string shape = "full";  // what of the model was trained: "full" or "one-expert"
  std::string size;            // "paper" or another scale; else how it is smaller: "2 of 24 layers"
  std::string precision;
  int64_t batch = 0;     // sequences a step
  int64_t sequence = 0;  // tokens
  int64_t layers = 0;    // of the model measured
  int64_t width = 0;
  double flops_per_token = 0;  // of that model by Megatron's count; needed when size is not "paper"
  double seconds = 0;          // the median of the means of consecutive batches
  double relative_spread = 0;  // (p90 - p10) / median of the single timings
  int64_t repeats = 0;
  // 95 % interval of seconds: of the batches' order, of how the machine's pace wandered meanwhile,
  // and down to what it may take where other programs leave it alone. 0 = the profile does not say.
  double seconds_low = 0, seconds_high = 0;
  // How far the farther end lies from the number, as a part of it; empty = not known.
  std::optional<double> reach() const;
  double flops() const;  // of the whole step; 0 = the profile does not say
};

struct Measurement {
  std::string date;  // ISO 8601
  std::string host;
  std::string processor;
  int64_t threads = 0;
  double load_before = 0;
  double drift = 0;        // how far the pace of one fixed multiplication wandered: +- this part
  double others = 0;       // cores that other programs of this machine took meanwhile
  double stolen = 0;       // part of the time that a hypervisor gave to other machines
  bool certified = false;  // false: an interval decides nothing, `reason` says which
  std::string reason;
  double bandwidth = 0;  // bytes / s, 0 = not measured
  std::vector<MeasuredGemm> gemms;
  std::vector<MeasuredStep> steps;

  // The number that is known worst among those that anything rests on: every step, and of each data
  // type the best multiplication. Empty when nothing was measured.
  struct Widest {
    std::string what;  // "qwen_moe full, 2 of 24 layers"
    double reach = 0;  // infinite without an interval
  };
  std::optional<Widest> widest() const;
};

struct Profile {
  std::string name;          // "rtx-4090"
  std::string title;         // "NVIDIA GeForce RTX 4090"
  std::string kind = "gpu";  // or "cpu", "tpu", "npu"
  std::string chip;          // "AD102": boards of one chip differ in clock, memory and link
  int64_t memory_bytes = 0;  // 0 = the machine's own, unknown here
  std::string memory_source;
  double bandwidth = 0;  // data sheet, bytes / s; 0 = unknown
  double link = 0;       // to others of one machine, both ways together, bytes / s; 0 = unknown
  std::string link_source;
  std::vector<Peak> peaks;
  Measurement measured;
  bool has_measurement = false;

  // FLOP/s of the data sheet for this dtype with fp32 accumulation; empty: see missing_peak().
  std::optional<double> peak(const std::string& dtype) const;
  const MeasuredGemm* best_gemm(const std::string& dtype) const;        // null: none was measured
  std::optional<double> measured_peak(const std::string& dtype) const;  // of it
  std::string missing_peak(const std::string& dtype) const;             // why there is none
  // The largest size measured of this shape of the model; null when there is none.
  const MeasuredStep* step(const std::string& model, const std::string& shape) const;
  std::vector<MeasuredStep> series(const std::string& model, const std::string& shape) const;
  // "profile 'mine' is not certified: load 3.1 ..." of a measurement taken on a busy machine.
  std::optional<std::string> doubt() const;
};

void describe(Fields&, Measurement&);
void describe(Fields&, Profile&);
// Error with every problem of the file at once.
Profile load_profile(const std::filesystem::path& path, const std::string& shown_as);
// hardware_profiles/NAME.toml under `root`, or a path ending in .toml; an unknown name is an Error
// listing the known ones.
Profile find_profile(const std::filesystem::path& root, const std::string& name);
std::vector<std::string> profile_names(const std::filesystem::path& root);
std::string to_toml(const Profile& profile);

}  // namespace repro::config
