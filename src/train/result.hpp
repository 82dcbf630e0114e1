#pragma once
// A run's result as JSON: what its records say at the end, without looking at the model again.

#include <ATen/core/Tensor.h>

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "run/records.hpp"

namespace repro::train {

// steps, tokens, data_hash, loss_first, loss_last. Error when there is no step record, or one is
// missing.
nlohmann::json summarise(const std::vector<run::StepRecord>& steps);

nlohmann::json clocks_json(const run::Clocks& clocks);

// A matrix as a list of rows; [] for an undefined or empty one.
nlohmann::json json_rows(const at::Tensor& matrix);

}  // namespace repro::train
