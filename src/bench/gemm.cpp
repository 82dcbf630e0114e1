#include "bench/gemm.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <functional>

#include "model/kernels/fused_linear.hpp"
#include "model/part_clock.hpp"

namespace repro::bench {

double median_seconds(int repetitions, const std::function<void()>& work) {
  work();  // the first call prepares the library's kernel
  std::vector<double> seconds;
  for (int i = 0; i < repetitions; ++i) {
    const double start = model::seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    work();
    seconds.push_back(model::seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start);
  }
  std::nth_element(seconds.begin(), seconds.begin() + repetitions / 2, seconds.end());
  return seconds[static_cast<size_t>(repetitions / 2)];
}

namespace {

// The three products by LibTorch's library, then by the fused blocks' own kernels: the faster
// counts.
template <typename C>
double seconds_of_products(const Gemm& g, int repetitions, bool forward_only) {
  constexpr at::ScalarType kType = model::kTypeOf<C>;
  const at::Tensor x = at::randn({g.rows, g.in}).to(kType), w = at::randn({g.out, g.in}).to(kType);
  const at::Tensor dy = at::randn({g.rows, g.out}).to(kType);
  at::Tensor y = at::empty({g.rows, g.out}, kType), dx = at::empty_like(x), dw = at::empty_like(w);
  const at::Tensor sum = at::zeros({g.out, g.in}, at::kFloat);
  const model::PackedWeight<C> forward(w, model::Direction::forward);
  const model::PackedWeight<C> backward(w, model::Direction::backward);
  const auto faster = [&](const std::function<void()>& library, const std::function<void()>& own) {
    return std::min(median_seconds(repetitions, library), median_seconds(repetitions, own));
  };
  const double forward_seconds =
      faster([&] { at::mm_out(y, x, w.t()); },
             [&] { forward.multiply(g.rows, model::data<C>(x), model::data<C>(y)); });
  if (forward_only) return forward_seconds;
  return forward_seconds +
         faster([&] { at::mm_out(dx, dy, w); },
                [&] { backward.multiply(g.rows, model::data<C>(dy), model::data<C>(dx)); }) +
         faster([&] { at::mm_out(dw, dy.t(), x); },
                [&] { model::add_weight_gradient<C>(sum, dy, x); });
}

}  // namespace

std::vector<Gemm> gemms_of(const Workload& w) {
  const config::ModelConfig& m = w.model;
  constexpr int64_t kHeadRows = 512;  // the head works in chunks
  const int64_t rows = w.batch * w.tokens, d = m.width, f = m.expert_width, n = m.layers;
  const int64_t heads = m.heads * m.head_width, kv = m.kv_heads * m.head_width;
  std::vector<Gemm> gemms = {{"qkv", rows, d, heads + 2 * kv, n}, {"output", rows, heads, d, n}};
  if (m.top_k == m.experts) {
    gemms.push_back({"experts up", rows, d, m.experts * 2 * f, n});
    gemms.push_back({"experts down", rows, m.experts * f, d, n});
  } else {
    const int64_t each = rows * m.top_k / m.experts;
    gemms.push_back({"expert up", each, d, 2 * f, n * m.experts});
    gemms.push_back({"expert down", each, f, d, n * m.experts});
  }
  if (m.shared_width > 0) {
    gemms.push_back({"shared up", rows, d, 2 * m.shared_width, n});
    gemms.push_back({"shared down", rows, m.shared_width, d, n});
  }
  const int64_t chunk = std::min(kHeadRows, rows);
  gemms.push_back({"head", chunk, d, m.vocabulary, rows / chunk});
  return gemms;
}

double gemm_rate(const std::vector<Gemm>& gemms, c10::ScalarType type, int repetitions,
                 bool forward_only) {
  const auto seconds_of =
      type == at::kFloat ? seconds_of_products<float> : seconds_of_products<model::Bf16>;
  double flops = 0, seconds = 0;
  for (const Gemm& g : gemms) {
    seconds += static_cast<double>(g.count) * seconds_of(g, repetitions, forward_only);
    flops += forward_only ? g.flops() / 3 : g.flops();
  }
  return flops / seconds;
}

}  // namespace repro::bench
