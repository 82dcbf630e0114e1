// N tokens, E experts, L layers.
#include "model/losses.hpp"

#include <ATen/TensorOperators.h>

#include <limits>

#include "base/error.hpp"

namespace repro::model {
namespace {

using Layers = std::vector<MoeOutput>;

// Running sum in the order of the layers.
void add(at::Tensor& sum, const at::Tensor& term) { sum = sum.defined() ? sum + term : term; }

bool all_active(const config::ModelConfig& model) {
  const bool by_threshold = model.router.select == config::Select::threshold ||
                            model.router.select == config::Select::threshold_top_k;
  return model.top_k == model.experts && !by_threshold;
}

// E sum_e (load_e / N L) (importance_e / N L), layers pooled: transformers' load_balancing_loss.
at::Tensor switch_balance(const config::ModelConfig& model, const Layers& layers, double weight) {
  at::Tensor load, importance;
  for (const MoeOutput& layer : layers) {
    add(load, layer.load_E);
    add(importance, layer.gates_NE.sum(0));
  }
  const auto tokens = static_cast<double>(layers.front().gates_NE.size(0) * model.layers);
  return (load / tokens * (importance / tokens)).sum() *
         (static_cast<double>(model.experts) * weight);
}

// Squared coefficient of variation, unbiased variance.
at::Tensor squared_variation(const at::Tensor& x_E) {
  return x_E.var(0, /*unbiased=*/true) / (x_E.mean().square() + 1e-10);
}

at::Tensor cv2_balance(const Layers& layers, double weight) {
  at::Tensor sum;
  for (const MoeOutput& layer : layers)
    add(sum, squared_variation(layer.gates_NE.sum(0)) + squared_variation(layer.load_E));
  return sum * weight;
}

// x log x, with a gradient at 0 that is a number.
at::Tensor x_log_x(const at::Tensor& x) {
  return x * x.clamp_min(std::numeric_limits<float>::min()).log();
}

// sum_e p_e log(p_e + 1e-8) - mean over tokens of sum_e S_e log S_e, p the mean of S: DS-MoE eq.
// 4-6 with the constant of its authors' ModuleFormer.
at::Tensor mutual_information(const Layers& layers, at::Tensor MoeOutput::*gates, double weight) {
  at::Tensor sum;
  for (const MoeOutput& layer : layers) {
    const at::Tensor& gates_NE = layer.*gates;
    const at::Tensor p = gates_NE.mean(0);
    const at::Tensor of_experts = (p * (p + 1e-8).log()).sum();
    add(sum, of_experts - x_log_x(gates_NE).sum(-1).mean());
  }
  return sum * weight;
}

at::Tensor loss_of(const config::LossConfig& loss, const config::ModelConfig& model,
                   const Layers& layers) {
  switch (loss.kind) {
    case config::LossKind::switch_balance:
      // With every expert active it is the constant E: nothing to balance.
      return all_active(model) ? at::Tensor() : switch_balance(model, layers, loss.weight);
    case config::LossKind::cv2_balance:
      return cv2_balance(layers, loss.weight);
    case config::LossKind::mutual_information:
      return mutual_information(layers, &MoeOutput::gates_NE, loss.weight);
    case config::LossKind::attention_mutual_information:
      return mutual_information(layers, &MoeOutput::attention_gates_NA, loss.weight);
  }
  check(false, "an unknown auxiliary loss");
  return {};
}

}  // namespace

std::vector<AuxiliaryLoss> auxiliary_losses(const config::ModelConfig& model,
                                            const Layers& layers) {
  std::vector<AuxiliaryLoss> losses;
  for (const config::LossConfig& loss : model.losses) {
    const at::Tensor value = loss_of(loss, model, layers);
    if (value.defined()) losses.push_back({loss.kind, value});
  }
  return losses;
}

}  // namespace repro::model
