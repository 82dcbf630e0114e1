#include "train/result.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace repro::train {

using nlohmann::json;

json summarise(const std::vector<run::StepRecord>& steps) {
  if (steps.empty()) throw Error("the run has no step records; delete its folder and run again");
  const run::StepRecord& last = steps.back();
  if (static_cast<int64_t>(steps.size()) != last.step)
    throw Error(
        "{} step records up to step {}: some are missing; delete the run's folder and run "
        "again",
        steps.size(), last.step);
  return {{"steps", last.step},
          {"tokens", last.tokens},
          {"data_hash", fmt::format("{:016x}", last.data_hash)},
          {"loss_first", steps.front().lm_loss},
          {"loss_last", last.lm_loss}};
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
