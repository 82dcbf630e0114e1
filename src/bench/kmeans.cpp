// K-means at the size of a real corpus: a million document vectors into four clusters.
#include "methods/kmeans.hpp"

#include <ATen/Context.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

namespace repro::bench {
namespace {

void kmeans_million(benchmark::State& state) {
  constexpr int64_t kPoints = 1'000'000, kWidth = 256;
  at::manual_seed(0);
  const at::Tensor points = at::randn({kPoints, kWidth});  // no clusters: it runs all iterations
  const methods::KmeansOptions options{
      .k = 4, .init = "random", .max_iterations = 20, .tolerance = 0};
  for (auto _ : state) {
    const methods::KmeansResult found = methods::kmeans(points, options);
    state.counters["lloyd_iterations"] = static_cast<double>(found.sse.size());
  }
  state.SetItemsProcessed(state.iterations() * kPoints * options.max_iterations);
}
BENCHMARK(kmeans_million)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace repro::bench
