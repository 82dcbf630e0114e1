#pragma once
// The sum of all ranks' gradients, once a step. Between machines the network works while the
// backward pass goes on: what a stage has finished leaves at once, the last layers' first. Ranks
// that share memory sum at the end: they have no network, and no core that would be idle.

#include <cstdint>
#include <vector>

#include "model/transformer.hpp"
#include "train/part.hpp"
#include "train/ranks.hpp"

namespace repro::train {

class GradientSum {
 public:
  // Pieces of fewer elements than `least` wait for the end of the pass. Both must outlive it.
  GradientSum(model::Transformer& model, Ranks& ranks, int64_t least = 1 << 16);

  // For the forward pass whose backward is the last of a step.
  model::StageDone beginning();
  // After it: all ranks have the same sum. RankLost.
  void finish();

 private:
  void begin(const std::vector<Part>& pieces);

  model::Transformer& model_;
  Ranks& ranks_;
  bool beside_;                            // begin while the pass goes on
  std::vector<std::vector<Part>> pieces_;  // of the flat gradient, by stage
};

}  // namespace repro::train
