#pragma once
// How fast a densely trained model is read with fewer of its experts (DS-MoE, arXiv 2404.05567):
// the expert block alone, over many tokens at once and over one, and the whole model over many.
// What is not selected is skipped, so time should fall with the active share.

#include <cstdint>
#include <string>
#include <vector>

namespace repro::bench {

struct ReadingOptions {
  std::string precision = "bf16-mixed";
  int threads = 1;
  int repetitions = 20;
  bool json = false;
};

// Tokens a second under one selection; medians.
struct ReadingSpeed {
  std::string selection;  // "all", "top-k", "threshold"
  double share = 1;       // of the experts that worked on a token, as measured
  double block_prefill = 0;
  double block_decode = 0;
  double model_prefill = 0;
};
struct ReadingReport {
  ReadingOptions options;
  int64_t tokens = 0;                // of a prefill
  std::vector<ReadingSpeed> speeds;  // all experts first
};

ReadingReport measure_reading(const ReadingOptions& options);
std::string to_text(const ReadingReport& report);
std::string to_json(const ReadingReport& report);

}  // namespace repro::bench
