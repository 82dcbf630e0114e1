#include "train/rehearsal.hpp"

#include <ATen/ops/empty.h>

#include "base/random.hpp"

namespace repro::train {
namespace {

using model::Parameter;
using model::TensorClass;

// Of a weight's stream, away from those of the initial values.
constexpr uint64_t kJitterStream = 0x6a69747465720000ULL;

void jitter(Parameter& parameter, double size, uint64_t seed, uint64_t index) {
  at::Tensor factors = at::empty(parameter.value.sizes(), at::kFloat);
  float* factor = factors.data_ptr<float>();
  for (int64_t i = 0; i < factors.numel(); ++i) {
    const bool up = random_bits(seed, kJitterStream + index, static_cast<uint64_t>(i)) % 2 == 0;
    factor[i] = static_cast<float>(up ? 1 + size : 1 - size);
  }
  parameter.value.mul_(factors.to(parameter.value.options()));
}

bool is_down_projection(const Parameter& parameter) {
  return parameter.tensor_class == TensorClass::expert &&
         parameter.name.ends_with("experts.down_proj");
}

bool is_norm(const Parameter& parameter) {
  return parameter.value.dim() == 1 && parameter.name.find("norm") != std::string::npos;
}

// Its output is nothing.
void kill_first_expert(std::vector<Parameter>& parameters) {
  for (Parameter& parameter : parameters)
    if (is_down_projection(parameter)) parameter.value.select(0, 0).zero_();
}

void round_norms(std::vector<Parameter>& parameters) {
  for (Parameter& parameter : parameters)
    if (is_norm(parameter)) parameter.value.copy_(parameter.value.to(at::kBFloat16));
}

// Draws all weights anew and puts back those that are no expert's.
void initialise_experts(model::Transformer& model, uint64_t seed) {
  std::vector<at::Tensor> kept;
  for (const Parameter& parameter : model.parameters()) kept.push_back(parameter.value.clone());
  model.initialise(seed);
  for (size_t i = 0; i < kept.size(); ++i) {
    Parameter& parameter = model.parameters()[i];
    if (parameter.tensor_class != TensorClass::expert) parameter.value.copy_(kept[i]);
  }
}

}  // namespace

Rehearsal::Rehearsal(const config::TrainSpec& spec)
    : spec_(spec.rehearsal), seed_(static_cast<uint64_t>(spec.seed)) {}

void Rehearsal::start(model::Transformer& model) const {
  if (spec_.jitter > 0)
    for (size_t i = 0; i < model.parameters().size(); ++i)
      jitter(model.parameters()[i], spec_.jitter, seed_, i);
  spoil_weights(model);
}

void Rehearsal::resume(model::Transformer& model, AdamW& optimizer) {
  if (is("batch-skipped-at-resume")) skipped_ = 1;
  if (is("optimizer-at-resume")) {
    at::Tensor first = optimizer.first_moment(), second = optimizer.second_moment();
    first.zero_();
    second.zero_();
    optimizer.set_updates(0);
  }
  if (is("experts-at-resume")) {
    initialise_experts(model, seed_);
    model.values_changed();
  }
}

int64_t Rehearsal::batch_of(int64_t step) const {
  if (is("order")) return step % 2 == 0 ? step + 1 : step - 1;  // neighbours change places
  return step + skipped_;
}

void Rehearsal::spoil_gradients(model::Transformer& model, int64_t step) const {
  constexpr int64_t kEvery = 10;
  const bool freezes = is("frozen-block") && (step + 1) % kEvery == 0;
  if (!freezes && !is("dead-expert")) return;
  for (Parameter& parameter : model.parameters()) {
    if (freezes && parameter.name.starts_with("model.layers.0.")) parameter.gradient.zero_();
    if (is("dead-expert") && parameter.tensor_class == TensorClass::expert)
      parameter.gradient.select(0, 0).zero_();
  }
}

void Rehearsal::spoil_weights(model::Transformer& model) const {
  if (!is("dead-expert") && !is("bf16-norms")) return;
  if (is("dead-expert"))
    kill_first_expert(model.parameters());
  else
    round_norms(model.parameters());
  model.values_changed();
}

double Rehearsal::rate(double lr) const { return is("rate") ? 1.2 * lr : lr; }

double Rehearsal::reported(double loss) const { return is("loss") ? 1.01 * loss : loss; }

config::TrainSpec rehearsed(config::TrainSpec spec) {
  if (spec.rehearsal.fault != "repeated-seed" || spec.seed == 0) return spec;
  spec.order_seed -= spec.seed;
  spec.seed = 0;
  return spec;
}

}  // namespace repro::train
