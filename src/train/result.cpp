#include "train/result.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace repro::train {
namespace {

using nlohmann::json;

double mean_lm_loss(const std::vector<run::StepRecord>& steps, size_t window) {
  double sum = 0;
  for (size_t i = steps.size() - window; i < steps.size(); ++i) sum += steps[i].lm_loss;
  return sum / static_cast<double>(window);
}

json eval_json(const run::EvalRecord& record) {
  return {{"step", record.step},
          {"split", record.split},
          {"loss", record.loss},
          {"tokens", record.tokens},
          {"bits_per_byte", record.bits_per_byte}};
}

}  // namespace

json summarise(const run::Records& records, int64_t window) {
  if (records.steps.empty())
    throw Error("the run has no step records; delete its folder and run again");
  const run::StepRecord& last = records.steps.back();
  if (static_cast<int64_t>(records.steps.size()) != last.step)
    throw Error(
        "{} step records up to step {}: some are missing; delete the run's folder and run "
        "again",
        records.steps.size(), last.step);
  const size_t averaged = std::min(records.steps.size(), static_cast<size_t>(window));
  json evals = json::array();
  for (const run::EvalRecord& record : records.evals) evals.push_back(eval_json(record));
  return {{"steps", last.step},
          {"tokens", last.tokens},
          {"data_hash", fmt::format("{:016x}", last.data_hash)},
          {"loss_first", records.steps.front().lm_loss},
          {"final_loss", mean_lm_loss(records.steps, averaged)},
          {"final_loss_window", averaged},
          {"heldout", evals.empty() ? json() : evals.back()},
          {"evals", evals}};
}

json clocks_json(const run::Clocks& clocks) {
  return {{"train", clocks.train},
          {"eval", clocks.eval},
          {"checkpoint", clocks.checkpoint},
          {"other", clocks.other},
          {"wall", clocks.wall()}};
}

json rows_of(const at::Tensor& matrix) {
  json rows = json::array();
  if (!matrix.defined() || matrix.numel() == 0) return rows;
  const at::Tensor values = matrix.to(at::kCPU, at::kDouble).contiguous();
  const double* value = values.const_data_ptr<double>();
  for (int64_t row = 0; row < values.size(0); ++row, value += values.size(1))
    rows.push_back(std::vector<double>(value, value + values.size(1)));
  return rows;
}

}  // namespace repro::train
