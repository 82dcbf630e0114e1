#pragma once
// The matrix products of one training step, and how fast this machine does just those: the ceiling
// that a step is compared with, measured in the same run.

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "bench/workloads.hpp"

namespace repro::bench {

// Median processor seconds of so many calls, after one that is not measured.
double median_seconds(int repetitions, const std::function<void()>& work);

// y (rows, out) = x (rows, in) w (out, in)^T, with its two backward products, `count` times a step.
struct Gemm {
  const char* part;
  int64_t rows, in, out, count;

  double flops() const {  // of all three products, all times
    return 6.0 * static_cast<double>(rows) * static_cast<double>(in) * static_cast<double>(out) *
           static_cast<double>(count);
  }
};

std::vector<Gemm> gemms_of(const Workload& workload);

// FLOP/s over the whole mix: all FLOPs by the sum of the processor seconds, each product's time
// being the median of `repetitions`, by LibTorch's library or by our own kernels, whichever is
// less. With forward_only y alone is made, a third of the FLOPs.
double gemm_rate(const std::vector<Gemm>& gemms, c10::ScalarType type, int repetitions,
                 bool forward_only = false);

}  // namespace repro::bench
