#pragma once
// How the router of an assembled model begins: as the common initialisation left it, as zeros, as a
// fresh draw, or as rows that are made of what the model's routers see of each part's text, without
// training (as mergekit's "hidden" gates, and DUME's ridge, arXiv 2603.29765).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "model/parameters.hpp"

namespace repro::methods {

// Every router of an initialised model:
//   concatenate  as it is: row k of the common start for the expert that began there
//   zeros        a uniform mixture; when top_k < E plus 1e-6 N(0, 1), because equal logits make
//                top-k choose the same experts always
//   normal       fresh N(0, init_std)
// A selection bias stays 0. Other names leave the router to RouterRows.
void start_routers(const std::string& kind, const config::ModelConfig& config, uint64_t seed,
                   std::vector<model::Parameter>& parameters);

// Error when two rows of a router are equal: equal experts behind them get equal gradients for
// ever, and top-k picks the same ones for every token. Of a router that chooses nothing only where
// its experts are copies of each other.
void need_distinct_rows(const std::vector<model::Parameter>& parameters,
                        const config::ModelConfig& config, bool copies);

// Rows of linear routers, of what each layer's router reads of texts whose expert is known.
class RouterRows {
 public:
  RouterRows(int64_t layers, int64_t experts, int64_t width);

  // inputs: of each layer (N, d), for text of expert k's part.
  void add(int64_t k, const std::vector<at::Tensor>& inputs);

  // Row k is the mean of part k's inputs less the mean of the parts' means, all rows scaled to the
  // root mean square length `length`. (E, d) fp32.
  at::Tensor centroids(int64_t layer, double length) const;
  // W = (X^T X + lambda I)^-1 X^T Y, a row an expert, Y one-hot; lambda is `ridge` times the mean
  // of X^T X's diagonal. (E, d) fp32.
  at::Tensor ridge(int64_t layer, double ridge) const;

 private:
  std::vector<double> count_E_;
  std::vector<at::Tensor> sum_ED_;      // by layer, fp64
  std::vector<at::Tensor> product_DD_;  // by layer: X^T X, fp64
};

}  // namespace repro::methods
