#include "measure/parameters.hpp"

namespace repro::measure {
namespace {

// One router: (E, d), the second layer (E, E) of an mlp, the noise map (E, d), the selection bias.
int64_t router_of(const config::ModelConfig& model) {
  if (model.router.select == config::Select::none) return 0;
  const int64_t linear = model.width * model.experts;
  int64_t count = linear;
  if (model.router.network == config::RouterNetwork::mlp) count += model.experts * model.experts;
  if (model.router.noise) count += linear;
  if (model.router.bias_rate > 0) count += model.experts;
  return count;
}

}  // namespace

Parameters count_parameters(const config::ModelConfig& model) {
  const int64_t query_width = model.heads * model.head_width;
  const int64_t key_width = model.kv_heads * model.head_width;
  const int64_t expert = 3 * model.width * model.expert_width;
  Parameters count;
  count.embedding = model.vocabulary * model.width;
  count.head = model.vocabulary * model.width;
  count.attention = model.layers * model.width * 2 * (query_width + key_width);
  count.attention_bias = model.qkv_bias ? model.layers * (query_width + 2 * key_width) : 0;
  count.norms = (2 * model.layers + 1) * model.width;
  count.shared_expert = model.layers * 3 * model.width * model.shared_width;
  count.shared_gate = model.shared_width > 0 ? model.layers * model.width : 0;
  count.experts = model.layers * model.experts * expert;
  count.active_experts = model.layers * model.top_k * expert;
  count.router = model.layers * (router_of(model) + model.attention_router.experts * model.width);
  return count;
}

int64_t Parameters::full() const { return shared() + experts + router; }
int64_t Parameters::active() const { return shared() + active_experts + router; }
int64_t Parameters::shared() const {
  return embedding + head + attention + attention_bias + norms + shared_expert + shared_gate;
}
int64_t Parameters::non_embedding() const { return full() - embedding; }
int64_t Parameters::active_matmul() const {
  return attention + active_experts + shared_expert + head;
}

}  // namespace repro::measure
