#pragma once
// A run's result as JSON: what its records say at the end, without looking at the model again.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "run/records.hpp"

namespace repro::train {

// steps, tokens, data_hash, loss_first, final_loss (mean LM loss of the last `window` steps),
// final_loss_window (of as many as there are), evals, heldout. Error when there is no step record.
nlohmann::json summarise(const run::Records& records, int64_t window);

nlohmann::json clocks_json(const run::Clocks& clocks);

// A matrix as a list of rows; [] for an undefined or empty one.
nlohmann::json rows_of(const at::Tensor& matrix);

}  // namespace repro::train
