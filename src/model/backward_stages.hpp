#pragma once
// The stages in which a backward pass finishes the flat gradient: 0 = the head, 1 to L = the layers
// from the last to the first, L + 1 = the embedding. What is finished can be sent to others while
// the pass goes on.

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "model/parameters.hpp"

namespace repro::model {

// During a backward pass, from its thread: nothing more is added to the gradients of `stage`. Each
// in order but the last, which ends with the pass. It must not throw.
using StageDone = std::function<void(size_t stage)>;

// By stage, indices into `parameters` of a model of so many layers.
std::vector<std::vector<size_t>> stages_of(const std::vector<Parameter>& parameters,
                                           int64_t layers);

// x; when its gradient is known `stage` is done. Whatever reads it must be made after it: autograd
// takes the youngest node that is ready, and so has then passed all of the stage.
at::Tensor watched(const at::Tensor& x, const StageDone& done, size_t stage);

}  // namespace repro::model
