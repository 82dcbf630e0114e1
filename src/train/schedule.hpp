#pragma once
// The learning rate of each update. With t the number of updates already made, w the warmup and T
// all updates, as the Hugging Face trainer defines them (its first update has rate 0 when w > 0):
//
//   constant  min(t / w, 1)
//   cosine    min(t / w, e + (1 - e) (1 + cos(pi (t - w) / (T - w))) / 2)      e = end_ratio
//   wsd       t / w, then 1, then over the last D updates linearly from 1 towards e

#include <cstdint>

#include "config/job_spec.hpp"

namespace repro::train {

// w: `warmup` is a fraction of `total` updates, rounded up.
int64_t warmup_updates(const config::OptimizerSpec& spec, int64_t total);

// Rate of update `t`, 0 <= t < total.
double learning_rate(const config::OptimizerSpec& spec, int64_t t, int64_t total);

}  // namespace repro::train
