#pragma once
// Parameter counts by formula, without building a model. Exact: the built module must agree to the
// last one. Norms count their weights, q, k and v their biases, a router its linear maps, that
// of its noise and its selection bias.

#include <cstdint>

#include "config/model.hpp"

namespace repro::measure {

// Disjoint parts, each over all layers.
struct Parameters {
  int64_t embedding = 0;       // input table, V d
  int64_t head = 0;            // output table, V d, untied
  int64_t attention = 0;       // weights of q, k, v, o
  int64_t attention_bias = 0;  // of q, k, v
  int64_t norms = 0;           // two a layer and the final one
  int64_t shared_expert = 0;   // SwiGLU of width f_s
  int64_t shared_gate = 0;     // Linear(d, 1) of the shared expert
  int64_t experts = 0;         // E SwiGLUs of width f
  int64_t active_experts = 0;  // k of them
  int64_t router = 0;          // of experts and of heads; 0 of a dense model

  int64_t full() const;           // everything
  int64_t active() const;         // what one token uses: k experts, the whole router
  int64_t shared() const;         // neither expert nor router: what a merge averages
  int64_t non_embedding() const;  // full() without the input table
  // Weights of matrix multiplications one token uses: attention, k experts, shared expert, head;
  // no input table, norm, bias, router or shared gate. The N of 6 N.
  int64_t active_matmul() const;
};

Parameters count_parameters(const config::ModelConfig& model);

}  // namespace repro::measure
