#pragma once
// A run's result as JSON: what its records say at the end, without looking at the model again.

#include <ATen/core/Tensor.h>

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "run/records.hpp"

namespace repro::train {

// steps, tokens, data_hash, loss_first, loss_last; of a model that has just grown, whose loss was
// this before, also spike. Error when there is no step record, or one is missing.
nlohmann::json summarise(const std::vector<run::StepRecord>& steps,
                         std::optional<double> loss_before);

// Steps that a loss around a growth of the model is the mean of; fewer of a shorter training.
constexpr int64_t kSpikeWindow = 20;
// Mean LM loss at the end of a training whose model will grow.
double loss_at_end(const std::vector<run::StepRecord>& steps);
nlohmann::json clocks_json(const run::Clocks& clocks);

// A matrix as a list of rows; [] for an undefined or empty one.
nlohmann::json json_rows(const at::Tensor& matrix);

}  // namespace repro::train
