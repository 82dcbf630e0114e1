#include "train/result.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "measure/growth.hpp"

namespace repro::train {

using nlohmann::json;

namespace {

// {loss_before, height, recovery (steps, or null)} of a training whose model has just grown.
json spike_json(const std::vector<run::StepRecord>& steps, double loss_before) {
  std::vector<double> losses;
  for (const run::StepRecord& step : steps) losses.push_back(step.lm_loss);
  const measure::Spike spike = measure::spike_after(
      losses, loss_before, std::min(kSpikeWindow, static_cast<int64_t>(losses.size())));
  return {{"loss_before", loss_before},
          {"height", spike.height},
          {"recovery", spike.recovery ? json(*spike.recovery) : json(nullptr)}};
}

}  // namespace

json summarise(const std::vector<run::StepRecord>& steps, std::optional<double> loss_before) {
  if (steps.empty()) throw Error("the run has no step records; delete its folder and run again");
  const run::StepRecord& last = steps.back();
  if (static_cast<int64_t>(steps.size()) != last.step)
    throw Error(
        "{} step records up to step {}: some are missing; delete the run's folder and run "
        "again",
        steps.size(), last.step);
  json result = {{"steps", last.step},
                 {"tokens", last.tokens},
                 {"data_hash", fmt::format("{:016x}", last.data_hash)},
                 {"loss_first", steps.front().lm_loss},
                 {"loss_last", last.lm_loss}};
  if (loss_before) result["spike"] = spike_json(steps, *loss_before);
  return result;
}

double loss_at_end(const std::vector<run::StepRecord>& steps) {
  check(!steps.empty(), "a finished training has steps");
  const size_t count = std::min(steps.size(), static_cast<size_t>(kSpikeWindow));
  double sum = 0;
  for (size_t i = steps.size() - count; i < steps.size(); ++i) sum += steps[i].lm_loss;
  return sum / static_cast<double>(count);
}

json clocks_json(const run::Clocks& clocks) {
  return {{"train", clocks.train},
          {"eval", clocks.eval},
          {"checkpoint", clocks.checkpoint},
          {"other", clocks.other},
          {"wall", clocks.wall()}};
}

json json_rows(const at::Tensor& matrix) {
  json rows = json::array();
  if (!matrix.defined() || matrix.numel() == 0) return rows;
  const at::Tensor values = matrix.to(at::kCPU, at::kDouble).contiguous();
  const double* value = values.const_data_ptr<double>();
  for (int64_t row = 0; row < values.size(0); ++row, value += values.size(1))
    rows.push_back(std::vector<double>(value, value + values.size(1)));
  return rows;
}

}  // namespace repro::train
