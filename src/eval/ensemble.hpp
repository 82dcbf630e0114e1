#pragma once
// Several language models that predict together without being merged. BTM ("Branch-Train-Merge",
// arXiv 2208.03306) mixes their distributions by the posterior of each model given the tokens so
// far:
//
//   p(x_t | x_<t) = sum_j w_j(t) p_j(x_t | x_<t)      w_j(t) ~ w_j prod_{s<t} p_j(x_s | x_<s)
//
// with equal w_j at the start of a window. The product over a window telescopes to the mixture of
// the windows' probabilities, so what is needed of a model is the sum of its own log-probabilities.
// "uniform" keeps w_j(t) equal.

#include <memory>
#include <string>
#include <vector>

#include "eval/perplexity.hpp"
#include "model/transformer.hpp"

namespace repro::eval {

// Of every token its -log p under each model, (n, B, T) fp64 -> the ensemble's sum over tokens at
// positions >= first, nats. mixing: "posterior" or "uniform".
double mixed_nats(const at::Tensor& nats_NBT, int64_t first, const std::string& mixing);

// The models must be of one vocabulary and outlive the predictor.
Predictor ensemble_of(std::vector<model::Transformer>& models, const std::string& mixing);

}  // namespace repro::eval
