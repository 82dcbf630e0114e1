// The hot loops one by one, under Google Benchmark: `repro-bench`, with its usual flags.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

#include "model/kernels/blocks.hpp"
#include "model/kernels/fused.hpp"

namespace repro::bench {
namespace {

using model::Bf16;
using model::data;

constexpr int64_t kRows = 4096;  // 16 sequences of 256 tokens

template <typename C>
void attention_forward_backward(benchmark::State& state) {
  const auto& k = model::cpu::kernels<C>();
  const model::cpu::AttentionSizes sizes{16, 256, 4, 4, 64};
  const at::Tensor qkv = at::randn({kRows, 3 * 256}).to(model::kTypeOf<C>);
  const at::Tensor out = at::empty({kRows, 256}, model::kTypeOf<C>);
  const at::Tensor dqkv = at::empty_like(qkv), log_sum = at::empty({16, 4, 256});
  const at::Tensor scratch = at::empty({k.attention_scratch(sizes)});
  for (auto _ : state) {
    k.attention(sizes, 0, data<C>(qkv), data<C>(out), data<float>(log_sum), data<float>(scratch));
    k.attention_backward(sizes, data<C>(qkv), data<C>(out), data<float>(log_sum), data<C>(out),
                         data<C>(dqkv), data<float>(scratch));
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK_TEMPLATE(attention_forward_backward, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(attention_forward_backward, Bf16)->Unit(benchmark::kMillisecond);

template <typename C>
void swiglu_forward_backward(benchmark::State& state) {
  const auto& k = model::cpu::kernels<C>();
  const int64_t width = 176, experts = 4;
  const at::Tensor gate_up = at::randn({kRows, experts * 2 * width}).to(model::kTypeOf<C>);
  const at::Tensor hidden = at::empty({kRows, experts * width}, model::kTypeOf<C>);
  const at::Tensor scores = at::full({kRows, experts}, 0.25), dscores = at::empty({kRows, experts});
  const at::Tensor work = gate_up.clone();
  for (auto _ : state) {
    k.swiglu(kRows * experts, width, data<C>(gate_up), data<float>(scores), data<C>(hidden));
    k.swiglu_backward(kRows * experts, width, data<C>(hidden), data<float>(scores), data<C>(work),
                      data<float>(dscores));
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK_TEMPLATE(swiglu_forward_backward, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(swiglu_forward_backward, Bf16)->Unit(benchmark::kMillisecond);

template <typename C>
void cross_entropy_chunk(benchmark::State& state) {
  const int64_t rows = 1024, vocabulary = state.range(0);
  const at::Tensor logits = at::randn({rows, vocabulary}).to(model::kTypeOf<C>);
  const at::Tensor targets = at::randint(vocabulary, {rows}, at::kLong);
  const at::Tensor scratch = at::empty({vocabulary}), work = logits.clone();
  for (auto _ : state)
    benchmark::DoNotOptimize(model::cpu::kernels<C>().cross_entropy(
        rows, vocabulary, data<int64_t>(targets), true, data<C>(work), data<float>(scratch)));
  state.SetItemsProcessed(state.iterations() * rows);
}
BENCHMARK_TEMPLATE(cross_entropy_chunk, float)->Arg(8192)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(cross_entropy_chunk, Bf16)->Arg(8192)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace repro::bench
