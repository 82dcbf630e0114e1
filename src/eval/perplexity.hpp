#pragma once
// How well a model predicts a split of a corpus, in nats a token and in bits a byte. Perplexity is
// exp(loss). Documents are scored as one stream; evaluation mode, no gate noise.
//
// Bits per byte divides by the UTF-8 bytes of text that exactly the scored tokens stand for; an end
// of text costs nats and is no byte. A word begins where a piece begins with a space, as each does
// that begins a paragraph.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "data/tokens/token_shards.hpp"
#include "model/transformer.hpp"

namespace repro::eval {

// What predicts: one model, or several together (eval/ensemble.hpp).
struct Predictor {
  Predictor(model::Transformer& model);  // NOLINT: a model predicts; it must outlive this
  Predictor(at::Device where, std::function<double(const at::Tensor&, int64_t)> predicted)
      : device(where), nats(std::move(predicted)) {}

  at::Device device;
  // Sum of -log p of tokens_BS[:, t + 1] over positions t >= first, as Transformer's.
  std::function<double(const at::Tensor& tokens_BS, int64_t first)> nats;
  // Of the routed experts, in the last call of nats.
  std::function<double()> active_share = [] { return 1.0; };
  // Of groups of routed heads.
  std::function<double()> attention_share = [] { return 1.0; };
  // Tokens sent to each expert there: (L, E), or undefined.
  std::function<at::Tensor()> expert_counts = [] { return at::Tensor(); };
};

struct HeldOut {
  double loss = 0;     // nats a token, mean over `tokens`
  int64_t tokens = 0;  // predicted
  double bits_per_byte = 0;
  int64_t bytes = 0, words = 0;  // that the predicted tokens stand for, and begin
  double active_share = 1;       // of the routed experts, mean over the tokens read
  double attention_share = 1;    // of the groups of routed heads, likewise
  // Nats a token of each block of `batch` consecutive windows. Two models that were measured on the
  // same blocks are compared block by block: how hard a text is cancels.
  std::vector<double> blocks;
  at::Tensor expert_counts;  // (L, E) int64, of all tokens read; undefined without a router
};

// The first `windows` windows of T + 1 tokens, overlapping by one, `batch` rows at a time: fewer
// when the split is short, and one short window when it does not fill one. Error when it has no 2
// tokens.
HeldOut unseen_loss(const Predictor& model, const data::TokenShards& split, int64_t sequence,
                    int64_t windows, int64_t batch);

// The whole split: windows of `window` input tokens that start `stride` apart (0 < stride <=
// window); each predicts the tokens that no earlier window did, so every token but the split's
// first is scored once, with at least window - stride tokens of context where there are as many.
// `windows` > 0: the first so many of them.
HeldOut sliding_window_loss(const Predictor& model, const data::TokenShards& split, int64_t window,
                            int64_t stride, int64_t batch, int64_t windows = 0);

// Windows of T + 1 tokens in the order in which a training with this order seed reads the split:
// the first `windows`, an epoch at most; 0 = an epoch. Error when the split does not fill one.
HeldOut shuffled_loss(const Predictor& model, std::shared_ptr<const data::TokenShards> split,
                      int64_t sequence, int64_t windows, int64_t batch, uint64_t order_seed);

}  // namespace repro::eval
