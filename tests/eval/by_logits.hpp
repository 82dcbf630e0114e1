#pragma once
// A continuation's log-likelihood by the whole logits, which shares nothing with
// eval::score_choices.

#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include <vector>

#include "eval/choices.hpp"
#include "model/transformer.hpp"

namespace repro::eval {

// Nats: the sum of log p of each token of the continuation.
inline double by_logits(model::Transformer& model, const ChoiceRequest& request) {
  std::vector<int64_t> tokens(request.context.begin(), request.context.end());
  tokens.insert(tokens.end(), request.continuation.begin(), request.continuation.end());
  const at::Tensor ids = at::tensor(tokens, at::kLong).unsqueeze(0);
  const at::Tensor log_p = at::log_softmax(model.logits(ids.narrow(1, 0, ids.size(1) - 1)), -1);
  double sum = 0;
  for (size_t i = request.context.size(); i < tokens.size(); ++i)
    sum += log_p[0][static_cast<int64_t>(i) - 1][tokens[i]].item<double>();
  return sum;
}

}  // namespace repro::eval
