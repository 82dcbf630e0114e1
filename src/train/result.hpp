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

// Steps that a loss around a growth of the model is the mean of; fewer of a shorter training.
constexpr int64_t kSpikeWindow = 20;
// Mean LM loss at the end of a training whose model will grow.
double loss_at_end(const std::vector<run::StepRecord>& steps);
// {loss_before, height, recovery (steps, or null)} of a training whose model has just grown.
nlohmann::json spike_json(const std::vector<run::StepRecord>& steps, double loss_before);

nlohmann::json clocks_json(const run::Clocks& clocks);

// A matrix as a list of rows; [] for an undefined or empty one.
nlohmann::json rows_of(const at::Tensor& matrix);

}  // namespace repro::train
