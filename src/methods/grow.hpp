#pragma once
// A pool of experts grows: what a larger model takes over from a smaller one, how the rest of it
// begins, and what an optimizer that goes on keeps. EMO (arXiv 2605.13247) grows by fresh experts
// at fixed top-k; the copies are sparse upcycling's (2212.05055) and drop-upcycling's (2502.19261).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "config/assembly_spec.hpp"
#include "model/layout.hpp"
#include "model/parameters.hpp"

namespace repro::methods {

// `grown` comes in as spec.model initialises it and goes out with the smaller model's tensors in
// it: shared ones whole; experts 0 .. before - 1 and their router rows in their places; of a second
// router layer (E, E) the old block, with zeros for what new outputs of the first layer would add
// to old logits. `smaller`: safetensors. Error when a tensor does not fit.
void grow(const std::filesystem::path& smaller, const config::GrowSpec& spec,
          std::vector<model::Parameter>& grown);

// A flat buffer over the smaller model's layout, such as an optimizer's moments, laid out for the
// larger: what is new is 0.
at::Tensor grow_flat(const at::Tensor& flat, const model::Layout& smaller,
                     const model::Layout& larger);

}  // namespace repro::methods
