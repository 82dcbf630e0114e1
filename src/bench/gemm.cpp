#include "bench/gemm.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <functional>

#include "model/part_clock.hpp"

namespace repro::bench {
namespace {

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

}  // namespace

std::vector<Gemm> gemms_of(const Workload& w) {
  const config::ModelConfig& m = w.model;
  constexpr int64_t kHeadRows = 1024;  // the head works in chunks
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

double gemm_rate(const std::vector<Gemm>& gemms, c10::ScalarType type, int repetitions) {
  double flops = 0, seconds = 0;
  for (const Gemm& g : gemms) {
    const at::Tensor x = at::randn({g.rows, g.in}).to(type), w = at::randn({g.out, g.in}).to(type);
    const at::Tensor dy = at::randn({g.rows, g.out}).to(type);
    at::Tensor y = at::empty({g.rows, g.out}, type), dx = at::empty_like(x), dw = at::empty_like(w);
    const auto count = static_cast<double>(g.count);
    seconds += count * median_seconds(repetitions, [&] { at::mm_out(y, x, w.t()); });
    seconds += count * median_seconds(repetitions, [&] { at::mm_out(dx, dy, w); });
    seconds += count * median_seconds(repetitions, [&] { at::mm_out(dw, dy.t(), x); });
    flops += g.flops();
  }
  return flops / seconds;
}

}  // namespace repro::bench
