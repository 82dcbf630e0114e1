#include "probe/gemm.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <set>

#include "base/stopwatch.hpp"
#include "model/kernels/fused_linear.hpp"
#include "probe/timing.hpp"
#include "train/device.hpp"

namespace repro::probe {
namespace {

// C (m, n) = A (m, k) B (k, n).
struct Shape {
  int64_t m, n, k;
  auto operator<=>(const Shape&) const = default;
  double flops() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }
};

// Tokens of one multiplication: more change nothing but the time it takes.
constexpr int64_t kRows = 1024;
constexpr int64_t kStrip = 128;  // rows of it that one thread takes
// Of one timing: well above the clock's and scheduler's grain.
constexpr double kLeastSeconds = 0.02;
// A slice of a large matrix is cut to whole multiples of this, which any library's tiles divide.
constexpr int64_t kSlice = 256;

// The forward shapes of one layer and the head; backward has the same sizes in other order.
std::set<Shape> shapes_of(const config::ProbeEntry& entry) {
  const config::ModelConfig& m = entry.config;
  const int64_t rows = std::min(kRows, entry.batch * entry.sequence);
  const int64_t query = m.heads * m.head_width;
  const int64_t to_expert = std::max<int64_t>(1, rows * m.top_k / m.experts);
  std::set<Shape> shapes = {{rows, query + 2 * m.kv_heads * m.head_width, m.width},
                            {rows, m.width, query},
                            {to_expert, 2 * m.expert_width, m.width},
                            {to_expert, m.width, m.expert_width},
                            {rows, m.vocabulary, m.width}};
  if (m.shared_width > 0) {
    shapes.insert({rows, 2 * m.shared_width, m.width});
    shapes.insert({rows, m.width, m.shared_width});
  }
  return shapes;
}

// By the kernels that the fused blocks train with; b (n, k) as weights lie.
template <typename C>
void multiply_fused(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b) {
  const model::PackedWeight<C> packed(b, model::Direction::forward);
  model::in_strips(a.size(0), kStrip, [&](int64_t first, int64_t count) {
    packed.multiply(count, model::row<C>(a, first), model::row<C>(c, first));
  });
}

enum class GemmKernels { library, fused };

// C = A B with B of n columns.
class Multiplication {
 public:
  Multiplication(const Shape& shape, at::ScalarType type, const c10::Device& device,
                 GemmKernels kernels)
      : device_(device), kernels_(kernels) {
    const auto options = at::TensorOptions().device(device).dtype(type);
    a_ = at::randn({shape.m, shape.k}, options);
    b_ = at::randn({shape.n, shape.k}, options);  // as weights lie
    c_ = at::empty({shape.m, shape.n}, options);
  }
  void run(int64_t times) {
    for (int64_t i = 0; i < times; ++i) multiply();
    train::synchronise(device_);
  }
  double once() {
    run(1);  // warm-up
    Stopwatch stopwatch;
    run(1);
    return stopwatch.seconds();
  }
  // Seconds of one.
  Timing timed(const config::ProbeSpec& spec) {
    const auto times = std::max<int64_t>(1, static_cast<int64_t>(kLeastSeconds / once()));
    const Patience patience{.seconds = spec.gemm_seconds / spec.patience,
                            .most_seconds = spec.gemm_seconds,
                            .enough = spec.enough};
    Timing timing = time_work(1, patience, [&] { run(times); });
    for (double* seconds : {&timing.seconds, &timing.low, &timing.high})
      *seconds /= static_cast<double>(times);
    return timing;
  }

 private:
  void multiply() {
    if (kernels_ == GemmKernels::library)
      at::mm_out(c_, a_, b_.t());
    else if (a_.scalar_type() == at::kFloat)
      multiply_fused<float>(c_, a_, b_);
    else
      multiply_fused<model::Bf16>(c_, a_, b_);
  }

  c10::Device device_;
  GemmKernels kernels_;
  at::Tensor a_, b_, c_;
};

// As many columns of the longest dimension as the time allows: the head's 151,936 would take
// minutes without a GPU, and a slice of them runs at the same rate.
Shape sliced(const Shape& shape, at::ScalarType type, const c10::Device& device, double seconds) {
  if (shape.n <= kSlice) return shape;
  Shape slice = shape;
  slice.n = kSlice;
  const double once = Multiplication(slice, type, device, GemmKernels::library).once();
  const double columns = seconds / once * kSlice;
  if (columns >= static_cast<double>(shape.n)) return shape;
  slice.n = std::max<int64_t>(1, static_cast<int64_t>(columns) / kSlice) * kSlice;
  return slice;
}

config::MeasuredGemm measure_gemm(const Shape& whole, at::ScalarType type,
                                  const c10::Device& device, const config::ProbeSpec& spec) {
  // Warm-up, the trial and the choice of a slice take as long as two repeats.
  const Shape shape =
      sliced(whole, type, device, spec.gemm_seconds / static_cast<double>(spec.gemm_repeats + 2));
  Timing timing = Multiplication(shape, type, device, GemmKernels::library).timed(spec);
  if (device.is_cpu()) {
    const Timing fused = Multiplication(shape, type, device, GemmKernels::fused).timed(spec);
    if (fused.seconds < timing.seconds) timing = fused;
  }
  return {.dtype = type == at::kFloat ? "fp32" : "bf16",
          .m = shape.m,
          .n = shape.n,
          .k = shape.k,
          .whole_n = whole.n,
          .flops = shape.flops() / timing.seconds,
          .relative_spread = timing.relative_spread,
          .flops_low = timing.known() ? shape.flops() / timing.high : 0,
          .flops_high = timing.known() ? shape.flops() / timing.low : 0};
}

}  // namespace

std::vector<config::MeasuredGemm> measure_gemms(const config::ProbeSpec& spec,
                                                const c10::Device& device,
                                                const data::ProgressCallback& progress) {
  std::set<Shape> shapes;
  for (const config::ProbeEntry& entry : spec.entries) shapes.merge(shapes_of(entry));
  std::vector<config::MeasuredGemm> gemms;
  for (const at::ScalarType type : {at::kBFloat16, at::kFloat})
    for (const Shape& shape : shapes) {
      progress("multiply", static_cast<double>(gemms.size()),
               static_cast<double>(2 * shapes.size()), "shapes");
      gemms.push_back(measure_gemm(shape, type, device, spec));
    }
  return gemms;
}

}  // namespace repro::probe
