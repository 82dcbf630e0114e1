#pragma once
// A decoder-only mixture-of-experts language model, or a dense one, by its config. Owns its
// parameters in one flat buffer; forward() builds the autograd graph, backward() of the loss fills
// the flat gradient.
//
// Shapes: B sequences, T tokens, d width, E experts, k active experts, L layers, V vocabulary.

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/model.hpp"
#include "model/backward_stages.hpp"
#include "model/parameters.hpp"
#include "model/segments.hpp"

namespace repro::model {

enum class Precision { fp32, bf16_mixed, bf16_pure };
Precision parse_precision(const std::string& name);  // "fp32", "bf16-mixed", "bf16-pure"

struct Options {
  c10::Device device = c10::kCPU;
  Precision precision = Precision::fp32;
  bool fused = true;  // fused kernels where they exist; false = the plain twins everywhere
};

// Where in a training a forward pass stands. Noise is a pure function of (seed, step, layer, row of
// the step's whole batch, expert): micro-batches and ranks that share a batch draw their rows' own.
struct NoisePlace {
  uint64_t seed = 0;
  uint64_t step = 0;
  int64_t first_row = 0;  // tokens of the batch before these
};

struct Loss {
  at::Tensor total;  // () fp32, with graph: lm + aux; mean over the micro-batch's tokens
  double lm = 0;     // nats a token
  double aux = 0;    // sum of the auxiliary losses, weights included
  std::vector<std::pair<std::string, double>> auxiliary;  // each by its kind's name
};

class Transformer {
 public:
  Transformer(const config::ModelConfig& config, const Options& options);

  const config::ModelConfig& config() const;
  const Options& options() const;

  // Initial weights as a pure function of (config, seed): each tensor draws from its own stream,
  // experts and router rows one stream each, so that a submodel's tensors equal the full model's
  // slices: initialise(seed, k) of a one-expert model draws what initialise(seed) of the full one
  // draws for expert k.
  void initialise(uint64_t seed, int64_t expert_offset = 0);

  // In the order of the flat buffer: decayed parameters first.
  std::vector<Parameter>& parameters();
  at::Tensor flat_values();       // (P) fp32, or bf16 in bf16-pure
  at::Tensor flat_gradients();    // (P) same dtype as the values
  int64_t decayed_count() const;  // the first this many elements take weight decay
  int64_t parameter_count() const;

  void zero_gradients();
  // To be called after any change of the values (optimizer step, load): refreshes bf16 copies.
  void values_changed();

  // tokens_BS (B, T + 1) int64 on the model's device; loss of predicting [:, 1:] from [:, :-1].
  // `noise` places the router's noise; training = false turns it off. `done` is told of the stages
  // of its backward pass.
  Loss forward(const at::Tensor& tokens_BS, bool training, const NoisePlace& noise = {},
               const StageDone& done = {});
  // parameters() by the stage of a backward pass that finishes their gradients.
  std::vector<std::vector<size_t>> stages() const;
  // Sum of -log p of tokens_BS[:, t + 1] over positions t >= first, no graph. (B, T + 1) -> nats.
  double negative_log_likelihood(const at::Tensor& tokens_BS, int64_t first = 0);
  // Single predictions, no graph: after the token in row places_P[i] of tokens_N, which are cut
  // into segments (model/segments.hpp), comes targets_P[i]. (P, 2) fp64 on the CPU: -log p of it in
  // nats, and 1 where no token is likelier (of equals the first counts), else 0.
  at::Tensor score(const at::Tensor& tokens_N, const std::vector<Segment>& segments,
                   const at::Tensor& places_P, const at::Tensor& targets_P);
  // (B, T) -> fp32 logits (B, T, V), no graph; for tests and evaluation of small batches.
  at::Tensor logits(const at::Tensor& tokens_BT);
  // What each layer's router reads of tokens_BT: (B T, d) wide, by layer, no graph.
  std::vector<at::Tensor> router_inputs(const at::Tensor& tokens_BT);

  // Fraction of routed (token, slot) pairs that went to each expert in the last forward: (L, E) on
  // the CPU.
  at::Tensor expert_load() const;
  // Tokens sent to each expert in the last forward: (L, E) int64; undefined before there was one
  // and of a dense model.
  at::Tensor expert_counts() const;
  // After a step of these counts: moves each selection bias by router.bias_rate towards equal
  // loads; nothing where there is none. They are read in fp32: values_changed() need not follow.
  void balance_routers(const at::Tensor& counts_LE);
  // Mean share of the experts that worked on a token in the last forward (negative_log_likelihood
  // and logits too): k / E with top-k, 1 of a dense model.
  double active_share() const;
  // Likewise of the groups of heads; 1 where they are not routed.
  double attention_share() const;

  ~Transformer();
  Transformer(Transformer&&) noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace repro::model
