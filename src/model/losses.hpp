#pragma once
// The auxiliary losses of a model's routers: what each kind makes of what the layers' routers
// decided. A new kind is its name in config/model and its formula here.

#include <ATen/core/Tensor.h>

#include <vector>

#include "config/model.hpp"
#include "model/kernels/blocks.hpp"

namespace repro::model {

struct AuxiliaryLoss {
  config::LossKind kind;
  at::Tensor value;  // () wide, with graph, weight included
};

// The losses of `model.losses`, in their order, of the layers' outputs; without those that are
// constant for this model and so teach nothing.
std::vector<AuxiliaryLoss> auxiliary_losses(const config::ModelConfig& model,
                                            const std::vector<MoeOutput>& layers);

}  // namespace repro::model
