#pragma once
// Published training throughputs, one a row of hardware_profiles/throughput_vectors.csv: what was
// trained, on what, how fast, and where that stands.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repro::forecast {

// Activations that are computed again in the backward pass.
enum class Recompute { none, selective, full };
std::string_view name(Recompute recompute);
// Forward and backward with it, as a multiple of those without: of `full`, one more forward pass.
double extra_work(Recompute recompute);

struct ThroughputVector {
  std::string id;       // "V23b"
  std::string model;    // "Megatron 22B"
  std::string profile;  // hardware profile
  double devices = 0;
  std::string parallelism;
  double sequence = 0;  // tokens
  std::string dtype;    // "bf16", "fp16", "fp8"
  Recompute recompute = Recompute::none;
  double parameters = 0;
  double active = 0;                        // of the products that one token uses
  std::optional<double> tokens_per_second;  // of one device
  std::optional<double> flops_per_second;   // the model's, of one device; see below
  std::optional<double> memory_gib;         // of one device
  std::string printed, source;

  // Machine and model: "V23" of V23a and V23b, which say the same thing twice.
  std::string run() const;
};

// flops_per_second is the file's, else tokens/s x (6 x active + 6 x layers x attention width x
// sequence); empty in a row of memory alone. Error "file:line: ..." for a row that is damaged, a
// number out of range, or a file of more than a megabyte.
std::vector<ThroughputVector> load_throughput_vectors(const std::filesystem::path& path,
                                                      const std::string& shown_as);
// hardware_profiles/throughput_vectors.csv below the root; none where a root has no such file.
std::vector<ThroughputVector> find_throughput_vectors(const std::filesystem::path& root);

}  // namespace repro::forecast
