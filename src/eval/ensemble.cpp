#include "eval/ensemble.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/stack.h>

#include <cmath>

#include "base/error.hpp"

namespace repro::eval {

double mixed_nats(const at::Tensor& nats_NBT, int64_t first, const std::string& mixing) {
  const auto models = static_cast<double>(nats_NBT.size(0));
  const int64_t tokens = nats_NBT.size(2);
  if (mixing == "uniform") {
    const at::Tensor scored = nats_NBT.narrow(2, first, tokens - first);
    return (std::log(models) - at::logsumexp(-scored, {0})).sum().item<double>();
  }
  check(mixing == "posterior", "the mixing is posterior or uniform");
  // -log p of the whole window less that of what stands before `first`; the prior cancels.
  const auto of_window = [&](int64_t length) {
    return at::logsumexp(-nats_NBT.narrow(2, 0, length).sum(2), {0}).sum().item<double>();
  };
  const double before =
      first > 0 ? of_window(first) : std::log(models) * static_cast<double>(nats_NBT.size(1));
  return before - of_window(tokens);
}

Predictor ensemble_of(std::vector<model::Transformer>& models, const std::string& mixing) {
  check(!models.empty(), "an ensemble has models");
  return {
      models.front().options().device,
      [&models, mixing](const at::Tensor& tokens_BS, int64_t first) {
        const int64_t rows = tokens_BS.size(0), tokens = tokens_BS.size(1) - 1;
        const at::Tensor inputs_N = tokens_BS.narrow(1, 0, tokens).reshape({-1});
        std::vector<model::Segment> lines;
        for (int64_t row = 0; row < rows; ++row)
          lines.push_back({.first = row * tokens, .count = tokens});
        const at::Tensor targets_N = tokens_BS.narrow(1, 1, tokens).reshape({-1});
        const at::Tensor places_N = at::arange(rows * tokens, targets_N.options());
        std::vector<at::Tensor> nats;
        for (model::Transformer& model : models)
          nats.push_back(
              model.score(inputs_N, lines, places_N, targets_N).select(1, 0).view({rows, tokens}));
        return mixed_nats(at::stack(nats), first, mixing);
      }};
}

}  // namespace repro::eval
