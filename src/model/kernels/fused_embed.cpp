#include <ATen/ops/aminmax.h>
#include <ATen/ops/embedding.h>

#include "base/error.hpp"
#include "model/kernels/fused.hpp"
#include "model/kernels/fused_node.hpp"

namespace repro::model {
namespace {

using torch::autograd::variable_list;

struct EmbedState {
  at::Tensor tokens;
  Weight table;

  // Adds each row where it came from; the table itself gets nothing more through autograd.
  variable_list backward(const variable_list& gradients) const {
    const at::Tensor dout = gradients[0].contiguous();
    const int64_t width = dout.size(1);
    const int64_t* token = data<int64_t>(tokens);
    for (int64_t row = 0; row < tokens.numel(); ++row)
      cpu::kernels<float>().accumulate(width, data<float>(dout) + row * width, 1.0F,
                                       data<float>(table.gradient) + token[row] * width);
    return {at::Tensor()};
  }
};

}  // namespace

void check_ids(const at::Tensor& ids, int64_t count) {
  if (ids.numel() == 0) return;
  const auto [lowest, highest] = at::aminmax(ids);
  const int64_t low = lowest.item<int64_t>(), high = highest.item<int64_t>();
  if (low < 0 || high >= count)
    throw Error(
        "token {} is not in the model's vocabulary of {}; was the corpus made with another "
        "tokenizer?",
        low < 0 ? low : high, count);
}

at::Tensor fused_embed(const at::Tensor& tokens_N, const Weight& table) {
  check_ids(tokens_N, table.leaf.size(0));
  at::Tensor out = at::embedding(table.leaf.detach(), tokens_N);
  if (wants_graph(table.leaf)) attach(EmbedState{tokens_N.contiguous(), table}, table.leaf, {out});
  return out;
}

}  // namespace repro::model
