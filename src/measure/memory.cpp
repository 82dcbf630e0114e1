#include "measure/memory.hpp"

#include "base/error.hpp"
#include "measure/parameters.hpp"

namespace repro::measure {

int64_t bytes_per_parameter(StateLayout layout) {
  switch (layout) {
    case StateLayout::bytes_8:
      return 8;
    case StateLayout::bytes_12:
      return 12;
    case StateLayout::bytes_16:
      return 16;
  }
  check(false, "an unknown optimizer state layout");
  return 0;
}

int64_t state_bytes(int64_t parameters, StateLayout layout, int64_t shards) {
  const int64_t moments = layout == StateLayout::bytes_8 ? 4 : 8;
  const int64_t shard = (parameters + shards - 1) / shards;
  return parameters * (bytes_per_parameter(layout) - moments) + shard * moments;
}

StateLayout layout_of_precision(std::string_view precision) {
  if (precision == "fp32" || precision == "bf16-mixed") return StateLayout::bytes_16;
  if (precision == "bf16-pure") return StateLayout::bytes_8;
  throw Error("unknown precision '{}'; known: fp32, bf16-mixed, bf16-pure", precision);
}

MemoryEstimate estimate_memory(const config::ModelConfig& model, std::string_view precision,
                               int64_t micro_tokens, int64_t shards) {
  const int64_t element = precision == "fp32" ? 4 : 2;
  const int64_t per_token = model.layers * (8 * model.width + 4 * model.heads * model.head_width +
                                            model.top_k * (3 * model.expert_width + model.width) +
                                            3 * model.shared_width);
  MemoryEstimate estimate;
  estimate.state_bytes =
      state_bytes(count_parameters(model).full(), layout_of_precision(precision), shards);
  estimate.activation_bytes = micro_tokens * per_token * element;
  estimate.logits_bytes = 2 * micro_tokens * model.vocabulary * 4;
  return estimate;
}

bool fits(const MemoryEstimate& estimate, int64_t device_bytes) {
  return estimate.total() <= device_bytes;
}

}  // namespace repro::measure
